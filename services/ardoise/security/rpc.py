"""SecurityService: alerts to people, and their word that they have seen to one."""

import asyncio
import re
import time
from collections.abc import AsyncIterator

import grpc
import structlog

from ardoise.chassis.rpc import Caller, Failure, Reason, Role, Servicer, caller
from ardoise.chassis.watching import WatchLimit
from ardoise.pb import common_pb2, security_pb2, security_pb2_grpc
from ardoise.security.acknowledgements import AcknowledgementStore, InDoubt, NotKept
from ardoise.security.domain.alert import Acknowledgement, KeptAt
from ardoise.security.domain.book import Entry
from ardoise.security.domain.observation import clean
from ardoise.security.domain.outgoing import OutboxEntry
from ardoise.security.monitor import Monitor

DEFAULT_PAGE = 50
MOST_PER_PAGE = 200
HEARTBEAT_S = 5.0
# A flood makes an alert grow hundreds of times a second; nobody reads faster than this.
PACE_S = 0.2
MOST_WATCHERS = 100
MOST_NOTE_CHARACTERS = 500
MOST_ID_CHARACTERS = 100
RETRY_AFTER_MS = 5_000
ON_BEHALF_OF = "ardoise-on-behalf-of"

# The media wall reads as itself and decides for signed-in people, whom it names.
_READERS = frozenset({Role.SECURITY, Role.RACE_OPERATIONS, Role.SERVICE})
POLICY = {
    "ListAlerts": _READERS,
    "WatchAlerts": _READERS,
    "ListOutbox": _READERS,
    "Acknowledge": frozenset({Role.SECURITY, Role.SERVICE}),
}

_PAGE_TOKEN = re.compile(r"(all|open|outbox)-(\d{1,18})")
_NAME = re.compile(r"[\w.@+-]{1,100}")
_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,100}")
_log = structlog.get_logger(__name__)


