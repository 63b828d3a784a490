"""Between the log and the engine, and between the engine and the contracts. No I/O.

`Race` is one epoch: give it every LogEntry in order (`apply`) and it gives back what came of it.
The consumer and the recorder each run a Race of their own over the same log.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ardoise.chassis.log import LogEntry
from ardoise.pb import common_pb2, control_pb2, log_pb2, race_pb2, setup_pb2, telemetry_pb2
from ardoise.race.engine import ENGINE_VERSION, RaceEngine
from ardoise.race.route import Feature, FeatureKind, Route, RouteError
from ardoise.race.snapshot import NONE, Snapshot
from ardoise.race.stage import (
    Action,
    Assignment,
    Decision,
    Fixes,
    Judgement,
    Oddity,
    RaceEvent,
    Stage,
)

MOST_EVENTS = 20_000
"""A stage has about a thousand; beyond the bound the oldest go."""


class Closed:
    """The newest tick, as the contract says it; the message is made when somebody first reads it."""

    def __init__(self, snapshot: Snapshot, stage_id: str) -> None:
        self.sequence = snapshot.sequence
        self._snapshot, self._stage_id = snapshot, stage_id

    @cached_property
    def message(self) -> race_pb2.Snapshot:
        return snapshot_proto(self._snapshot, self._stage_id)

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
        if body is None:
            self.unreadable += 1
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
            self.closed = Closed(snapshot, self.setup.stage_id)
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
        saved = [part.SerializeToString() for part in parts]
        return b"".join(
            [*(len(part).to_bytes(8, "little") + part for part in saved), self.engine.checkpoint()]
        )

    @classmethod
    def restore(cls, content: bytes) -> "Race":
        """Run on, it gives what the one that was saved gives. Raises CheckpointError or DecodeError."""
        setup, content = _part(setup_pb2.StageSetup, content)
        activated, content = _part(log_pb2.EpochActivated, content)
        closed, content = _part(race_pb2.Snapshot, content)
        events, content = _part(race_pb2.ListRaceEventsResponse, content)
        engine = RaceEngine.restore(stage_of(setup), content)
        race = cls(engine.epoch)
        race.setup, race.engine, race.sequence = setup, engine, engine.sequence
        race.activated_ms = activated.activated_ms or None
        race.closed = Closed.saved(closed) if closed.HasField("name") else None
        race.events = list(events.events)
        return race


def _part[M](kind: type[M], content: bytes) -> tuple[M, bytes]:
    end = 8 + int.from_bytes(content[:8], "little")
    return kind.FromString(content[8:end]), content[end:]


def stage_of(setup: setup_pb2.StageSetup) -> Stage:
    """The set-up in the engine's words. Raises ValueError for one that ingest should have refused."""
    return Stage(
        stage_id=setup.stage_id,
        route=route_of(setup.route),
        bibs=tuple(sorted({rider.bib for rider in setup.riders})),
        assignments=tuple(
            Assignment(
                assignment.tracker,
                assignment.bib,
                assignment.valid_from_ms if assignment.HasField("valid_from_ms") else None,
                assignment.valid_until_ms if assignment.HasField("valid_until_ms") else None,
            )
            for assignment in setup.assignments
        ),
        signal_timeout_ms=setup.signal_timeout_ms,
    )


def route_of(route: setup_pb2.Route) -> Route:
    """The road in the engine's words. Raises ValueError."""
    if len(route.distance_cm) < 2:
        raise RouteError("a route of less than two points")
    return Route(
        latitude_e7=np.array(route.latitude_e7, np.int32),
        longitude_e7=np.array(route.longitude_e7, np.int32),
        elevation_cm=np.array(route.elevation_cm, np.int32),
        distance_cm=np.array(route.distance_cm, np.int32),
        finish_cm=route.finish_cm,
        longitude_scale_e9=route.longitude_scale_e9,
        features=tuple(
            Feature(FeatureKind(f.kind), f.name, f.distance_cm, f.length_cm, f.category)
            for f in route.features
        ),
    )


