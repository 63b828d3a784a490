"""From the log to the race. No I/O.

`Race` is one epoch: give it every LogEntry in order (`apply`) and it gives back what came of it.
The consumer and the recorder each run a Race of their own over the same log.
"""

from dataclasses import dataclass, field
from functools import cached_property

from ardoise.chassis.log import LogEntry
from ardoise.pb import log_pb2, race_pb2, setup_pb2, telemetry_pb2, weather_pb2
from ardoise.positioning.contract import decision_of, event_proto, fixes_of, snapshot_proto, stage_of
from ardoise.positioning.weather import Weather
from ardoise.race.engine import RaceEngine
from ardoise.race.snapshot import Snapshot
from ardoise.race.stage import Fixes, Judgement, Oddity, RaceEvent

MOST_EVENTS = 20_000
"""A stage has about a thousand; beyond the bound the oldest go."""


class Closed:
    """The newest tick, as the contract says it; the message is made when somebody first reads it."""

    def __init__(self, snapshot: Snapshot, stage_id: str, weather: race_pb2.WeatherNow | None) -> None:
        self.sequence = snapshot.sequence
        self._snapshot, self._stage_id, self._weather = snapshot, stage_id, weather

    @cached_property
    def message(self) -> race_pb2.Snapshot:
        return snapshot_proto(self._snapshot, self._stage_id, self._weather)

    @classmethod
    def saved(cls, message: race_pb2.Snapshot) -> "Closed":
        """As a checkpoint had it."""
        closed = cls.__new__(cls)
        closed.sequence, closed.message = message.name.sequence, message
        return closed


@dataclass(frozen=True, eq=False)
class Applied:
    """What came of one entry of the log."""

    snapshot: Snapshot | None = None
    """The tick that the entry closed; its name is the entry before."""
    frame: telemetry_pb2.TelemetryFrame | None = None
    fixes: Fixes | None = None
    """The frame's columns, where the entry was telemetry that can be read."""
    judgement: Judgement | None = None
    """What became of each fix: columns as long as fixes."""
    events: list[RaceEvent] = field(default_factory=list)
    """Of the tick first, then of the entry itself."""
    oddities: list[Oddity] = field(default_factory=list)


class Race:
    """One epoch, derived from its log. Entries in order, without a hole, each once.

    `setup` and `engine` are None until the set-up has come (message 2 of every epoch); `activated_ms`
    until the stage is live. Unreadable entries are counted in `unreadable` and change nothing.
    """

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self.sequence = 0
        """The last entry applied."""
        self.activated_ms: int | None = None
        self.setup: setup_pb2.StageSetup | None = None
        self.engine: RaceEngine | None = None
        self.closed: Closed | None = None
        self.weather = Weather()
        self.events: list[race_pb2.RaceEvent] = []
        self.unreadable = 0

    def apply(self, entry: LogEntry) -> Applied:
        """Applies the entry that follows `sequence`."""
        self.sequence = entry.sequence
        record = entry.record
        body = record.WhichOneof("body") if record is not None else None
        if body == "stage_setup" and self.setup is None:
            try:
                self.engine = RaceEngine(stage_of(record.stage_setup), self.epoch)
                self.setup = record.stage_setup
            except ValueError:
                self.unreadable += 1
        if self.engine is None:
            return Applied()
        engine = self.engine
        if body is None or body == "weather":
            # A version that does not know a kind of record closes no tick at it. With weather neither does one that
            # knows it: two sites, one of them upgraded, show the same pictures.
            if body is None:
                self.unreadable += 1
            else:
                self.weather.add(record.weather)
            engine.advance(entry.sequence, engine.log_time_ms)
            return Applied()
        snapshot = engine.advance(entry.sequence, record.log_time_ms)
        frame, fixes, judgement = None, None, None
        if body == "frame" and engine.log_time_ms:
            frame, fixes = record.frame, fixes_of(record.frame)
            if fixes is None:
                self.unreadable += 1
            else:
                judgement = engine.frame(frame.relay_id, fixes)
        elif body == "decision":
            decision = decision_of(record.decision)
            if decision is not None:
                engine.decide(decision)
        elif body == "epoch_activated":
            self.activated_ms = record.epoch_activated.activated_ms
        applied = Applied(snapshot, frame, fixes, judgement, engine.take_events(), engine.take_oddities())
        if snapshot is not None:
            self.closed = Closed(snapshot, self.setup.stage_id, self.weather.at(snapshot.race_time_ms))
        self.events += [event_proto(event, self.epoch) for event in applied.events]
        del self.events[:-MOST_EVENTS]
        return applied

    def checkpoint(self) -> bytes | None:
        """The state after `sequence`; None while there is nothing to save."""
        if self.engine is None or not self.engine.log_time_ms:
            return None
        parts = (
            self.setup,
            log_pb2.EpochActivated(activated_ms=self.activated_ms or 0),
            self.closed.message if self.closed else race_pb2.Snapshot(),
            race_pb2.ListRaceEventsResponse(events=self.events),
        )
        reports = b"".join(_framed(report.SerializeToString()) for report in self.weather.reports)
        framed = [_framed(part.SerializeToString()) for part in parts]
        return b"".join([*framed, _framed(reports), self.engine.checkpoint()])

    @classmethod
    def restore(cls, content: bytes) -> "Race":
        """Run on, it gives what the one that was saved gives. Raises CheckpointError or DecodeError."""
        setup, content = _part(setup_pb2.StageSetup, content)
        activated, content = _part(log_pb2.EpochActivated, content)
        closed, content = _part(race_pb2.Snapshot, content)
        events, content = _part(race_pb2.ListRaceEventsResponse, content)
        framed, content = _unframed(content)
        reports = []
        while framed:
            report, framed = _part(weather_pb2.WeatherReport, framed)
            reports.append(report)
        engine = RaceEngine.restore(stage_of(setup), content)
        race = cls(engine.epoch)
        race.setup, race.engine, race.sequence = setup, engine, engine.sequence
        race.activated_ms = activated.activated_ms or None
        race.closed = Closed.saved(closed) if closed.HasField("name") else None
        race.events = list(events.events)
        race.weather = Weather(reports)
        return race


def _part[M](kind: type[M], content: bytes) -> tuple[M, bytes]:
    part, rest = _unframed(content)
    return kind.FromString(part), rest


def _framed(part: bytes) -> bytes:
    return len(part).to_bytes(8, "little") + part


def _unframed(content: bytes) -> tuple[bytes, bytes]:
    end = 8 + int.from_bytes(content[:8], "little")
    return content[8:end], content[end:]