class SecurityService(security_pb2_grpc.SecurityServiceServicer):
    """The contract of proto/ardoise/v1/security.proto."""

    def __init__(self, monitor: Monitor, store: AcknowledgementStore) -> None:
        self._monitor = monitor
        self._store = store
        self._places = WatchLimit(MOST_WATCHERS, RETRY_AFTER_MS)
        self._draining = False
        # Revisions count from the start of this process: this tells a token of another one, or of another site.
        self._epoch = time.time_ns() // 1_000_000

    def servicer(self) -> Servicer:
        """Itself with who may call what."""
        add = security_pb2_grpc.add_SecurityServiceServicer_to_server
        return Servicer(self, add, "ardoise.v1.SecurityService", POLICY)

    async def drain(self) -> None:
        """Ends the watches, which would else last for ever."""
        self._draining = True
        self._monitor.changes.set(self._monitor.book.revision)

    async def ListAlerts(
        self, request: security_pb2.ListAlertsRequest, context: grpc.aio.ServicerContext
    ) -> security_pb2.ListAlertsResponse:
        """Newest first. A page token is good for a list with the same filter."""
        kind = "open" if request.open_only else "all"
        before = _before(request.page_token, kind) if request.page_token else None
        size = min(request.page_size or DEFAULT_PAGE, MOST_PER_PAGE)
        entries = self._monitor.book.page(size + 1, before, open_only=request.open_only)
        page = entries[:size]
        token = f"{kind}-{page[-1].number}" if len(entries) > size else ""
        return security_pb2.ListAlertsResponse(alerts=map(_message, page), next_page_token=token)

    async def WatchAlerts(
        self, request: security_pb2.WatchAlertsRequest, context: grpc.aio.ServicerContext
    ) -> AsyncIterator[security_pb2.WatchAlertsResponse]:
        """Open alerts, then each change as it is when it is sent: a slow reader skips what came between."""
        with self._places.place():
            async for response in self._watch(request):
                yield response

    async def _watch(
        self, request: security_pb2.WatchAlertsRequest
    ) -> AsyncIterator[security_pb2.WatchAlertsResponse]:
        book, changes = self._monitor.book, self._monitor.changes
        version, revision = changes.version, book.revision
        if not request.HasField("after"):
            entries = book.open_alerts()
        else:
            # Of another process's revisions nothing is known: everything is told, which hurts nobody.
            known = request.after.sequence if request.after.epoch == self._epoch else 0
            entries = book.changed_since(known)
        while not self._draining:
            for told, entry in [(entry.revision, entry) for entry in entries]:
                yield self._response(told, alert=_message(entry))
            if await changes.next(version, HEARTBEAT_S) is None:
                entries = []
                beat = security_pb2.AlertHeartbeat(time_ms=time.time_ns() // 1_000_000)
                yield self._response(revision, heartbeat=beat)
                continue
            await asyncio.sleep(PACE_S)
            version = changes.version
            entries, revision = book.changed_since(revision), book.revision
        raise Failure(Reason.ERROR_REASON_DRAINING, "security stops", retry_after_ms=RETRY_AFTER_MS)

    def _response(self, revision: int, **update) -> security_pb2.WatchAlertsResponse:
        resume = common_pb2.ResumeToken(epoch=self._epoch, sequence=revision)
        kept_at = int(self._monitor.kept_at)
        return security_pb2.WatchAlertsResponse(resume=resume, kept_at=kept_at, **update)

    async def ListOutbox(
        self, request: security_pb2.ListOutboxRequest, context: grpc.aio.ServicerContext
    ) -> security_pb2.ListOutboxResponse:
        """Newest first."""
        before = _before(request.page_token, "outbox") if request.page_token else None
        size = min(request.page_size or DEFAULT_PAGE, MOST_PER_PAGE)
        try:
            entries = await self._store.outgoing(size + 1, before)
        except (NotKept, InDoubt) as error:
            raise Failure(
                Reason.ERROR_REASON_STORE_UNAVAILABLE, str(error), retry_after_ms=RETRY_AFTER_MS
            ) from error
        page = entries[:size]
        token = f"outbox-{page[-1].number}" if len(entries) > size else ""
        return security_pb2.ListOutboxResponse(entries=map(_entry, page), next_page_token=token)

    async def Acknowledge(
        self, request: security_pb2.AcknowledgeRequest, context: grpc.aio.ServicerContext
    ) -> security_pb2.AcknowledgeResponse:
        """Kept before it is answered; DECISION_IN_DOUBT where that is not certain: ask again with the same id."""
        who = caller(context)
        audit = _log.bind(
            audit=True,
            via=who.name,
            request_id=clean(request.request_id, MOST_ID_CHARACTERS),
            alert_id=clean(request.alert_id, MOST_ID_CHARACTERS),
        )
        try:
            kept, kept_at, entry = await self._keep(request, _author(who, context))
        except Failure as failure:
            audit.warning("alert_not_acknowledged", reason=failure.reason_name, detail=failure.message)
            raise
        alert = entry.alert
        audit.info(
            "alert_acknowledged",
            author=kept.author,
            note=kept.note,
            rule=alert.rule,
            subject=alert.subject,
            kept_at=kept_at.name.lower(),
        )
        stands = self._monitor.acknowledged(kept) or entry
        return security_pb2.AcknowledgeResponse(alert=_message(stands), kept_at=int(kept_at))

    async def _keep(
        self, request: security_pb2.AcknowledgeRequest, author: str
    ) -> tuple[Acknowledgement, KeptAt, Entry]:
        if not _REQUEST_ID.fullmatch(request.request_id):
            raise _field("request_id", "1 to 100 printable ASCII characters, another for each decision")
        if len(request.note) > MOST_NOTE_CHARACTERS:
            raise _field("note", f"at most {MOST_NOTE_CHARACTERS} characters")
        entry = self._monitor.book.get(request.alert_id)
        if entry is None:
            raise Failure(Reason.ERROR_REASON_NOT_FOUND, "no alert with this id")
        now_ms = time.time_ns() // 1_000_000
        wanted = Acknowledgement(
            request.request_id, request.alert_id, author, request.note, entry.alert.severity, now_ms
        )
        try:
            kept, kept_at = await self._store.acknowledge(entry.alert, wanted)
        except NotKept as error:
            raise Failure(
                Reason.ERROR_REASON_STORE_UNAVAILABLE,
                f"not acknowledged by this call: {error}",
                retry_after_ms=RETRY_AFTER_MS,
            ) from error
        except InDoubt as error:
            raise Failure(
                Reason.ERROR_REASON_DECISION_IN_DOUBT,
                f"in doubt, {error}; ask again with the same request_id: it stays one decision",
                retry_after_ms=RETRY_AFTER_MS,
                request_id=request.request_id,
            ) from error
        if (kept.alert_id, kept.author) != (wanted.alert_id, wanted.author):
            raise _field("request_id", "was used before, for another alert or by somebody else")
        return kept, kept_at, entry


def _author(who: Caller, context: grpc.aio.ServicerContext) -> str:
    """Who decides: the holder of the certificate, or the person for whom the media wall acts."""
    named = [value for key, value in context.invocation_metadata() or () if key == ON_BEHALF_OF]
    # The policy keeps race operations out: who comes here as such comes over a port that is open to everybody.
    plaintext = who.role is Role.RACE_OPERATIONS
    if who.role is Role.SECURITY or (plaintext and not named):
        if named:
            raise Failure(Reason.ERROR_REASON_ROLE_MISSING, f"{ON_BEHALF_OF} is for services", role=who.role)
        return who.name
    if who != Caller("mediawall", Role.SERVICE) and not plaintext:
        raise Failure(Reason.ERROR_REASON_ROLE_MISSING, f"{who.name} acts for nobody", role=who.role)
    if len(named) != 1 or not isinstance(named[0], str) or not _NAME.fullmatch(named[0]):
        raise _field(ON_BEHALF_OF, "name the one person who decides: 1 to 100 letters, digits or . @ + - _")
    return named[0]


def _before(token: str, kind: str) -> int:
    found = _PAGE_TOKEN.fullmatch(token)
    if found is None or found[1] != kind:
        raise Failure(Reason.ERROR_REASON_PAGE_TOKEN_INVALID, "this page token belongs to another request")
    return int(found[2])


def _field(name: str, what: str) -> Failure:
    return Failure(Reason.ERROR_REASON_FIELD_INVALID, f"{name}: {what}", field=name)


def _message(entry: Entry) -> security_pb2.Alert:
    alert, seen_to = entry.alert, None if entry.open else entry.acknowledgement
    return security_pb2.Alert(
        alert_id=alert.alert_id,
        rule=alert.rule,
        subject=alert.subject,
        severity=int(alert.severity),
        title=alert.title,
        action=alert.action,
        evidence=[security_pb2.Evidence(**piece._asdict()) for piece in alert.evidence],
        count=alert.count,
        first_seen_ms=alert.first_seen_ms,
        last_seen_ms=alert.last_seen_ms,
        epoch=alert.epoch,
        sequence=alert.sequence,
        acknowledged_by=seen_to.author if seen_to else "",
        acknowledged_ms=seen_to.time_ms if seen_to else None,
    )


def _entry(entry: OutboxEntry) -> security_pb2.OutboxEntry:
    fields = entry._asdict()
    del fields["number"]
    return security_pb2.OutboxEntry(**{**fields, "state": int(entry.state)})
