"""Writes one epoch into the database, each row once, however often anything dies.

The race is derived with an engine of its own, from the last checkpoint at or below the database's
watermark. There is no other place to keep: what the database says is written, is written. With the
database away it waits, holding a bounded number of rows; the log is not touched.

Each region has a recorder, and the one beside the primary writes. The other derives the same and
forgets what it sees written, so that it goes on within a moment once the primary is here; it writes
from afar where its neighbour has died.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable

import structlog
from nats.js.errors import NotFoundError
from sqlalchemy.exc import DataError

from ardoise.chassis.failpoints import failpoint
from ardoise.chassis.log import LogEntry, LogHole, LogReader
from ardoise.chassis.store import StoreUnavailable
from ardoise.chassis.telemetry import counter, gauge, histogram
from ardoise.positioning.checkpoints import Checkpoints
from ardoise.positioning.domain import Race
from ardoise.positioning.rows import Derived
from ardoise.positioning.store import RaceStore, Standing, Superseded
from ardoise.positioning.store_watch import StoreWatch

# A row is at most 150 bytes on its way: 6 MB a transaction.
BATCH_ROWS = 40_000
# Rows wait so long for others to share a commit with.
BATCH_WAIT_S = 0.2
# What is derived and not yet written: with the database away, deriving stops here.
PENDING_ROWS = 4 * BATCH_ROWS
CHECKPOINT_EVERY_MS = 30_000
# A recording played at a hundred times its speed has a checkpoint due every third of a second.
CHECKPOINT_EVERY_S = 10.0
LOG_RETRY_S = 2.0
# How soon a recorder that stands by sees that the primary has come to its region.
STANDBY_LOOK_S = 0.05
# The watermark stands still for so long although the log goes on: who should write is dead. A restart takes less.
STANDBY_PATIENCE_S = 5.0
# To the other region and back. It may be lost, and meanwhile the primary may come here.
ELSEWHERE_LIMIT_S = 1.0
LONGEST_TURN_S = 0.02

_log = structlog.get_logger(__name__)
_batches = counter("recorder.batches", "1", "Transactions committed.")
_rows = counter("recorder.rows", "1", "Rows committed, about.")
_poison = counter("recorder.poison", "1", "Messages that could not be derived: set aside.")
_superseded = counter("recorder.superseded", "1", "Batches that another recorder had written already.")
_watermark = gauge("recorder.watermark", "1", "Sequence up to which an epoch is written down.")
_standing_by = gauge(
    "recorder.standing_by", "1", "1: the neighbour's recorder writes the epoch; 0: this one."
)
_derived = gauge("recorder.derived", "1", "Sequence up to which an epoch is derived.")
_commit_s = histogram("recorder.commit_duration", "s", "From the begin of a transaction to its commit.")


class Rewound(Exception):
    """The database knows less than it did: a failover lost its newest commits. They are derived again."""


class EpochRecorder:
    """Writes one epoch. `written` is the watermark as last seen."""

    def __init__(
        self,
        reader: LogReader,
        store: RaceStore,
        checkpoints: Checkpoints,
        watch: StoreWatch,
        epoch: int,
    ) -> None:
        self._reader, self._store, self._checkpoints = reader, store, checkpoints
        self._watch = watch
        self.epoch = epoch
        self.written = 0
        self._here = False
        """The primary is in this region."""
        self._label = {"epoch": str(epoch)}
        self._pending: deque[Derived] = deque()
        self._pending_rows = 0
        self._changed = asyncio.Condition()
        self._checkpoint: tuple[int, bytes] | None = None
        """A state and its place, to be saved once everything up to there is written."""
        self._checkpointed_ms = 0
        self._checkpointed_s = 0.0

    @property
    def waiting_rows(self) -> int:
        """Rows that are derived and not written, about."""
        return self._pending_rows

    async def run(self) -> None:
        """Records for ever."""
        while True:
            self.written = (await self._standing()).watermark
            _watermark.set(self.written, self._label)
            self._pending.clear()
            self._pending_rows, self._checkpoint = 0, None
            race = await asyncio.to_thread(self._restored)
            _log.info("recording", epoch=self.epoch, written=self.written, derived=race.sequence)
            try:
                await _first_of(self._derive(race), self._write())
            except Rewound as error:
                _log.warning("watermark_rewound", epoch=self.epoch, error=str(error))
            except (LogHole, NotFoundError) as error:
                _log.error("log_not_readable", epoch=self.epoch, after=race.sequence, error=repr(error))
                await asyncio.sleep(LOG_RETRY_S)

    def _restored(self) -> Race:
        return next(self._checkpoints.races(self.epoch, at_most=self.written), Race(self.epoch))

    async def _derive(self, race: Race) -> None:
        self._checkpointed_ms = race.engine.log_time_ms if race.engine else 0
        closed_ms = race.closed.message.race_time_ms if race.closed else 0
        async for entries in self._reader.follow(self.epoch, race.sequence):
            began = time.monotonic()
            for entry in entries:
                derived = _apply(race, entry, closed_ms)
                if derived.applied is not None and derived.applied.snapshot is not None:
                    closed_ms = derived.applied.snapshot.race_time_ms
                if entry.sequence > self.written:
                    self._pending.append(derived)
                    self._pending_rows += derived.rows
                if self._pending_rows >= PENDING_ROWS or time.monotonic() - began > LONGEST_TURN_S:
                    self._remember(race)
                    await self._offer()
                    began = time.monotonic()
            self._remember(race)
            await self._offer()
            _derived.set(race.sequence, self._label)

    async def _offer(self) -> None:
        """Lets the writer have its turn; goes on once there is room for more rows."""
        async with self._changed:
            self._changed.notify_all()
            await self._changed.wait_for(lambda: self._pending_rows < PENDING_ROWS)
        await asyncio.sleep(0)

    def _remember(self, race: Race) -> None:
        now_ms = race.engine.log_time_ms if race.engine else 0
        due = now_ms - self._checkpointed_ms >= CHECKPOINT_EVERY_MS
        rested = time.monotonic() - self._checkpointed_s >= CHECKPOINT_EVERY_S
        if due and rested and self._checkpoint is None and (content := race.checkpoint()):
            self._checkpoint = (race.sequence, content)
            self._checkpointed_ms, self._checkpointed_s = now_ms, time.monotonic()

    async def _write(self) -> None:
        await self._until_ours()
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self._pending)
            batch = self._next_batch()
            is_full = len(batch) < len(self._pending)
            await self._write_batch(batch)
            async with self._changed:
                self._changed.notify_all()
            await self._save_checkpoint()
            if not is_full:
                await asyncio.sleep(BATCH_WAIT_S)

    async def _until_ours(self) -> None:
        """Returns when this recorder is to write; until then it follows the watermark. Raises Rewound."""
        self._here, moved_s = False, time.monotonic()
        while True:
            standing = await self._standing()
            if standing.primary_here:
                if await self._took_over(standing.watermark):
                    break
                moved_s = time.monotonic()
            elif standing.watermark > self.written:
                await self._follow(standing.watermark)
                moved_s = time.monotonic()
            elif not self._pending:
                moved_s = time.monotonic()
            elif time.monotonic() - moved_s > STANDBY_PATIENCE_S:
                if await self._neighbour_is_dead():
                    _log.warning("neighbour_stopped", epoch=self.epoch, written=self.written)
                    break
                moved_s = time.monotonic()
            _standing_by.set(1, self._label)
            await asyncio.sleep(STANDBY_LOOK_S)
        _standing_by.set(0, self._label)

    async def _took_over(self, written: int) -> bool:
        """Goes on from the watermark of the region's own server, the primary; False: no longer. Raises Rewound."""
        try:
            # 0: it may have no row to step yet.
            written = written or await self._store.watermark(self.epoch, here=True)
        except StoreUnavailable as error:
            self._watch.away(error)
            return False
        self._here = True
        await self._follow(written)
        return True

    async def _neighbour_is_dead(self) -> bool:
        """Whether the primary can be reached from here and stands still too. Raises Rewound."""
        try:
            async with asyncio.timeout(ELSEWHERE_LIMIT_S):
                written = await self._store.watermark(self.epoch)
        except (StoreUnavailable, TimeoutError) as error:
            _log.info("primary_not_reached", epoch=self.epoch, error=repr(error))
            return False
        stands_still = written <= self.written
        await self._follow(written)
        return stands_still

    async def _follow(self, written: int) -> None:
        async with self._changed:
            self._acknowledge(written)
            self._changed.notify_all()
        await self._save_checkpoint()

    def _next_batch(self) -> list[Derived]:
        batch, rows = [], 0
        for derived in self._pending:
            if batch and rows + derived.rows > BATCH_ROWS:
                break
            batch.append(derived)
            rows += derived.rows
        return batch

    async def _write_batch(self, batch: list[Derived]) -> None:
        """Returns when the database has the batch, from us or from another."""
        last = batch[-1].entry.sequence
        began = time.monotonic()
        try:
            await self._store.write(self.epoch, self.written, batch, here=self._here)
        except (OverflowError, DataError) as error:
            await self._set_aside(batch, error)
            return
        except Superseded:
            _superseded.add(1)
            await self._until_ours()
            return
        except StoreUnavailable as error:
            self._watch.away(error)
            # The commit may have been the last thing that came through: the watermark knows.
            await self._until_ours()
            return
        _commit_s.record(time.monotonic() - began)
        _batches.add(1)
        _rows.add(sum(derived.rows for derived in batch))
        self._watch.answered()
        self._acknowledge(last)

    def _acknowledge(self, written: int) -> None:
        """Everything up to `written` is in the database: forget it here. Raises Rewound."""
        failpoint("before_acknowledge")
        if written < self.written:
            raise Rewound(f"at {written}, was at {self.written}")
        while self._pending and self._pending[0].entry.sequence <= written:
            self._pending_rows -= self._pending.popleft().rows
        self.written = written
        _watermark.set(written, self._label)
        failpoint("after_acknowledge")

    async def _set_aside(self, batch: list[Derived], error: Exception) -> None:
        """One of these makes a row that no table holds: finds it, and writes that it was set aside."""
        if len(batch) > 1:
            for derived in batch:
                # Again while the database is away: the next one may not go before it.
                while derived.entry.sequence > self.written:
                    await self._write_batch([derived])
            return
        (poison,) = batch
        if poison.applied is None:
            raise error
        _set_aside_message(self.epoch, poison.entry, error)
        await self._write_batch([Derived(poison.entry, poison.log_time_ms, None)])

    async def _save_checkpoint(self) -> None:
        if self._checkpoint is None or self._checkpoint[0] > self.written:
            return
        (sequence, content), self._checkpoint = self._checkpoint, None
        failpoint("before_checkpoint")
        try:
            await asyncio.to_thread(self._checkpoints.save, self.epoch, sequence, content)
        except OSError as error:
            # Recording goes on without: a restart then reads more of the log.
            _log.error("checkpoint_not_saved", epoch=self.epoch, sequence=sequence, error=repr(error))
        failpoint("after_checkpoint")

    async def _standing(self) -> Standing:
        return await self._watch.until_available(lambda: self._store.standing(self.epoch))


def _apply(race: Race, entry: LogEntry, closed_ms: int) -> Derived:
    """`closed_ms`: race time of the snapshot before this entry."""
    try:
        applied = race.apply(entry)
    except Exception as error:  # whatever a message does to the engine, the ones behind it are not to blame
        _set_aside_message(race.epoch, entry, error)
        return Derived(entry, _log_time_ms(race, entry), None)
    snapshot = applied.snapshot
    opens_second = snapshot is not None and snapshot.race_time_ms // 1000 > closed_ms // 1000
    return Derived(entry, _log_time_ms(race, entry), applied, opens_second)


def _log_time_ms(race: Race, entry: LogEntry) -> int:
    if race.engine is not None:
        return race.engine.log_time_ms
    return entry.record.log_time_ms if entry.record else 0


def _set_aside_message(epoch: int, entry: LogEntry, error: Exception) -> None:
    _poison.add(1)
    _log.error("message_set_aside", epoch=epoch, sequence=entry.sequence, error=repr(error))


async def _first_of(*coroutines: Awaitable[None]) -> None:
    """Runs them together until the first ends or fails; then the others are cancelled."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