def fixes_of(frame: telemetry_pb2.TelemetryFrame) -> Fixes | None:
    """The columns of a frame; None where they are of different lengths (ingest refuses such frames)."""
    count = len(frame.tracker)
    lengths = {len(frame.time_offset_ms), len(frame.latitude_e7), len(frame.longitude_e7)}
    if lengths != {count} or len(frame.speed_mmps) not in (0, count):
        return None
    return Fixes(
        tracker=np.array(frame.tracker, np.uint64),
        time_ms=np.array(frame.time_offset_ms, np.int64) + frame.base_time_ms,
        latitude_e7=np.array(frame.latitude_e7, np.int64),
        longitude_e7=np.array(frame.longitude_e7, np.int64),
        speed_mmps=np.array(frame.speed_mmps, np.int64) if frame.speed_mmps else np.full(count, -1, np.int64),
    )


def decision_of(decision: control_pb2.Decision) -> Decision | None:
    """The decision in the engine's words; None where it decides nothing that this version knows."""
    action = decision.WhichOneof("action")
    if action is None:
        return None
    number = control_pb2.Decision.DESCRIPTOR.fields_by_name[action].number
    what = getattr(decision, action)
    finish_time_ms = None
    if action == "correct" and decision.correct.HasField("finish_time_ms"):
        finish_time_ms = decision.correct.finish_time_ms
    return Decision(
        decision_id=decision.decision_id,
        action=Action(number),
        effective_time_ms=decision.effective_time_ms,
        bib=getattr(what, "bib", 0),
        tracker=getattr(what, "tracker", 0),
        finish_time_ms=finish_time_ms,
        undone_id=getattr(what, "decision_id", ""),
    )


def snapshot_proto(snapshot: Snapshot, stage_id: str) -> race_pb2.Snapshot:
    """The snapshot as the contract says it. Costs a millisecond: only for those who read it."""
    answer = race_pb2.Snapshot(
        name=common_pb2.SnapshotName(
            engine_version=ENGINE_VERSION, epoch=snapshot.epoch, sequence=snapshot.sequence
        ),
        race_time_ms=snapshot.race_time_ms,
        stage_id=stage_id,
        race_state=int(snapshot.race_state),
        digest=snapshot.digest,
    )
    riders, groups = snapshot.riders, snapshot.groups
    columns = (
        riders.bib,
        riders.status,
        riders.place,
        riders.distance_cm,
        riders.latitude_e7,
        riders.longitude_e7,
        riders.speed_mmps,
        riders.gradient_permille,
        riders.group_id,
        riders.gap_ms,
        riders.fix_time_ms,
        riders.finish_time_ms,
    )
    for bib, status, place, cm, lat, lon, speed, gradient, group, gap, fix, finish in zip(
        *(column.tolist() for column in columns), strict=True
    ):
        answer.riders.add(
            bib=bib,
            status=status,
            place=place,
            distance_cm=cm,
            latitude_e7=lat,
            longitude_e7=lon,
            speed_mmps=speed,
            gradient_permille=gradient,
            group_id=group,
            gap_ms=None if gap == NONE else gap,
            fix_time_ms=fix or None,
            finish_time_ms=finish or None,
        )
    bibs = groups.bibs.tolist()
    columns = (
        groups.group_id,
        groups.role,
        groups.number,
        groups.size,
        groups.distance_cm,
        groups.gap_ms,
        groups.speed_mmps,
    )
    for group, role, number, size, cm, gap, speed in zip(
        *(column.tolist() for column in columns), strict=True
    ):
        answer.groups.add(
            group_id=group,
            role=role,
            number=number,
            bibs=bibs[:size],
            distance_cm=cm,
            gap_ms=None if gap == NONE else gap,
            speed_mmps=speed,
        )
        del bibs[:size]
    return answer


def event_proto(event: RaceEvent, epoch: int) -> race_pb2.RaceEvent:
    """The event as the contract says it."""
    return race_pb2.RaceEvent(
        event_id=f"{epoch}-{event.sequence}-{event.ordinal}",
        kind=int(event.kind),
        time_ms=event.time_ms,
        bibs=event.bibs,
        distance_cm=event.distance_cm,
        race_state=int(event.race_state or 0),
        rider_status=int(event.rider_status or 0),
        group_id=event.group_id,
    )


def oddity_proto(oddity: Oddity, epoch: int) -> race_pb2.OddityRecord:
    """The oddity as the contract says it."""
    return race_pb2.OddityRecord(
        oddity_id=f"{epoch}-{oddity.sequence}-{oddity.ordinal}",
        kind=int(oddity.kind),
        time_ms=oddity.time_ms,
        relay_id=oddity.relay_id,
        tracker=oddity.tracker,
        bib=oddity.bib,
        distance_m=oddity.distance_m,
        clock_offset_ms=oddity.clock_offset_ms,
    )
