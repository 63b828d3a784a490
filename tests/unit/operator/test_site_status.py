"""What the operator shows of a site, from what `sites` says of it."""

from datetime import timedelta

import pytest
from ardoise_operator.sight import UNKNOWN, Silence
from ardoise_operator.sites import site_status

from tests.support.operator_looks import (
    EPOCH,
    NOON,
    OBJECTS,
    SILENT,
    STREAM,
    TOPOLOGY,
    conditions,
    faults,
    reports,
    sight,
    site,
    status,
)

WELL = {"Ready": ("True", "Answers"), "Degraded": ("False", "Whole"), "SpecDiverged": ("False", "AsPlatform")}


def test_a_region_that_is_well_shows_its_role_its_logs_and_how_far_it_is_behind():
    found = site("london", sight(status(reports())))
    assert faults("Site", found) == []
    assert (found["role"], found["timeline"], found["seenFrom"]) == ("SynchronousStandby", 7, "amsterdam")
    assert found["log"] == {"epoch": EPOCH, "firstSequence": 1, "lastSequence": 4178, "watermark": 4177}
    assert found["lag"] == {"mirrorMessages": 2, "walBytes": 352}
    assert found["mirrors"][0] == {"stream": STREAM, "state": "following", "reason": "", "behindMessages": 2}
    assert found["links"] == [{"from": "amsterdam", "reachable": "True", "roundTripMilliseconds": 41}]
    assert conditions(found) == WELL
    assert (found["observedGeneration"], found["observedAt"]) == (3, "2026-07-07T12:00:00Z")


def test_the_truck_is_the_origin_and_has_no_database_to_show():
    found = site("truck", sight(status(reports())))
    assert faults("Site", found) == []
    assert found["role"] == "Origin"
    assert found["log"] == {"epoch": EPOCH, "firstSequence": 1, "lastSequence": 4180}
    assert not {"timeline", "lag", "mirrors"} & set(found)
    assert conditions(found) == WELL


def test_a_site_that_is_silent_leaves_no_old_figure():
    answering = reports()
    before = site("london", sight(status(answering)))
    del answering["london"]
    found = site("london", sight(status(answering, silent_since_ms=1783425590000)), before)
    assert faults("Site", found) == []
    assert (found["role"], found["timeline"]) == (UNKNOWN, UNKNOWN)
    assert set(found["log"].values()) == set(found["lag"].values()) == {UNKNOWN}
    assert found["mirrors"] == []
    assert found["links"] == [
        {
            "from": "amsterdam",
            "reachable": "False",
            "roundTripMilliseconds": UNKNOWN,
            "silentSince": "2026-07-07T11:59:50Z",
        }
    ]
    assert conditions(found) == {**WELL, "Ready": (UNKNOWN, "Silent"), "Degraded": (UNKNOWN, "Silent")}


def test_sites_that_is_silent_makes_everything_unknown_and_nothing_up():
    before = site("london", sight(status(reports())))
    found = site("london", sight(SILENT), before)
    assert faults("Site", found) == []
    assert set(found["log"].values()) == set(found["lag"].values()) == {UNKNOWN}
    assert found["links"] == [{"from": "amsterdam", "reachable": UNKNOWN, "roundTripMilliseconds": UNKNOWN}]
    silent = (UNKNOWN, "SitesSilent")
    assert conditions(found) == {**WELL, "Ready": silent, "Degraded": silent}


def test_an_own_sites_that_has_not_looked_at_itself_yet_is_not_called_unreachable():
    answering = reports()
    del answering["amsterdam"]
    assert site("amsterdam", sight(status(answering)))["links"][0]["reachable"] == UNKNOWN


def test_bytes_on_two_timelines_are_not_compared():
    found = reports()
    found["london"].database.timeline = 6
    assert site("london", sight(status(found)))["lag"]["walBytes"] == UNKNOWN


def test_a_standby_ahead_of_what_the_primary_said_last_is_behind_by_nothing():
    found = reports()
    found["london"].database.wal_position = found["amsterdam"].database.wal_position + 8
    assert site("london", sight(status(found)))["lag"]["walBytes"] == 0


