"""The one way into the log: epochs, heartbeats, acknowledgements, the high-water mark.

A record is acknowledged when nats-server has it on its disk and the mark beside it has been raised, several at a
time (group commit). Everything here runs on the event loop of ingest; there is no second writer.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import nats.errors
import structlog
from nats.js.api import DiscardPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, NotFoundError

from ardoise.chassis import steady_clock
from ardoise.chassis.bus import Bus
from ardoise.chassis.log import stream_of
from ardoise.chassis.mirror import created_of
from ardoise.chassis.rpc import Failure, Reason
from ardoise.chassis.telemetry import counter
from ardoise.ingest.domain.decisions import DecisionLog
from ardoise.ingest.high_water import HighWaterMarks
from ardoise.ingest.publisher import LOG_AWAY_RETRY_MS, Publisher, unavailable
from ardoise.pb.common_pb2 import ResumeToken
from ardoise.pb.control_pb2 import RecordWeatherResponse
from ardoise.pb.log_pb2 import EpochActivated, EpochCause, EpochOpened, Heartbeat, LogRecord, LostInterval
from ardoise.pb.setup_pb2 import ClockSource, StageSetup
from ardoise.pb.weather_pb2 import WeatherReport

# Ticks close at the first record past them; four a second keep a fix's way to the screen short.
HEARTBEAT_S = 0.25
# A record of the tick's own millisecond does not close it; the next record would be a quarter of a second away.
PAST_TICK_S = 0.002

_log = structlog.get_logger(__name__)
_appended = counter("log.records", "1", "Records that the log has, by kind.")


class LogBroken(Exception):
    """The log is not the one any more that was acknowledged. Ingest ends, and looks anew at what there is."""


@dataclass
class Epoch:
    """One open log."""

    epoch: int
    setup: StageSetup
    created: str
    """Of its stream: another one under the same name is another log."""
    activated_ms: int | None = None
    log_time_ms: int = 0
    decisions: DecisionLog = field(init=False)
    trackers: frozenset[int] = field(init=False)
    weather: dict[str, RecordWeatherResponse] = field(default_factory=dict)
    """The reports that stand in it, by id, in log order."""

    def __post_init__(self) -> None:
        self.decisions = DecisionLog(frozenset(rider.bib for rider in self.setup.riders))
        self.know_trackers()

    def know_trackers(self) -> None:
        """Brings the set of trackers up to date with set-up and assignments by race control."""
        known = {assignment.tracker for assignment in self.setup.assignments}
        for decision in self.decisions.in_force():
            if decision.WhichOneof("action") == "assign":
                known.add(decision.assign.tracker)
        self.trackers = frozenset(known)


class LogWriter:
    """Ingest's hold on the log. recovery.py first; then append from any task; the two ..._forever beside it."""

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

    def adopt(self, entry: Epoch, last: int) -> None:
        """Goes on with a log that is there and whole up to `last`."""
        self._marks.open(entry.epoch, entry.setup)
        self._acknowledged[entry.epoch] = last
        self.epochs[entry.epoch] = entry

    def begin(self) -> None:
        """Everything is adopted: the log that was activated last is the live one."""
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
        previous: ResumeToken | None = None,
        lost: LostInterval | None = None,
    ) -> Epoch:
        """Makes a log for a stage: message 1 names its predecessor, message 2 is the set-up."""
        if previous is None:
            newest = max(self.epochs, default=0)
            previous = ResumeToken(epoch=newest, sequence=self.acknowledged(newest))
        epoch = max(steady_clock.now_ms(), max([*self.epochs, previous.epoch]) + 1)
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
        created = created_of(await self._bus.js.stream_info(stream_of(epoch)))
        entry = Epoch(epoch, setup, created)
        self.adopt(entry, last=0)
        await self.append(entry, "opened", LogRecord(epoch_opened=opened))
        await self.append(entry, "setup", LogRecord(stage_setup=setup))
        _log.info("epoch_opened", epoch=epoch, stage=setup.stage_id, cause=EpochCause.Name(cause))
        return entry

    async def activate(self, entry: Epoch) -> ResumeToken:
        """Makes the epoch the one that relays feed."""
        before_ms = max((other.activated_ms or 0 for other in self.epochs.values()), default=0)
        activated_ms = max(steady_clock.now_ms(), before_ms + 1)
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
        """The clock of the epoch: the machine's, without its jumps, or the feed's own; never backwards."""
        if entry.setup.clock_source == ClockSource.CLOCK_SOURCE_FEED:
            now = self.feed_now_ms() if self.feed_now_ms is not None else 0
        else:
            now = steady_clock.now_ms()
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

    async def report(self, entry: Epoch, report: WeatherReport) -> RecordWeatherResponse:
        """Writes a weather report that can be true. Raises as append does."""
        sequence = await self.append(entry, "weather", LogRecord(weather=report))
        position = ResumeToken(epoch=entry.epoch, sequence=sequence)
        recorded = entry.weather[report.report_id] = RecordWeatherResponse(report=report, position=position)
        return recorded

    async def commit_forever(self) -> None:
        """Raises the marks of what has been published, as many at a time as have come, then acknowledges.

        Raises LogBroken where that was not written behind what is acknowledged already: nothing of it is.
        """
        while True:
            waiting = [await self._commits.get()]
            while not self._commits.empty():
                waiting.append(self._commits.get_nowait())
            for epoch in dict.fromkeys(epoch for epoch, _, _ in waiting):
                published = {sequence: future for of, sequence, future in waiting if of == epoch}
                try:
                    await self._commit(epoch, list(published))
                except Failure as failure:
                    _answer(published.values(), failure)
                except LogBroken as error:
                    _answer(published.values(), unavailable(error))
                    raise
                else:
                    _answer(published.values())

    async def _commit(self, epoch: int, sequences: list[int]) -> None:
        """Raises LogBroken, and Failure where nobody can say whose log it is."""
        # One connection's records are stored and answered in the order in which they were published.
        behind = self.acknowledged(epoch)
        if min(sequences) <= behind:
            raise LogBroken(f"log {epoch} counted {min(sequences)} again")
        if max(sequences) - behind != len(sequences):
            # A record that was not answered in time stands between, or it is another log.
            await self._still_ours(epoch)
        self._acknowledged[epoch] = max(sequences)
        await self._marks.raise_to(epoch, max(sequences))

    async def beat_forever(self) -> None:
        """Writes a heartbeat whenever a quarter of a second of the active log's clock has passed."""
        last_ms = 0
        while True:
            await asyncio.sleep(until_beat_s(steady_clock.now_s()))
            entry = self.active
            if entry is None or (now_ms := self.now_ms(entry)) == last_ms:
                continue
            last_ms = now_ms
            try:
                await self.append(entry, "beat", LogRecord(heartbeat=Heartbeat()))
            except Failure as failure:
                _log.warning("heartbeat_not_written", reason=failure.reason_name)
            # One that was made again to count on where the old one ended shows by nothing else.
            with contextlib.suppress(Failure):
                await self._still_ours(entry.epoch)

    async def _still_ours(self, epoch: int) -> None:
        """Raises LogBroken where another stream stands in the log's place, or none; Failure where nobody answers."""
        try:
            info = await self._bus.js.stream_info(stream_of(epoch))
        except NotFoundError as error:
            raise LogBroken(f"log {epoch} is gone") from error
        except (nats.errors.Error, APIError, TimeoutError) as error:
            raise unavailable(error) from error
        if created_of(info) != self.epochs[epoch].created:
            raise LogBroken(f"log {epoch} was made again at {created_of(info)}")


def _answer(committed: Iterable[asyncio.Future[None]], failure: Failure | None = None) -> None:
    for future in committed:
        # Whoever was cancelled while it was committed is not waiting any more.
        if future.done():
            continue
        if failure is None:
            future.set_result(None)
        else:
            future.set_exception(failure)


def until_beat_s(now_s: float) -> float:
    """From this instant until the next heartbeat is due: just past a quarter of a second."""
    return HEARTBEAT_S - (now_s - PAST_TICK_S) % HEARTBEAT_S
