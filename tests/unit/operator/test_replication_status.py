"""What the operator shows of the replication, from what `sites` says and from what is told of wishes."""

from ardoise.pb.sites_pb2 import Truth
from ardoise.sites.operations.acting import Told
from ardoise.sites.operations.record import Done, Ended, Kind, Loss, Operation, Outcome, Step, Wish
from ardoise.sites.operations.situation import Verdict
from ardoise_operator.sight import UNKNOWN

from tests.support.operator_looks import EPOCH, SILENT, conditions, faults, race, reports, sight, site, status

NOON_MS = 1783425600000
AS_WISHED = Verdict(Truth.TRUTH_YES, "AsWished", "london is primary")
ALIGNED = Verdict(Truth.TRUTH_NO, "Aligned", "")
RUNNING = Operation(
    *("2026-07-07-london-1", Kind.SWITCHOVER, "", "london", Step.REJOINING, NOON_MS, 1),
    steps=(Done(Step.SWITCHING, NOON_MS + 2450, "promoted"),),
)
FORCED = Ended(
    *("2026-07-05-london-1", Kind.FORCED_FAILOVER, "", "london", Outcome.MOVED, "amsterdam is lost"),
    *(NOON_MS, NOON_MS + 9000, 2),
    accepted_loss="Unknown",
    loss=Loss(messages=4, intervals=((EPOCH, 4177, 4180),)),
)
REFUSED = Ended(
    *("w-2", Kind.SWITCHOVER, "amsterdam", "london", Outcome.REFUSED, "london is 4000 behind"),
    *(NOON_MS, NOON_MS, 0),
)
TOLD = Told(Wish("2026-07-07-london-1", "london"), RUNNING, (REFUSED, FORCED), AS_WISHED, ALIGNED, True)


def test_a_good_day_shows_who_is_primary_and_what_could_be_lost():
    shown = race(sight(status(reports())))
    assert faults("Replication", shown) == []
    assert (shown["primary"], shown["timeline"], shown["epoch"]) == ("amsterdam", 7, EPOCH)
    assert [(one["site"], one["status"]) for one in shown["canPromote"]] == [
        ("amsterdam", "True"),
        ("london", "True"),
    ]
    assert shown["lossNow"] == {
        "region": "london",
        "messages": 2,
        "raceMilliseconds": 200,
        "decisions": "False",
    }
    assert conditions(shown) == {
        "Ready": (UNKNOWN, "NotTold"),
        "SpecDiverged": (UNKNOWN, "NotTold"),
        "OperationInProgress": (UNKNOWN, "NoMajority"),
        "Protected": ("True", "RegionReady"),
        "PromotionBlocked": ("False", "RegionReady"),
        "PrimaryUnobserved": ("False", "PrimarySeen"),
        "WitnessAbsent": ("False", "ThirdVoterAnswers"),
        "Degraded": ("False", "Whole"),
        "PicturesEqual": ("True", "Equal"),
    }


def test_sites_that_is_silent_leaves_the_record_and_makes_all_else_unknown():
    before = race(sight(status(reports())), told=TOLD)
    shown = race(sight(SILENT), before, TOLD)
    assert faults("Replication", shown) == []
    assert (shown["primary"], shown["timeline"], shown["epoch"]) == (UNKNOWN, UNKNOWN, UNKNOWN)
    assert shown["lossNow"] == dict.fromkeys(("messages", "raceMilliseconds", "decisions"), UNKNOWN)
    assert {one["status"] for one in shown["canPromote"]} == {UNKNOWN}
    said = conditions(shown)
    assert {said.pop(told)[0] for told in ("Ready", "SpecDiverged", "OperationInProgress")} == {
        "True",
        "False",
    }
    assert set(said.values()) == {(UNKNOWN, "SitesSilent")}
    assert shown["acceptedPrimary"] == "london"


def test_a_record_that_cannot_be_read_stays_as_it_was():
    before = race(sight(status(reports())), told=TOLD)
    nobody = Told(None, None, (), *[Verdict(Truth.TRUTH_UNSPECIFIED, "NoMajority", "")] * 2, None)
    shown = race(sight(status(reports())), before, nobody)
    for field in ("acceptedRequestId", "acceptedPrimary", "operation", "history"):
        assert shown[field] == before[field]
    assert conditions(shown)["OperationInProgress"] == (UNKNOWN, "NoMajority")


def test_a_truck_that_is_silent_leaves_the_live_log_unknown():
    found = reports()
    del found["truck"]
    shown = race(sight(status(found)))
    assert shown["epoch"] == UNKNOWN
    assert shown["lossNow"]["messages"] == UNKNOWN


def test_without_a_primary_none_is_named():
    found = reports()
    del found["amsterdam"]
    shown = race(sight(status(found)))
    assert (shown["primary"], shown["timeline"]) == (UNKNOWN, UNKNOWN)
    assert shown["lossNow"] == dict.fromkeys(("messages", "raceMilliseconds", "decisions"), UNKNOWN)
    assert conditions(shown)["PrimaryUnobserved"] == ("True", "NobodyIsPrimary")


def test_a_wish_a_running_operation_and_what_came_of_others_are_shown():
    shown = race(sight(status(reports())), told=TOLD)
    assert faults("Replication", shown) == []
    assert (shown["acceptedRequestId"], shown["acceptedPrimary"]) == ("2026-07-07-london-1", "london")
    assert shown["operation"] == {
        **{
            "id": "2026-07-07-london-1",
            "type": "Switchover",
            "from": UNKNOWN,
            "to": "london",
            "step": "Rejoining",
        },
        "startedAt": "2026-07-07T12:00:00Z",
        "steps": [{"step": "Switching", "finishedAt": "2026-07-07T12:00:02Z", "message": "promoted"}],
    }
    refused, forced = shown["history"]
    assert (refused["outcome"], refused["reason"]) == ("Refused", "london is 4000 behind")
    assert forced["lost"] == [{"epoch": EPOCH, "firstSequence": 4177, "lastSequence": 4180}]
    assert (forced["acceptedLossMessages"], forced["lostDecisions"]) == (UNKNOWN, UNKNOWN)
    assert conditions(shown)["OperationInProgress"] == ("True", "Switchover")
    assert conditions(shown)["Ready"] == ("True", "AsWished")


def test_more_than_the_schema_has_room_for_is_cut():
    long = Ended(
        *("x", Kind.FAILOVER, "a", "b", Outcome.MOVED, "y" * 9000, NOON_MS, NOON_MS, 2),
        loss=Loss(messages=120, intervals=((1, 2, 3),) * 40),
    )
    steps = (Done(Step.SWITCHING, NOON_MS, "m" * 3000),) * 99
    running = Operation("x", Kind.FAILOVER, "a", "b", Step.REJOINING, NOON_MS, 1, steps=steps)
    found = reports()
    for number in range(40):
        found["london"].mirrors.add(stream=f"LOG_{number}", state="following", reason="r" * 3000)
    shown = race(sight(status(found)), told=Told(None, running, (long,) * 30, AS_WISHED, ALIGNED, False))
    assert faults("Replication", shown) == []
    assert faults("Site", site("london", sight(status(found)))) == []