def test_without_a_primary_nobody_knows_how_far_a_database_is_behind():
    found = reports()
    del found["amsterdam"]
    assert site("london", sight(status(found)))["lag"]["walBytes"] == UNKNOWN


@pytest.mark.parametrize(
    ("cleared", "reason"), [("logs", "NatsSilent"), ("database", "DatabaseSilent")], ids=["nats", "database"]
)
def test_a_region_without_a_server_that_it_needs_is_not_ready(cleared: str, reason: str):
    found = reports()
    found["london"].ClearField(cleared)
    shown = site("london", sight(status(found)))
    assert conditions(shown)["Ready"] == ("False", reason)
    assert conditions(shown)["Degraded"] == ("True", reason)
    assert faults("Site", shown) == []


def test_a_mirror_that_does_not_follow_degrades_a_site_that_is_ready():
    found = reports()
    found["london"].mirrors[0].state, found["london"].mirrors[0].reason = "stuck", "not moved for 12 s"
    shown = site("london", sight(status(found)))
    assert conditions(shown) == {**WELL, "Degraded": ("True", "MirrorNotFollowing")}
    (degraded,) = [one for one in shown["conditions"] if one["type"] == "Degraded"]
    assert degraded["message"] == f"{STREAM} is stuck: not moved for 12 s"


def test_a_mirror_that_cannot_know_is_no_news_while_the_truck_is_silent():
    found = reports()
    found["london"].mirrors[0].state = "unknown"
    found["london"].mirrors[0].ClearField("behind")
    assert conditions(site("london", sight(status(found))))["Degraded"] == ("True", "TruckUnreached")
    del found["truck"]
    shown = site("london", sight(status(found)))
    assert conditions(shown)["Degraded"] == ("False", "Whole")
    assert shown["lag"]["mirrorMessages"] == UNKNOWN


def test_credentials_that_nobody_has_degrade_the_site_that_names_them():
    lacking = [Silence("SecretMissing", "there is no Secret ardoise-data-plane: make it")]
    shown = site("truck", sight(status(reports())), lacking=lacking)
    assert conditions(shown) == {**WELL, "Degraded": ("True", "SecretMissing")}


def test_endpoints_that_are_not_the_platforms_are_named():
    spec = {
        **OBJECTS["london"]["spec"],
        "endpoints": {**OBJECTS["london"]["spec"]["endpoints"], "nats": "x:1"},
    }
    del spec["endpoints"]["standIn"]
    shown = site_status("london", spec, 1, {}, sight(status(reports())), TOPOLOGY)
    assert conditions(shown)["SpecDiverged"] == ("True", "EndpointsDiffer")
    (diverged,) = [one for one in shown["conditions"] if one["type"] == "SpecDiverged"]
    assert "endpoints.nats is x:1 here, and nats.london.example.org:4222 there" in diverged["message"]
    assert "endpoints.standIn is absent here" in diverged["message"]


def test_a_site_that_the_platform_does_not_have_is_called_so():
    shown = site_status("paris", OBJECTS["london"]["spec"], 1, {}, sight(status(reports())), TOPOLOGY)
    assert conditions(shown)["SpecDiverged"] == ("True", "NotInSites")
    assert conditions(shown)["Ready"] == (UNKNOWN, "NotInSites")
    assert faults("Site", shown) == []


def test_the_time_of_a_condition_stays_while_its_status_does():
    later = NOON + timedelta(minutes=5)
    before = site("london", sight(status(reports())))
    same = site("london", sight(status(reports()), later), before)
    assert {one["lastTransitionTime"] for one in same["conditions"]} == {"2026-07-07T12:00:00Z"}
    silent = site("london", sight(SILENT, later), before)
    times = {one["type"]: one["lastTransitionTime"] for one in silent["conditions"]}
    assert times == {
        **dict.fromkeys(("Ready", "Degraded"), "2026-07-07T12:05:00Z"),
        "SpecDiverged": "2026-07-07T12:00:00Z",
    }
