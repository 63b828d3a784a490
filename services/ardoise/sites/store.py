"""What the region's own server of the database says of how far each log is written down; and forced failovers."""

import asyncio
from datetime import UTC, datetime

import structlog
from google.protobuf import json_format
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import ProgrammingError

from ardoise.chassis import tables
from ardoise.chassis.store import Store, StoreUnavailable
from ardoise.chassis.tables import Watermark
from ardoise.pb.sites_pb2 import ForcedFailover, WatermarksReport, WritePause

ASK_LIMIT_S = 1.5
_KEPT_FROM = text(
    # Not from where a slot is: Patroni drops that of a member that is away and makes another at the newest checkpoint,
    # and wal_keep_size keeps more. Segments of all timelines go together.
    "SELECT slot_name, (SELECT min((pg_split_walfile_name(name)).segment_number)"
    " * pg_size_bytes(current_setting('wal_segment_size')) FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$')::bigint"
    " FROM pg_replication_slots WHERE NOT active AND NOT pg_is_in_recovery()"
)
_GRANT = "GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_waldir() TO ardoise"
PAUSE_MS = 1_500
"""Longer than from one look to the next, with what is written meanwhile: less may be none."""
AFTERMATH_MS = 15_000
"""So long after a pause a shorter one does not take its place: whoever becomes primary catches up in bursts."""

_log = structlog.get_logger(__name__)


class Pauses:
    """Times in which nothing was written, from when the newest write was, look after look."""

    def __init__(self) -> None:
        self._last_ms = 0
        self.newest: WritePause | None = None

    def saw(self, written_ms: int) -> None:
        """`written_ms`: when the newest write was; 0: there is none."""
        paused_ms, before = written_ms - self._last_ms, self.newest
        if self._last_ms and paused_ms > PAUSE_MS:
            recent = before is not None and self._last_ms - before.to_ms < AFTERMATH_MS
            if not (recent and before.to_ms - before.from_ms > paused_ms):
                self.newest = WritePause(from_ms=self._last_ms, to_ms=written_ms)
        self._last_ms = written_ms or self._last_ms


class SitesStore:
    """Watermarks from the region's own server, standby or primary; what is written goes to the primary."""

    def __init__(self, url: str) -> None:
        """`url`: of libpq; its first host is the region's own."""
        self._primary = Store(url, "sites")
        self._near = self._primary.nearest()
        self._pauses = Pauses()
        self._may_see_wal = True

    async def report(self) -> WatermarksReport | None:
        """None: it does not answer in time, or has no tables yet."""
        try:
            async with asyncio.timeout(ASK_LIMIT_S), self._near.transaction() as connection:
                marks = select(Watermark.epoch, Watermark.sequence, Watermark.written)
                rows = (await connection.execute(marks)).all()
        except (StoreUnavailable, TimeoutError):
            return None
        report = WatermarksReport()
        for epoch, sequence, _ in rows:
            report.watermarks.add(epoch=epoch, sequence=sequence)
        self._pauses.saw(max((round(written.timestamp() * 1000) for *_, written in rows), default=0))
        if self._pauses.newest is not None:
            report.pause.CopyFrom(self._pauses.newest)
        return report

    async def kept_from(self) -> dict[str, int]:
        """From which position on the region's own server has WAL for those who do not take it now, by slot; empty: it
        is no primary, or does not answer in time."""
        try:
            async with asyncio.timeout(ASK_LIMIT_S), self._near.transaction() as connection:
                return dict((await connection.execute(_KEPT_FROM)).all())
        except (StoreUnavailable, TimeoutError):
            return {}
        except ProgrammingError as error:
            # A database that is older than this grants it to nobody: no standby is copied anew then.
            if self._may_see_wal:
                _log.warning("kept_wal_unknown", mend=_GRANT, error=str(error.orig))
            self._may_see_wal = False
            return {}

    async def record(self, forced: ForcedFailover) -> bool:
        """Writes the operation down as it is now; False: no primary takes it in time."""
        row = _row(forced)
        statement = insert(tables.ForcedFailover).values(row)
        statement = statement.on_conflict_do_update(index_elements=["request_id"], set_=row)
        try:
            async with asyncio.timeout(ASK_LIMIT_S), self._primary.transaction() as connection:
                await connection.execute(statement)
        except (StoreUnavailable, TimeoutError):
            return False
        return True

    async def close(self) -> None:
        """Closes the sessions."""
        await self._near.close()
        await self._primary.close()


def _row(forced: ForcedFailover) -> dict[str, object]:
    def known(field: str) -> int | None:
        return getattr(forced, field) if forced.HasField(field) else None

    return {
        "request_id": forced.request_id,
        "region": forced.region,
        "author": forced.author,
        "accepted_loss": forced.accepted_loss,
        "begun": _instant(forced.begun_ms),
        "promoted": _instant(forced.promoted_ms),
        "messages_lost": known("messages_lost"),
        "lost": [[one.epoch, one.first_sequence, one.last_sequence] for one in forced.lost],
        "messages_replayed": known("messages_replayed"),
        "decisions_lost": known("decisions_lost"),
        "operation": json_format.MessageToDict(forced, preserving_proto_field_name=True),
    }


def _instant(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)
