"""The contracts in the engine's words, and the engine's results in the contracts'. No I/O."""

import numpy as np

from ardoise.pb import common_pb2, control_pb2, race_pb2, setup_pb2, telemetry_pb2
from ardoise.race.engine import ENGINE_VERSION
from ardoise.race.route import Feature, FeatureKind, Route, RouteError
from ardoise.race.snapshot import NONE, Snapshot
from ardoise.race.stage import NO_SPEED, Action, Assignment, Decision, Fixes, Oddity, RaceEvent, Stage


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
        speed_mmps=np.array(frame.speed_mmps, np.int64)
        if frame.speed_mmps
        else np.full(count, NO_SPEED, np.int64),
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
        incident_kind=getattr(what, "kind", 0),
    )


def snapshot_proto(
    snapshot: Snapshot, stage_id: str, weather: race_pb2.WeatherNow | None
) -> race_pb2.Snapshot:
    """The snapshot as the contract says it. Costs a millisecond: only for those who read it."""
    answer = race_pb2.Snapshot(
        name=common_pb2.SnapshotName(
            engine_version=ENGINE_VERSION, epoch=snapshot.epoch, sequence=snapshot.sequence
        ),
        race_time_ms=snapshot.race_time_ms,
        stage_id=stage_id,
        race_state=int(snapshot.race_state),
        digest=snapshot.digest,
        weather=weather,
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
        riders.gap_within_ms,
        riders.fix_time_ms,
        riders.finish_time_ms,
        riders.trouble,
    )
    for bib, status, place, cm, lat, lon, speed, gradient, group, gap, within, fix, finish, trouble in zip(
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
            gap_within_ms=None if within == NONE else within,
            fix_time_ms=fix or None,
            finish_time_ms=finish or None,
            trouble=trouble,
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
        epoch=epoch,
        sequence=oddity.sequence,
    )
