"""Log entries become a race, whatever they hold."""

from ardoise.chassis.log import LogEntry
from ardoise.pb import control_pb2
from ardoise.pb.control_pb2 import (
    INCIDENT_KIND_FALL,
    AssignTracker,
    CorrectResult,
    Decision,
    RecordIncident,
    UndoDecision,
)
from ardoise.pb.log_pb2 import EpochActivated, EpochOpened, LogRecord
from ardoise.pb.setup_pb2 import Route, StageSetup
from ardoise.pb.telemetry_pb2 import TelemetryFrame
from ardoise.positioning.contract import decision_of, fixes_of, route_of
from ardoise.positioning.domain import Race
from ardoise.race import route as routes
from ardoise.race.stage import Action, IncidentKind, Verdict

from tests.support.stage import frame_of, small_stage

T0_MS = 1_700_000_000_000


def begun(setup: StageSetup | None = None) -> Race:
    race = Race(1_000)
    race.apply(LogEntry(1, LogRecord(epoch_opened=EpochOpened(epoch=1_000))))
    race.apply(LogEntry(2, LogRecord(stage_setup=setup or small_stage())))
    return race


def test_a_recordings_log_has_no_time_before_its_first_frame() -> None:
    race = begun()
    race.apply(LogEntry(3, LogRecord(epoch_activated=EpochActivated(activated_ms=77))))
    started = Decision(decision_id="s", start={})
    assert race.apply(LogEntry(4, LogRecord(decision=started))).snapshot is None
    assert race.checkpoint() is None
    assert race.engine.passages_at(0) == race.engine.passages_at(race.engine.road.finish_cm) == []
    assert len(race.engine.track(1)[0]) == 0
    first = race.apply(
        LogEntry(5, LogRecord(log_time_ms=T0_MS, frame=frame_of("rc", 1, [9001], at_ms=T0_MS)))
    )
    second = race.apply(LogEntry(6, LogRecord(log_time_ms=T0_MS + 1_000)))
    assert first.judgement.verdict.tolist() == [Verdict.UNCONFIRMED]
    assert second.snapshot is None  # a record without content is set aside
    closed = race.apply(LogEntry(7, LogRecord(log_time_ms=T0_MS + 2_001, heartbeat={})))
    assert closed.snapshot.race_time_ms == T0_MS + 2_000
    assert closed.snapshot.race_state == 2
    assert (race.activated_ms, race.unreadable) == (77, 1)


def test_unreadable_records_uneven_frames_and_impossible_set_ups_are_counted_and_set_aside() -> None:
    race = begun()
    race.apply(LogEntry(3, None))
    uneven = TelemetryFrame(
        relay_id="m", tracker=[1, 2], time_offset_ms=[0], latitude_e7=[1], longitude_e7=[1]
    )
    applied = race.apply(LogEntry(4, LogRecord(log_time_ms=T0_MS, frame=uneven)))
    assert (race.unreadable, applied.judgement, race.sequence) == (2, None, 4)
    roadless = begun(StageSetup(stage_id="x"))
    assert (roadless.engine, roadless.unreadable) == (None, 1)
    assert roadless.apply(LogEntry(3, LogRecord(log_time_ms=T0_MS, heartbeat={}))).snapshot is None


def test_a_frame_without_speeds_has_none_and_times_are_added_up() -> None:
    frame = frame_of("m", 1, [9001, 9002], at_ms=T0_MS)
    frame.time_offset_ms[1] = -250
    del frame.speed_mmps[:]
    fixes = fixes_of(frame)
    assert fixes.time_ms.tolist() == [T0_MS, T0_MS - 250]
    assert fixes.speed_mmps.tolist() == [-1, -1]


def test_every_action_of_the_contract_has_its_decision() -> None:
    fields = Decision.DESCRIPTOR.oneofs_by_name["action"].fields
    assert {field.number for field in fields} == set(Action)
    assign = decision_of(Decision(decision_id="a", assign=AssignTracker(tracker=7, bib=3)))
    assert (assign.action, assign.tracker, assign.bib) == (Action.ASSIGN, 7, 3)
    undo = decision_of(Decision(decision_id="b", undo=UndoDecision(decision_id="a")))
    assert (undo.decision_id, undo.undone_id) == ("b", "a")
    corrected = decision_of(Decision(correct=CorrectResult(bib=3, finish_time_ms=9)))
    not_finished = decision_of(Decision(correct=CorrectResult(bib=3)))
    assert (corrected.finish_time_ms, not_finished.finish_time_ms) == (9, None)
    assert decision_of(Decision(decision_id="c")) is None
    fallen = decision_of(Decision(decision_id="d", incident=RecordIncident(bib=3, kind=INCIDENT_KIND_FALL)))
    assert (fallen.action, fallen.bib, fallen.incident_kind) == (Action.INCIDENT, 3, IncidentKind.FALL)
    kinds = {number for name, number in control_pb2.IncidentKind.items() if number}
    assert kinds == set(IncidentKind)


def test_the_route_arrives_as_it_was_prepared() -> None:
    col = routes.Feature(routes.FeatureKind.CLIMB, "Col", 40_000, 20_000, "HC")
    made = routes.prepare_route([450_000_000, 450_100_000], [0, 100], [5, 6], features=[col])
    sent = Route(
        latitude_e7=made.latitude_e7,
        longitude_e7=made.longitude_e7,
        elevation_cm=made.elevation_cm,
        distance_cm=made.distance_cm,
        finish_cm=made.finish_cm,
        longitude_scale_e9=made.longitude_scale_e9,
        features=[{"kind": 1, "name": "Col", "distance_cm": 40_000, "length_cm": 20_000, "category": "HC"}],
    )
    assert route_of(sent).content_hash == made.content_hash
