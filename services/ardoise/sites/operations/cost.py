"""What a change of the primary cost, told as soon as those answer who can tell, and never before. Pure."""

from dataclasses import replace

from ardoise.pb.sites_pb2 import ForcedFailover, SitesStatus
from ardoise.sites.guard import Held
from ardoise.sites.loss import decisions_lost, log_loss
from ardoise.sites.operations.record import Ended, Kind, Loss, Outcome, Record
from ardoise.sites.operations.seen import follows, report_of


def settle(record: Record, status: SitesStatus) -> Record:
    """With what can be told now of changes whose cost is not known yet."""
    return replace(record, history=tuple(_settled(one, record, status) for one in record.history))


def _settled(ended: Ended, record: Record, status: SitesStatus) -> Ended:
    loss = ended.loss
    if ended.outcome is not Outcome.MOVED or (loss.messages is not None and loss.decisions is not None):
        return ended
    if ended.kind is Kind.FORCED_FAILOVER:
        # `sites` of the region that was forced keeps this account itself.
        return (
            replace(ended, loss=_of_forced(status.forced, loss))
            if status.forced.request_id == ended.id
            else ended
        )
    loss = _decisions(_messages(loss, ended, status), ended, record, status)
    told = loss.messages is not None and loss.decisions is not None
    return replace(ended, loss=loss, before=None if told else ended.before)


def _of_forced(forced: ForcedFailover, loss: Loss) -> Loss:
    if forced.HasField("messages_lost"):
        intervals = tuple((one.epoch, one.first_sequence, one.last_sequence) for one in forced.lost)
        replayed = forced.messages_replayed
        loss = replace(loss, messages=forced.messages_lost, intervals=intervals, replayed=replayed)
    if forced.HasField("decisions_lost"):
        loss = replace(loss, decisions=forced.decisions_lost)
    return loss


def _messages(loss: Loss, ended: Ended, status: SitesStatus) -> Loss:
    truck = next((site.report for site in status.sites if not site.region), None)
    if loss.messages is not None or ended.before is None or truck is None or not truck.HasField("logs"):
        return loss
    # A log opened since is none that this could have lost: an epoch is its first instant.
    held = {
        log.epoch: Held(log.first_sequence, log.last_sequence)
        for log in truck.logs.logs
        if log.epoch <= ended.started_ms
    }
    mirrors = {epoch: Held(first, last) for epoch, first, last in ended.before.logs}
    found = log_loss(dict(ended.before.watermarks), mirrors, held)
    if found is None:
        return loss
    intervals = tuple((one.epoch, one.first, one.last) for one in found.lost)
    return replace(loss, messages=found.messages, intervals=intervals, replayed=found.replayed)


def _decisions(loss: Loss, ended: Ended, record: Record, status: SitesStatus) -> Loss:
    """Set aside of the old primary before it followed; where nothing was, it had nothing alone."""
    if loss.decisions is not None or not follows(status, ended.source, record.timeline):
        return loss
    rows = report_of(status, ended.source).stale_rows
    return replace(loss, decisions=decisions_lost(rows, ended.timeline_before, ended.started_ms))
