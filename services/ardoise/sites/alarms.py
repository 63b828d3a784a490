"""What security has to hear of the logs, from what the sites say of themselves. Pure."""

from collections.abc import Iterator, Mapping

from ardoise.chassis.log import STREAM_PREFIX
from ardoise.pb.race_pb2 import OddityKind, OddityRecord
from ardoise.pb.sites_pb2 import SiteReport
from ardoise.sites.mirrors import MirrorState

FILLING_PERCENT = 75
"""At ingest's own bound of 16 GiB the last quarter takes days of a race; a tighter bound is what this is for."""


def oddities(reports: Mapping[str, SiteReport], edge: str, now_ms: int) -> Iterator[OddityRecord]:
    """Each has one id for as long as it is so, at every site."""
    truck = reports.get(edge, SiteReport())
    for log in truck.logs.logs:
        if log.max_bytes > 0 and log.bytes * 100 >= log.max_bytes * FILLING_PERCENT:
            yield OddityRecord(
                oddity_id=f"{log.epoch}-filling",
                kind=OddityKind.ODDITY_KIND_LOG_FILLING,
                time_ms=now_ms,
                relay_id="sites",
                epoch=log.epoch,
                sequence=log.last_sequence,
            )
    epochs = {log.epoch for report in reports.values() for log in report.logs.logs}
    given_up = {
        int(mirror.stream.removeprefix(STREAM_PREFIX))
        for report in reports.values()
        for mirror in report.mirrors
        if mirror.state == MirrorState.SUCCEEDED
    }
    for epoch in sorted(given_up):
        later = [other for other in epochs if other > epoch]
        yield OddityRecord(
            oddity_id=f"{epoch}-given-up",
            kind=OddityKind.ODDITY_KIND_LOG_GIVEN_UP,
            # An epoch is the instant in which it was opened: the same at every site, and after a restart.
            time_ms=min(later, default=now_ms),
            relay_id="sites",
            epoch=epoch,
        )
