"""A drill is refused on a platform that is not well, and says why."""

from typing import Any

import pytest
from ardoise.rehearsal.drills.precheck import Platform, cast_of, mending, objections, settling
from ardoise.rehearsal.drills.scenario import Place

EPOCH = 1


def platform(**changed: Any) -> Platform:
    part = {"pid": 7, "state": "running", "restarts": 0}
    sites = {
        name: {
            "kind": "edge" if name == "truck" else "region",
            "disk": "",
            "clock_ahead_s": 0,
            "parts": {"nats-server": dict(part)},
        }
        for name in ("truck", "amsterdam", "london")
    }
    healthy = {
        "state": {"sites": sites, "links": []},
        "members": (
            {"name": "amsterdam", "role": "leader", "state": "running"},
            {"name": "london", "role": "sync_standby", "state": "streaming"},
        ),
        "parameters": {"max_slot_wal_keep_size": "4096MB", "wal_keep_size": "1024MB"},
        "etcd_leader": "london",
        "positions": {name: {EPOCH: 1_000} for name in sites},
        "race_on": False,
    }
    return Platform(**{**healthy, **changed})


def test_a_healthy_platform_may_be_drilled():
    assert objections(platform()) == []


def test_after_a_switchover_the_other_region_is_the_primary_of_the_drill():
    members = (
        {"name": "amsterdam", "role": "sync_standby", "state": "streaming"},
        {"name": "london", "role": "leader", "state": "running"},
    )
    assert cast_of(platform(members=members)) == {
        Place.TRUCK: "truck",
        Place.PRIMARY: "london",
        Place.STANDBY: "amsterdam",
    }


def test_a_part_that_is_held_down_is_named():
    found = platform()
    found.state["sites"]["london"]["parts"]["nats-server"]["state"] = "held"
    assert objections(found) == ["london: nats-server is held"]


def test_a_link_that_is_not_whole_is_named():
    found = platform()
    found.state["links"].append({"sender": "truck", "receiver": "london", "cut": True})
    assert objections(found) == ["the link from truck to london is not whole"]


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ((), "the database has no primary"),
        (
            (
                {"name": "amsterdam", "role": "leader", "state": "running"},
                {"name": "london", "role": "replica", "state": "streaming"},
            ),
            "no region is synchronous",
        ),
        (
            (
                {"name": "amsterdam", "role": "leader", "state": "running"},
                {"name": "london", "role": "sync_standby", "state": "starting"},
            ),
            "london: the database is starting",
        ),
        (({"name": "amsterdam", "role": "leader", "state": "running"},), "the database has 1 of 2 members"),
    ],
)
def test_a_database_that_is_not_whole_is_refused(members: tuple, says: str):
    assert any(says in objection for objection in objections(platform(members=members)))


def test_a_mirror_that_is_behind_and_a_server_that_is_silent_are_named():
    positions = {"truck": {EPOCH: 1_000}, "amsterdam": {EPOCH: 500}}
    assert objections(platform(positions=positions)) == [
        "london: nats-server does not answer",
        "amsterdam: its mirror of log 1 is 500 behind",
    ]


def test_etcd_led_from_the_primary_s_region_is_waited_for():
    assert settling(platform()) == []
    assert settling(platform(etcd_leader="")) == []
    assert settling(platform(etcd_leader="truck")) == []
    assert "etcd is led from amsterdam" in settling(platform(etcd_leader="amsterdam"))[0]


def test_a_race_that_is_live_is_not_displaced():
    assert objections(platform(race_on=True)) == ["a race is live: finish it first, a drill takes its place"]


def test_what_was_left_broken_is_mended_by_commands_that_can_be_copied():
    state = platform().state
    state["links"].append({"sender": "truck", "receiver": "london", "cut": True})
    state["sites"]["london"]["parts"]["nats-server"]["state"] = "held"
    assert mending(state, {("amsterdam", ("patroni-amsterdam",))}) == [
        "ardoise sites part resume amsterdam patroni-amsterdam",
        "ardoise sites link truck london",
        "ardoise sites part restore london nats-server",
    ]
    state["sites"]["truck"]["parts"]["nats-server"]["state"] = "held"
    assert mending(state, set())[-1] == (
        "ardoise sites part restore truck nats-server & ardoise sites part restore london nats-server & wait"
    )
    assert mending(platform().state, set()) == []


def test_a_clock_that_is_off_is_named_with_how_to_set_it_right():
    found = platform()
    found.state["sites"]["truck"]["clock_ahead_s"] = -60
    assert objections(found) == ["truck: its clock is -60 s off"]
    assert mending(found.state, ()) == ["ardoise sites clock truck 0"]


def test_a_disk_that_is_full_is_named_with_how_to_ease_it():
    found = platform()
    found.state["sites"]["truck"]["disk"] = "full"
    assert objections(found) == ["truck: its disk is full"]
    assert mending(found.state, ()) == ["ardoise sites part ease-disk truck"]


@pytest.mark.parametrize("kept", ["64MB", 64, "1023MB", "65536kB", None, "a lot"])
def test_a_bound_of_wal_that_a_drill_left_small_is_named(kept: object):
    found = platform(parameters={"max_slot_wal_keep_size": "4096MB", "wal_keep_size": kept})
    (objection,) = objections(found)
    assert objection.startswith(f"the database's wal_keep_size is {kept}, less than 1024 MB")


@pytest.mark.parametrize(("slots", "kept"), [("4GB", "1GB"), (-1, 1024), ("1TB", "2048MB")])
def test_as_much_wal_or_more_may_be_drilled(slots: object, kept: object):
    assert objections(platform(parameters={"max_slot_wal_keep_size": slots, "wal_keep_size": kept})) == []


def test_bounds_that_nobody_says_are_no_objection():
    assert objections(platform(parameters={})) == []
