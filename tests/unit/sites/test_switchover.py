"""What stands against a planned switchover."""

from ardoise.pb.sites_pb2 import SitesStatus
from ardoise.sites.switchover import MOST_BEHIND, objections

from tests.unit.sites.test_status import HEALTHY, PRIMARY, STANDBY, SYNCHRONOUS, report, status_of


def healthy() -> SitesStatus:
    return status_of(HEALTHY)


def test_nothing_stands_against_it_on_a_healthy_platform():
    assert objections(healthy(), "london") == []


def test_a_region_that_is_primary_already_is_refused():
    assert objections(healthy(), "amsterdam") == ["amsterdam is primary already"]


def test_the_truck_is_no_region():
    assert objections(healthy(), "truck") == ["truck is no region: there are amsterdam, london"]


def test_without_a_primary_it_is_not_ours_to_decide():
    assert "no primary" in objections(status_of((HEALTHY[0], HEALTHY[2])), "london")[0]


def test_a_target_that_does_not_answer_is_named():
    assert "london does not answer" in objections(status_of(HEALTHY[:2], seen_from="amsterdam"), "london")


def test_a_target_that_may_lack_decisions_is_refused():
    status = status_of((HEALTHY[0], HEALTHY[1], report("london", 98, STANDBY, 90)))
    assert "london is no synchronous standby" in objections(status, "london")


def test_a_target_far_behind_the_truck_is_refused_with_the_figure():
    far = (
        report("truck", 2 * MOST_BEHIND),
        report("amsterdam", 100, PRIMARY, 95),
        report("london", 98, SYNCHRONOUS, 90),
    )
    (objection,) = objections(status_of(far), "london")
    assert f"{2 * MOST_BEHIND - 98} messages behind" in objection


def test_with_the_truck_silent_how_far_behind_is_unknown_and_it_is_refused():
    (objection,) = objections(status_of(HEALTHY[1:]), "london")
    assert "Unknown" in objection


def test_a_target_that_does_not_reach_the_truck_is_refused_however_little_it_is_behind():
    cut_off = report("london", 98, SYNCHRONOUS, 90)
    cut_off.mirrors.add(stream="LOG_7", state="unknown")
    (objection,) = objections(status_of((HEALTHY[0], HEALTHY[1], cut_off)), "london")
    assert objection.startswith("london does not reach the truck")
