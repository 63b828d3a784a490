"""What stands against a planned switchover."""

from datetime import UTC, datetime, timedelta

import pytest
from ardoise.pb.sites_pb2 import SitesStatus
from ardoise.sites.patroni import Member
from ardoise.sites.switchover import (
    COOL_DOWN_S,
    MOST_BEHIND,
    MOST_WAL_BEHIND_BYTES,
    Outcome,
    objections,
    outcome,
    to_wait_s,
)

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
    silent = status_of(HEALTHY[:2], seen_from="amsterdam")
    assert objections(silent, "london") == ["london does not answer amsterdam"]


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


def far_in_wal(behind: int) -> SitesStatus:
    found = [
        report("truck", 100),
        report("amsterdam", 100, PRIMARY, 95),
        report("london", 98, SYNCHRONOUS, 90),
    ]
    found[1].database.wal_position, found[2].database.wal_position = 1_000_000_000, 1_000_000_000 - behind
    return status_of(found)


def test_a_target_whose_database_is_far_behind_is_refused_with_the_figure():
    assert objections(far_in_wal(MOST_WAL_BEHIND_BYTES), "london") == []
    (objection,) = objections(far_in_wal(MOST_WAL_BEHIND_BYTES + 1), "london")
    assert f"{MOST_WAL_BEHIND_BYTES + 1} bytes" in objection


def test_a_target_that_does_not_reach_the_truck_is_refused_however_little_it_is_behind():
    cut_off = report("london", 98, SYNCHRONOUS, 90)
    cut_off.mirrors.add(stream="LOG_7", state="unknown")
    (objection,) = objections(status_of((HEALTHY[0], HEALTHY[1], cut_off)), "london")
    assert objection.startswith("london does not reach the truck")


NOW = datetime(2026, 7, 4, 15, 0, tzinfo=UTC)
TIMELINE = 7


def line(timeline: int, ago_s: float, who: str) -> list:
    """As Patroni writes it down."""
    return [
        timeline,
        1000 * timeline,
        "no recovery target",
        (NOW - timedelta(seconds=ago_s)).isoformat(),
        who,
    ]


def test_where_the_primary_never_changed_nobody_waits():
    assert to_wait_s([], NOW) == 0


@pytest.mark.parametrize(
    ("ago_s", "wait_s"), [(0, COOL_DOWN_S), (17, COOL_DOWN_S - 17), (COOL_DOWN_S, 0), (3_600, 0)]
)
def test_a_planned_change_waits_for_the_rest_of_the_cool_down(ago_s: float, wait_s: float):
    history = [line(1, 9_000, "amsterdam"), line(2, ago_s, "london")]
    assert to_wait_s(history, NOW) == pytest.approx(wait_s)


def test_a_region_that_was_promoted_anew_is_no_change():
    history = [line(1, 9_000, "amsterdam"), line(2, 8_000, "london"), line(3, 5, "london")]
    assert to_wait_s(history, NOW) == 0


def test_the_first_line_counts_as_a_change_since_nobody_knows_who_was_before():
    assert to_wait_s([line(1, 20, "amsterdam")], NOW) == pytest.approx(COOL_DOWN_S - 20)


def test_a_line_that_patroni_has_not_signed_yet_is_passed_over():
    assert to_wait_s([line(1, 9_000, "amsterdam")[:3], line(2, 20, "london")], NOW) > 0
    assert to_wait_s([line(1, 9_000, "amsterdam"), line(2, 20, "london")[:3]], NOW) == 0


def test_a_clock_that_is_far_off_lets_nobody_wait_for_ever():
    ahead = [line(1, 9_000, "amsterdam"), line(2, -86_400, "london")]
    assert to_wait_s(ahead, NOW) == 0
    assert to_wait_s([line(1, 9_000, "amsterdam"), line(2, -10, "london")], NOW) <= COOL_DOWN_S


PRIMARY_NOW = Member(primary=True, timeline=TIMELINE, nobody_leads=False)
FOLLOWS = Member(primary=False, timeline=TIMELINE, nobody_leads=False)
ALONE = Member(primary=False, timeline=TIMELINE, nobody_leads=True)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (FOLLOWS, PRIMARY_NOW, Outcome.MOVED),
        (None, PRIMARY_NOW, Outcome.MOVED),
        (PRIMARY_NOW, FOLLOWS, Outcome.STAYED),
        (PRIMARY_NOW, None, Outcome.STAYED),
        (ALONE, ALONE, Outcome.NOBODY),
        (FOLLOWS, FOLLOWS, Outcome.OPEN),
        (ALONE, FOLLOWS, Outcome.OPEN),
        (None, ALONE, Outcome.OPEN),
        # It led and died, or is being promoted: what it may have acknowledged, nobody knows.
        (ALONE, None, Outcome.OPEN),
        (ALONE, Member(primary=False, timeline=TIMELINE + 1, nobody_leads=True), Outcome.OPEN),
        (ALONE, Member(primary=False, timeline=0, nobody_leads=True), Outcome.OPEN),
    ],
)
def test_the_leadership_is_given_back_only_where_the_target_never_led(old, new, expected):
    assert outcome(old, new, TIMELINE) is expected


def test_a_member_is_primary_only_while_it_runs():
    said = {"state": "running", "role": "primary", "timeline": 3}
    assert Member.of(said) == Member(primary=True, timeline=3, nobody_leads=False)
    assert not Member.of({**said, "state": "stopping"}).primary
    assert Member.of({"state": "stopped", "role": "replica", "cluster_unlocked": True}) == Member(
        primary=False, timeline=0, nobody_leads=True
    )
