"""The one way into the log: epochs, heartbeats, acknowledgements, the high-water mark.

A record is acknowledged when nats-server has it on its disk and the mark beside it has been raised, several at a
time (group commit). Everything here runs on the event loop of ingest; there is no second writer.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from nats.js.api import DiscardPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

from ardoise.chassis.bus import Bus
from ardoise.chassis.log import LogReader, stream_of
from ardoise.chassis.rpc import Failure, Reason
from ardoise.chassis.telemetry import counter
from ardoise.ingest.domain.decisions import DecisionLog
from ardoise.ingest.high_water import HighWaterMarks
from ardoise.ingest.publisher import LOG_AWAY_RETRY_MS, Publisher
from ardoise.pb.common_pb2 import ResumeToken
from ardoise.pb.control_pb2 import RecordedDecision
from ardoise.pb.log_pb2 import EpochActivated, EpochCause, EpochOpened, Heartbeat, LogRecord, LostInterval
from ardoise.pb.setup_pb2 import ClockSource, StageSetup

# Ticks close at the first record past them; four a second keep a fix's way to the screen short.
HEARTBEAT_S = 0.25
# A record of the tick's own millisecond does not close it; the next record would be a quarter of a second away.
PAST_TICK_S = 0.002

_log = structlog.get_logger(__name__)
_appended = counter("log.records", "1", "Records that the log has, by kind.")


@dataclass
class Epoch:
    """One open log."""

    epoch: int
    setup: StageSetup
    decisions: DecisionLog
    activated_ms: int | None = None
    log_time_ms: int = 0
    trackers: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        self.know_trackers()

    def know_trackers(self) -> None:
        """Brings the set of trackers up to date with set-up and assignments by race control."""
        known = {assignment.tracker for assignment in self.setup.assignments}
        for decision in self.decisions.in_force():
            if decision.WhichOneof("action") == "assign":
                known.add(decision.assign.tracker)
        self.trackers = frozenset(known)


class LogWriter:
    """Ingest's hold on the log. recover() first; then append from any task; run() beats and commits."""

    def __init__(self, bus: Bus, marks: HighWaterMarks, *, log_max_bytes: int) -> None:
        self._bus = bus
        self._publisher = Publisher(bus)
        self._marks = marks
        self._log_max_bytes = log_max_bytes
        self._commits: asyncio.Queue[tuple[int, int, asyncio.Future[None]]] = asyncio.Queue()
        self._acknowledged: dict[int, int] = {}
        self.epochs: dict[int, Epoch] = {}
        self.active: Epoch | None = None
        self.activated = asyncio.Event()
        # A recording's own clock, while one is being taken in; see racecentre/clock.py.
        self.feed_now_ms: Callable[[], int] | None = None

    async def recover(self) -> None:
        """Reads what the logs hold, and opens a successor for each that starts below its high-water mark."""
        reader = LogReader(self._bus)
        present = await reader.epochs()
        for epoch in present:
            await self._read_epoch(reader, epoch)
        for epoch in self._marks.epochs():
            mark = self._marks.read(epoch)
            last = await reader.last_sequence(epoch) if epoch in present else 0
            if last < mark:
                await self._succeed(epoch, last, mark)
        live = [entry for entry in self.epochs.values() if entry.activated_ms is not None]
        self.active = max(live, key=lambda entry: (entry.activated_ms, entry.epoch), default=None)
        if self.active is not None:
            self.activated.set()
        _log.info("log_recovered", epochs=sorted(self.epochs), active=self.active and self.active.epoch)

    async def open_epoch(
        self,
        setup: StageSetup,
        *,
        cause: EpochCause = EpochCause.EPOCH_CAUSE_STAGE_LOADED,
        lost: LostInterval | None = None,
    ) -> Epoch:
        """Makes a log for a stage: message 1 names its predecessor, message 2 is the set-up."""
        previous = ResumeToken(epoch=max(self.epochs, default=0))
        previous.sequence = self.acknowledged(previous.epoch)
        if lost is not None:
            previous = ResumeToken(epoch=lost.epoch, sequence=lost.first_sequence - 1)
        epoch = max(time.time_ns() // 1_000_000, max([*self.epochs, previous.epoch]) + 1)
        opened = EpochOpened(
            epoch=epoch, cause=cause, lost=lost, previous=previous if previous.epoch else None
        )
        await self._bus.ensure_stream(
            StreamConfig(
                name=stream_of(epoch),
                subjects=[f"log.{epoch}.>"],
                storage=StorageType.FILE,
                discard=DiscardPolicy.NEW,
                max_bytes=self._log_max_bytes,
                deny_delete=True,
                deny_purge=True,
                allow_direct=True,
            )
        )
        self._marks.open(epoch, setup)
        entry = Epoch(epoch, setup, DecisionLog(frozenset(rider.bib for rider in setup.riders)))
        self.epochs[epoch] = entry
        await self.append(entry, "opened", LogRecord(epoch_opened=opened))
        await self.append(entry, "setup", LogRecord(stage_setup=setup))
        _log.info("epoch_opened", epoch=epoch, stage=setup.stage_id, cause=EpochCause.Name(cause))
        return entry

    async def activate(self, entry: Epoch) -> ResumeToken:
        """Makes the epoch the one that relays feed."""
        before_ms = max((other.activated_ms or 0 for other in self.epochs.values()), default=0)
        activated_ms = max(time.time_ns() // 1_000_000, before_ms + 1)
        record = LogRecord(epoch_activated=EpochActivated(activated_ms=activated_ms))
        sequence = await self.append(entry, "activated", record)
        entry.activated_ms = activated_ms
        self.active = entry
        self.activated.set()
        _log.info("stage_activated", epoch=entry.epoch, stage=entry.setup.stage_id)
        return ResumeToken(epoch=entry.epoch, sequence=sequence)

    def acknowledged(self, epoch: int) -> int:
        """The highest sequence of the epoch that has been acknowledged."""
        return self._acknowledged.get(epoch, 0)

    def live(self) -> Epoch:
        """The active epoch. Raises Failure(NO_ACTIVE_STAGE)."""
        if self.active is None:
            raise Failure(
                Reason.ERROR_REASON_NO_ACTIVE_STAGE,
                "no stage is active: load one and activate it (ardoise stage load)",
                retry_after_ms=LOG_AWAY_RETRY_MS,
            )
        return self.active

    def now_ms(self, entry: Epoch) -> int:
        """The clock of the epoch: the machine's, or the feed's own; never backwards."""
        if entry.setup.clock_source == ClockSource.CLOCK_SOURCE_FEED:
            now = self.feed_now_ms() if self.feed_now_ms is not None else 0
        else:
            now = time.time_ns() // 1_000_000
        entry.log_time_ms = max(entry.log_time_ms, now)
        return entry.log_time_ms

    async def append(self, entry: Epoch, kind: str, record: LogRecord) -> int:
        """Writes one record; returns its sequence once it is acknowledged for good.

        Raises Failure: LOG_FULL at the log's bound, LOG_UNAVAILABLE where nats-server does not answer in time
        (the record may still come to stand in the log; whoever sends it again is de-duplicated downstream).
        """
        record.log_time_ms = self.now_ms(entry)
        sequence = await self._publisher.publish(
            stream_of(entry.epoch), f"log.{entry.epoch}.{kind}", record.SerializeToString()
        )
        committed = asyncio.get_running_loop().create_future()
        self._commits.put_nowait((entry.epoch, sequence, committed))
        await committed
        _appended.add(1, {"kind": kind.partition(".")[0]})
        return sequence

    async def commit_forever(self) -> None:
        """Raises the marks of what has been published, as many at a time as have come, then acknowledges."""
        while True:
            waiting = [await self._commits.get()]
            while not self._commits.empty():
                waiting.append(self._commits.get_nowait())
            highest: dict[int, int] = {}
            for epoch, sequence, _ in waiting:
                highest[epoch] = max(highest.get(epoch, 0), sequence)
            for epoch, sequence in highest.items():
                self._acknowledged[epoch] = max(self._acknowledged.get(epoch, 0), sequence)
                await self._marks.raise_to(epoch, self._acknowledged[epoch])
            for _, _, committed in waiting:
                if not committed.done():
                    committed.set_result(None)

    async def beat_forever(self) -> None:
        """Writes a heartbeat whenever a quarter of a second of the active log's clock has passed."""
        last_ms = 0
        while True:
            await asyncio.sleep(until_beat_s(time.time()))
            entry = self.active
            if entry is None or (now_ms := self.now_ms(entry)) == last_ms:
                continue
            last_ms = now_ms
            try:
                await self.append(entry, "beat", LogRecord(heartbeat=Heartbeat()))
            except Failure as failure:
                _log.warning("heartbeat_not_written", reason=failure.reason_name)

    async def _read_epoch(self, reader: LogReader, epoch: int) -> None:
        """What ingest must know of a log that is there: set-up, decisions, activation, its newest time."""
        try:
            first = await reader.get(epoch, 2)
        except NotFoundError:
            # Killed between making the stream and writing its set-up: nobody was told of this epoch.
            _log.warning("epoch_without_setup", epoch=epoch)
            return
        setup = first.record.stage_setup
        entry = Epoch(epoch, setup, DecisionLog(frozenset(rider.bib for rider in setup.riders)))
        for found in await reader.by_subject(epoch, f"log.{epoch}.decision"):
            position = ResumeToken(epoch=epoch, sequence=found.sequence)
            entry.decisions.add(RecordedDecision(decision=found.record.decision, position=position))
        for found in await reader.by_subject(epoch, f"log.{epoch}.activated"):
            entry.activated_ms = found.record.epoch_activated.activated_ms
        last = await reader.last_sequence(epoch)
        newest = (await reader.get(epoch, last)).record
        entry.log_time_ms = newest.log_time_ms if newest else 0
        entry.know_trackers()
        self._marks.open(epoch, setup)
        self._acknowledged[epoch] = last
        self.epochs[epoch] = entry

    async def _succeed(self, epoch: int, last: int, mark: int) -> None:
        """Opens the successor of a log that lost its tail, says what is gone, and carries the decisions over."""
        old = self.epochs.pop(epoch, None)
        setup = old.setup if old else self._marks.set_up(epoch)
        lost = LostInterval(epoch=epoch, first_sequence=last + 1, last_sequence=mark)
        _log.error("log_tail_lost", epoch=epoch, first_sequence=last + 1, last_sequence=mark)
        entry = await self.open_epoch(setup, cause=EpochCause.EPOCH_CAUSE_LOSS, lost=lost)
        if old:
            for recorded in old.decisions.recorded.values():
                await self.append(entry, "decision", LogRecord(decision=recorded.decision))
                entry.decisions.add(recorded)
            entry.know_trackers()
        if old is None or old.activated_ms is not None:
            await self.activate(entry)
        self._marks.retire(epoch)


def until_beat_s(now_s: float) -> float:
    """From this instant until the next heartbeat is due: just past a quarter of a second."""
    return HEARTBEAT_S - (now_s - PAST_TICK_S) % HEARTBEAT_S
