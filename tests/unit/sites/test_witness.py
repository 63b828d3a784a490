"""Who is third to the regions' own members of etcd, and when that may be moved."""

from ardoise.pb.sites_pb2 import SitesStatus, Truth
from ardoise.sites.witness import objections, wanted

from tests.unit.sites.test_status import HEALTHY, SYNCHRONOUS, condition, report, status_of


def with_stand_in(*, votes: bool, truck: bool) -> SitesStatus:
    london = report("london", 98, SYNCHRONOUS, 90)
    london.etcd[0].healthy = london.etcd[0].answers = truck
    london.etcd.add(site="london-stand-in", healthy=votes, answers=votes, cluster_id="1")
    return status_of((*HEALTHY[:2], london))


def test_the_stand_in_is_that_of_the_standbys_region():
    assert wanted(status_of(HEALTHY), "stand-in") == "london-stand-in"
    assert wanted(status_of(HEALTHY), "truck") == "truck"


def test_a_vote_is_moved_only_while_all_three_answer():
    assert objections(with_stand_in(votes=False, truck=True), "stand-in") == []
    assert objections(with_stand_in(votes=True, truck=False), "truck") == []
    assert "2 of 3 voters" in objections(with_stand_in(votes=False, truck=False), "stand-in")[0]


def test_a_truck_that_does_not_answer_is_not_called():
    status = with_stand_in(votes=True, truck=False)
    status.sites[0].ClearField("report")
    assert objections(status, "truck") == ["truck does not answer"]


def test_what_there_is_not_is_refused():
    assert "no witness paris" in objections(status_of(HEALTHY), "paris")[0]
    assert "no primary" in objections(status_of(HEALTHY[2:]), "stand-in")[0]


def test_the_condition_says_who_votes_and_what_that_does_not_cover():
    status = condition(with_stand_in(votes=True, truck=False), "WitnessAbsent")
    assert status.status == Truth.TRUTH_NO
    assert status.message == "london-stand-in votes in the truck's place: loss of london stops writes"
    absent = condition(with_stand_in(votes=False, truck=False), "WitnessAbsent")
    assert absent.status == Truth.TRUTH_YES
