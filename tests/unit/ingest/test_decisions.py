"""What race control may decide, and what an undo does."""

import pytest
from ardoise.ingest.domain.decisions import DecisionLog, DecisionRejected, DecisionUnknown, decision_id
from ardoise.pb import control_pb2
from ardoise.pb.common_pb2 import RaceState, ResumeToken

NOW_MS = 1_750_000_000_000
BODIES = {
    "start": control_pb2.StartRace(),
    "neutralise": control_pb2.NeutraliseRace(),
    "stop": control_pb2.StopRace(),
    "resume": control_pb2.ResumeRace(),
    "finish": control_pb2.FinishRace(),
}


def decision(action: str, **body: object) -> control_pb2.Decision:
    made = control_pb2.Decision(effective_time_ms=NOW_MS)
    getattr(made, action).SetInParent()
    for name, value in body.items():
        setattr(getattr(made, action), name, value)
    return made


class Log:
    """A DecisionLog that takes what it checks."""

    def __init__(self) -> None:
        self.log = DecisionLog(frozenset({1, 2, 3}))

    def take(self, action: str, **body: object) -> str:
        made = decision(action, **body)
        made.decision_id = f"d{len(self.log.recorded) + 1}"
        self.log.check(made, NOW_MS)
        position = ResumeToken(epoch=1, sequence=len(self.log.recorded) + 3)
        self.log.add(control_pb2.RecordedDecision(decision=made, position=position))
        return made.decision_id


def test_a_race_goes_from_start_to_finish():
    race = Log()
    states = []
    for action in ("start", "neutralise", "resume", "stop", "resume", "finish"):
        race.take(action)
        states.append(RaceState.Name(race.log.race_state()).removeprefix("RACE_STATE_"))
    assert states == ["RACING", "NEUTRALISED", "RACING", "STOPPED", "RACING", "FINISHED"]


@pytest.mark.parametrize(
    ("before", "action"),
    [
        ([], "stop"),
        ([], "finish"),
        (["start"], "start"),
        (["start"], "resume"),
        (["start", "finish"], "resume"),
    ],
)
def test_a_decision_that_does_not_follow_is_rejected(before, action):
    race = Log()
    for earlier in before:
        race.take(earlier)
    with pytest.raises(DecisionRejected, match="undo"):
        race.take(action)


def test_an_undone_decision_is_as_if_never_taken():
    race = Log()
    race.take("start")
    stop = race.take("stop")
    undo = race.take("undo", decision_id=stop)
    assert race.log.race_state() == RaceState.RACE_STATE_RACING
    assert race.log.recorded[stop].undone_by == undo
    race.take("stop")


def test_undo_of_what_is_not_there_is_unknown_and_a_second_undo_is_rejected():
    race = Log()
    race.take("start")
    gone = race.take("abandon", bib=2)
    with pytest.raises(DecisionUnknown):
        race.take("undo", decision_id="nothing")
    undo = race.take("undo", decision_id=gone)
    with pytest.raises(DecisionRejected):
        race.take("undo", decision_id=gone)
    with pytest.raises(DecisionRejected):
        race.take("undo", decision_id=undo)


def test_a_rider_abandons_once_and_may_again_after_an_undo():
    race = Log()
    gone = race.take("abandon", bib=2)
    with pytest.raises(DecisionRejected):
        race.take("abandon", bib=2)
    race.take("undo", decision_id=gone)
    race.take("abandon", bib=2)


def test_a_rider_may_have_more_than_one_incident():
    race = Log()
    race.take("incident", bib=2, kind=control_pb2.INCIDENT_KIND_FALL)
    race.take("incident", bib=2, kind=control_pb2.INCIDENT_KIND_PUNCTURE)


def test_a_bib_that_does_not_ride_is_rejected_but_nobody_may_have_a_tracker():
    race = Log()
    for action, body in (
        ("abandon", {"bib": 77}),
        ("correct", {"bib": 77}),
        ("incident", {"bib": 77, "kind": 1}),
        ("assign", {"bib": 77, "tracker": 5}),
    ):
        with pytest.raises(DecisionRejected):
            race.take(action, **body)
    race.take("assign", bib=0, tracker=5)


@pytest.mark.parametrize(
    "wrong",
    [
        control_pb2.Decision(effective_time_ms=NOW_MS),
        control_pb2.Decision(effective_time_ms=NOW_MS, reason="x" * 501, start=control_pb2.StartRace()),
        control_pb2.Decision(effective_time_ms=NOW_MS + 90_000_000, start=control_pb2.StartRace()),
        control_pb2.Decision(effective_time_ms=NOW_MS, assign=control_pb2.AssignTracker(bib=1)),
        control_pb2.Decision(effective_time_ms=NOW_MS, incident=control_pb2.RecordIncident(bib=1)),
        control_pb2.Decision(effective_time_ms=NOW_MS, incident={"bib": 1, "kind": 9}),
    ],
)
def test_a_field_that_cannot_be_names_itself(wrong):
    with pytest.raises(ValueError, match=r"^[a-z_.]+:"):
        DecisionLog(frozenset({1})).check(wrong, NOW_MS)


def test_the_same_request_makes_the_same_decision_and_another_log_another():
    assert decision_id(5, "a") == decision_id(5, "a")
    assert len({decision_id(5, "a"), decision_id(5, "b"), decision_id(6, "a")}) == 3
