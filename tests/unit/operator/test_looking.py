"""The loop goes round whoever does not answer, and shows what it found."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from ardoise.pb.sites_pb2 import SitesStatus, Truth
from ardoise.sites.operations.acting import Told
from ardoise.sites.operations.drill_decide import Rehearsed
from ardoise.sites.operations.situation import Verdict
from ardoise.sites.topology import Topology
from ardoise_operator import looking as looking_module
from ardoise_operator import pacing
from ardoise_operator import secrets as secrets_module
from ardoise_operator.acting import NOTHING
from ardoise_operator.api import About, Api
from ardoise_operator.drills import drill_status
from ardoise_operator.kinds import PLURALS
from ardoise_operator.looking import Asked, Looking
from ardoise_operator.reaching import Reaching
from ardoise_operator.secrets import Secrets
from ardoise_operator.settings import OperatorSettings
from ardoise_operator.watching import Object, Objects, seen
from ardoise_operator.writer import Writer

from tests.support import scripted_sites
from tests.support.chart import overlaid
from tests.support.operator_looks import OBJECTS, TOPOLOGY, conditions, reports, status
from tests.support.scripted_api import ScriptedApi, served, until
from tests.support.scripted_sites import ScriptedSites

SECRETS = ("ardoise-identity", "ardoise-data-plane")
DRILL = "region-lost-weekly"
SCHEDULED = Verdict(Truth.TRUTH_YES, "Scheduled", "")


class EtcdAway(Exception):
    """What a bad Acting fails with."""


def placed_at(target: str) -> Topology:
    """The examples' sites, amsterdam's `sites` at this address."""
    sites = [
        site.model_copy(update={"sites": target}) if site.name == "amsterdam" else site
        for site in TOPOLOGY.sites
    ]
    return Topology(sites=tuple(sites))


class Remembering:
    """Remembers what it was told; `fault`: what it does instead."""

    def __init__(self) -> None:
        self.statuses: list[SitesStatus | None] = []
        self.fault: Exception | None = None

    async def look(self, status: SitesStatus | None, spec: Mapping[str, Any]) -> Told:
        assert spec["primary"] == "amsterdam"
        if self.fault is not None:
            raise self.fault
        self.statuses.append(status)
        return NOTHING


class Telling:
    """Says a word of each Drill; `fault`: what it does instead."""

    def __init__(self) -> None:
        self.primaries: list[str] = []
        self.fault: Exception | None = None
        self.waiting = 0
        self.answers = asyncio.Event()
        self.answers.set()

    async def look(
        self,
        drills: Sequence[Object],
        replications: Mapping[str, Rehearsed],
        before: Mapping[str, Mapping[str, Any]],
        at: datetime,
    ) -> dict[str, dict[str, Any]]:
        self.waiting += 1
        await self.answers.wait()
        self.waiting -= 1
        if self.fault is not None:
            raise self.fault
        assert set(before) == {one.uid for one in drills}
        self.primaries.append(replications["race"].primary)
        return {one.uid: drill_status(one, before[one.uid], at, (), SCHEDULED) for one in drills}


class Bench:
    """An operator without kopf, in front of scripted servers."""

    def __init__(self, api: Api, script: ScriptedApi, sites: ScriptedSites, target: str) -> None:
        self.script, self.sites, self.acting = script, sites, Remembering()
        self.objects = Objects()
        self.target = target
        self.put("amsterdam", "london", "truck", "race")
        self.secrets = Secrets(api)
        self.reaching = Reaching("amsterdam", OperatorSettings(), self.objects, self.secrets)
        self.asked = Asked("amsterdam", self.objects, self.secrets, self.reaching)
        self.writer = Writer(api, self.objects, "operator-amsterdam")
        topology = placed_at(target)
        self.drilling = Telling()
        self.looking = Looking(
            *("amsterdam", topology, self.objects, self.asked, self.writer, self.acting, self.drilling)
        )

    def put(self, *names: str, **about: Any) -> None:
        """These objects, and no others."""
        found: dict[str, dict[str, list[Object]]] = {"Site": {}, "Replication": {}, "Drill": {}}
        self.script.uids.clear()
        for name in names:
            one = overlaid(OBJECTS[name], {"metadata": {"uid": f"uid-{name}", "generation": 1, **about}})
            if name == "amsterdam":
                one["spec"]["endpoints"]["sites"] = self.target
            found[one["kind"]][name] = [seen(one)]
            self.script.uids[f"{PLURALS[one['kind']]}/{name}"] = one["metadata"]["uid"]
        self.objects.sites, self.objects.replications = found["Site"], found["Replication"]
        self.objects.drills = found["Drill"]

    def shown(self, name: str) -> dict[str, tuple[str, str]]:
        """Conditions that the API server has been given last of an object."""
        found = [one["status"] for one in self.script.statuses if one["metadata"]["name"] == name]
        return conditions(found[-1]) if found else {}


@pytest.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    monkeypatch.setattr(looking_module, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(secrets_module, "POLL_S", 0.02)
    monkeypatch.setattr(secrets_module, "LOOK_EVERY_S", 0.05)
    for name in ("SOONEST_S", "LONGEST_RETRY_S"):
        monkeypatch.setattr(pacing, name, 0.1)
    script = ScriptedApi()
    content = scripted_sites.identities(tmp_path)
    script.secrets = dict.fromkeys(SECRETS, ("1", content))
    sites = ScriptedSites(status(reports()))
    async with (
        served(script, tmp_path / "kubeconfig", monkeypatch.setenv),
        scripted_sites.served(sites, tmp_path) as target,
    ):
        api = Api("")
        made = Bench(api, script, sites, target)
        running = [asyncio.create_task(one.run()) for one in (made.secrets, made.writer, made.looking)]
        try:
            yield made
        finally:
            for task in running:
                task.cancel()
            await asyncio.wait(running)
            await made.reaching.close()
            await made.secrets.close()
            await api.close()
            assert all(task.cancelled() for task in running)


async def test_a_good_day_is_shown_on_every_object(bench: Bench):
    await until(lambda: bench.shown("race"))
    assert bench.shown("race")["Protected"] == ("True", "RegionReady")
    for name in ("amsterdam", "london", "truck"):
        await until(lambda name=name: bench.shown(name))
        assert bench.shown(name)["Ready"] == ("True", "Answers")
    assert bench.acting.statuses[-1].seen_from == "amsterdam"
    assert bench.script.events == []


async def test_what_is_not_read_yet_at_the_start_is_not_shown_as_missing(bench: Bench):
    await until(lambda: bench.shown("race"))
    said = {conditions(one["status"])["Ready"][1] for one in bench.script.statuses}
    assert not said & looking_module.NOT_READ_YET


async def test_sites_that_falls_silent_is_shown_and_told_and_acting_goes_on(bench: Bench):
    await until(lambda: bench.shown("race"))
    bench.sites.status = None
    await until(lambda: bench.shown("race")["Protected"] == ("Unknown", "SitesSilent"))
    await until(lambda: bench.acting.statuses[-1] is None)
    await until(lambda: bench.script.events)
    assert not bench.looking.too_old()


async def test_an_api_server_that_refuses_everything_stops_no_look_and_no_acting(bench: Bench):
    await until(lambda: bench.shown("race"))
    bench.script.answers = [(500, {})] * 1000
    bench.sites.status = status(reports("london"))
    looks, asked = len(bench.acting.statuses), bench.script.asked
    await until(lambda: len(bench.acting.statuses) > looks + 5 and bench.script.asked > asked + 5)
    assert bench.script.events == []
    bench.script.answers = []
    await until(lambda: "PrimaryChanged" in [one["reason"] for one in bench.script.events])


async def test_acting_that_fails_stops_no_look(bench: Bench):
    await until(lambda: bench.shown("race"))
    bench.acting.fault = EtcdAway("etcd")
    asked = bench.sites.asked
    await until(lambda: bench.sites.asked > asked + 5)
    assert not bench.looking.too_old()


async def test_a_drill_is_shown_by_the_replication_of_the_same_look(bench: Bench):
    bench.put("amsterdam", "race", DRILL)
    await until(lambda: bench.shown(DRILL))
    assert bench.shown(DRILL)["Ready"] == ("True", "Scheduled")
    bench.sites.status = status(reports("london"))
    await until(lambda: bench.drilling.primaries[-1] == "london")


async def test_drilling_that_fails_stops_no_look_and_leaves_what_was_known(bench: Bench):
    bench.put("amsterdam", "race", DRILL)
    await until(lambda: bench.shown(DRILL))
    bench.drilling.fault = EtcdAway("etcd")
    asked = bench.sites.asked
    await until(lambda: bench.sites.asked > asked + 5)
    assert not bench.looking.too_old()
    assert bench.looking._statuses[About("Drill", DRILL, f"uid-{DRILL}")]["phase"] == "Waiting"


async def test_an_api_server_that_is_silent_about_drills_keeps_no_look_waiting(bench: Bench):
    bench.put("amsterdam", "race", DRILL)
    await until(lambda: bench.shown(DRILL))
    bench.drilling.answers.clear()
    await until(lambda: bench.drilling.waiting)
    acted = len(bench.acting.statuses)
    await until(lambda: len(bench.acting.statuses) > acted + 2)
    assert bench.drilling.waiting == 1, "one at a time"
    bench.drilling.answers.set()
    bench.sites.status = status(reports("london"))
    await until(lambda: bench.drilling.primaries[-1] == "london")


async def test_a_drill_whose_replication_is_not_read_yet_is_not_shown_at_the_start(bench: Bench):
    bench.put("amsterdam", DRILL)
    asked = bench.sites.asked
    await until(lambda: bench.sites.asked > asked + 2)
    assert not bench.shown(DRILL)


async def test_another_secret_opens_another_connection(bench: Bench, tmp_path: Path):
    await until(lambda: bench.shown("race"))
    before = bench.reaching._channels["amsterdam"]
    bench.script.secrets["ardoise-identity"] = ("2", scripted_sites.identities(tmp_path))
    await until(lambda: bench.reaching._channels["amsterdam"] is not before)
    asked = bench.sites.asked
    await until(lambda: bench.sites.asked > asked)


async def test_a_secret_that_is_missing_is_said_with_what_to_make(bench: Bench):
    await until(lambda: bench.shown("london"))
    del bench.script.secrets["ardoise-identity"]
    await until(lambda: bench.shown("london")["Ready"] == ("Unknown", "SecretMissing"))
    bench.script.secrets = {"ardoise-identity": ("3", {})}
    await until(lambda: bench.shown("london")["Ready"] == ("Unknown", "SecretIncomplete"))


async def test_of_an_object_made_anew_under_the_same_name_nothing_old_is_kept(bench: Bench):
    await until(lambda: bench.shown("race"))
    bench.put("amsterdam", "race", uid="another")
    await until(lambda: {one["metadata"]["uid"] for one in bench.script.statuses[-2:]} == {"another"})
    assert set(bench.looking._statuses) == {
        About("Site", "amsterdam", "another"),
        About("Replication", "race", "another"),
    }


async def test_a_replication_whose_deletion_nobody_heard_of_is_not_acted_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pacing, "LATEST_S", 0.1)
    await until(lambda: bench.shown("race"))
    del bench.script.uids["replications/race"]
    await until(lambda: not bench.objects.all_replications())
    asked, acted = bench.sites.asked, len(bench.acting.statuses)
    await until(lambda: bench.sites.asked > asked + 3)
    assert len(bench.acting.statuses) <= acted + 1, "the look that was under way"
    assert {about.kind for about in bench.looking._statuses} == {"Site"}


async def test_of_a_site_that_was_made_anew_the_new_address_counts(bench: Bench):
    bench.put("amsterdam", "race", creationTimestamp="2026-07-07T12:00:00Z")
    (now,) = bench.objects.sites["amsterdam"]
    spec = overlaid(dict(now.spec), {"endpoints": {"sites": "127.0.0.1:1"}})
    old = replace(now, uid="old", spec=spec, created="2020-01-01T00:00:00Z")
    bench.objects.sites = {"amsterdam": [old, now]}
    await until(lambda: bench.shown("race"))
    assert bench.shown("amsterdam")["Ready"] == ("True", "Answers")
    assert "old" not in {about.uid for about in bench.looking._statuses}


async def test_a_loop_that_does_not_come_round_is_too_old(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    assert bench.looking.too_old() == ""
    monkeypatch.setattr(looking_module, "OLDEST_LOOK_S", -1.0)
    assert bench.looking.too_old().startswith("no look for ")
