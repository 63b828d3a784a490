"""Faults 22 to 25 and 46: real operators at real API servers, with the fault in the middle of an operation."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from ardoise.chassis.identity import DATA_PLANE
from ardoise.sites.etcd_api import EtcdApi
from ardoise.sites.operations.memory import LEASE_S, PREFIX, Claims, Memory
from ardoise.up.programs import Programs, ProgramsMissing, debian_programs

from tests.kubernetes.alone import serving
from tests.kubernetes.bed.cluster import eventually
from tests.support.api_proxy import ApiProxy
from tests.support.etcds import SITES, Etcds
from tests.support.moving_sites import CLAIMED, HEARD, MOVED, MovingSites
from tests.support.operators import AS_INSTALLED, REGIONS, Cluster, condition, who_acts
from tests.support.own_kinds import example_objects
from tests.support.scripted_sites import identities, served
from tests.unit.sites.operations.platform import OTHER

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
ACCEPTED, REJOINING = "accepted", "rejoining"
SHOWN_LIMIT_S = 90.0
"""A status takes 5 s on an idle machine; an API server that is back is written to within 30."""
WATCHED_LIMIT_S = 75.0
SLOW_S = 3.0
"""Of each request: less than the operator's patience of 5 s."""
MOST_REFUSED = 3
NOT_RETRIED = 415
"""By kopf: such a watch it gives up."""
SPEC = {
    **AS_INSTALLED,
    "limits": {"coolDownSeconds": 60, "failbackStabilisationSeconds": 3600},
}


class Reached:
    """Where a made-up platform with a real etcd answers, as operators.Cluster asks for it."""

    def __init__(self, etcds: Etcds, sites: str, identity_dir: Path) -> None:
        self._etcds, self._sites, self.identity_dir = etcds, sites, identity_dir
        self.sites = SITES

    def at(self, site: str, server: str) -> str:
        if server == "etcd":
            return self._etcds.members[site].client
        return self._sites if server == "sites" else example_objects()[site]["spec"]["endpoints"][server]

    def etcd(self, site: str) -> EtcdApi:
        return self._etcds.api(site)


class Bench:
    """Two regions' clusters, each with its operator behind a proxy; one etcd, one platform."""

    def __init__(self, sites: MovingSites, reached: Reached, portal: BlockingPortal) -> None:
        self.sites, self.reached, self._portal = sites, reached, portal
        self.clusters: dict[str, Cluster] = {}
        self.proxies: dict[str, ApiProxy] = {}
        self._wishes = 0

    def add(self, region: str, stack: ExitStack, directory: Path) -> None:
        (directory / "server").mkdir()
        server = stack.enter_context(serving(directory / "server", "faults of the API server"))
        cluster = self.clusters[region] = Cluster(region, server, self.reached, directory)
        stack.callback(cluster.stop)
        proxy = self.proxies[region] = ApiProxy()
        url = stack.enter_context(self._portal.wrap_async_context_manager(proxy.served(server.kubeconfig)))
        config = json.loads(server.kubeconfig.read_text())
        config["clusters"][0]["cluster"] = {"server": url}
        config["users"][0]["user"] = {}
        cluster.kubeconfig = directory / "proxied.kubeconfig"
        cluster.kubeconfig.write_text(json.dumps(config))
        cluster.install(SPEC)
        cluster.start()

    def call(self, what: Callable[[], None]) -> None:
        """Where the proxies are served."""
        self._portal.call(what)

    @property
    def acting(self) -> str:
        return self.until("one acts", lambda: who_acts(self.reached))

    def fresh(self) -> tuple[str, str]:
        """(the other region, an id that was never used)."""
        self._wishes += 1
        return OTHER[self.sites.platform.primary], f"wish-{self._wishes}"

    def wish(self, target: str, request_id: str) -> None:
        """In both clusters, as GitOps does."""
        for cluster in self.clusters.values():
            cluster.wish(target, request_id)

    def until[Found](self, what: str, holds: Callable[[], Found], limit_s: float = SHOWN_LIMIT_S) -> Found:
        try:
            return eventually(holds, what, limit_s)
        except TimeoutError as error:
            said = {
                region: (cluster.race(), cluster.log.read_text()[-3_000:])
                for region, cluster in self.clusters.items()
            }
            pytest.fail(f"{error}; begun {self.sites.begun}\n{said}")

    def await_held(self) -> None:
        self.until("sites stands still", self.sites.reached.is_set)

    def await_ended(self, request_id: str, *regions: str) -> None:
        """It was begun once, its object says that it moved, and nothing of it is left."""
        self.until("the primary moved", lambda: request_id in self.sites.begun)
        for region in regions or REGIONS:
            self.until(f"{region} shows the end", lambda region=region: self._ended(region, request_id))
            about = self.clusters[region].get("replications", "race")["metadata"]
            assert "finalizers" not in about
        assert self.sites.begun.count(request_id) == 1

    def follow(self) -> None:
        """The old primary does, with every decision."""
        self.sites.platform.synchronous = True

    def _ended(self, region: str, request_id: str) -> bool:
        self.follow()
        seen = self.clusters[region].race()
        outcomes = {one["id"]: one["outcome"] for one in seen.get("history", ())}
        return outcomes.get(request_id) == "Moved" and "operation" not in seen

    def step(self, region: str) -> str:
        return self.clusters[region].race().get("operation", {}).get("step", "")

    def cool_down(self) -> None:
        """As if the last change were long ago."""
        self.until("the last change is forgotten", lambda: self._portal.call(self._forget))

    async def _forget(self) -> bool:
        memory = Memory(lambda: [self.reached.etcd("truck")], "test")
        seen = await memory.read("")
        return await memory.write(replace(seen.record, changed_ms=0), seen)

    def was_accepted(self, request_id: str) -> bool:
        return self.reached.etcd("truck").read(f"{PREFIX}/wishes/{request_id}")[0].revision > 0


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    try:
        programs: Programs = debian_programs(lambda _: None)
    except ProgramsMissing as missing:
        pytest.skip(f"not tested: faults of the API server. {missing}")
    directory = tmp_path_factory.mktemp("platform")
    identity_dir = tmp_path_factory.mktemp("identity")
    with start_blocking_portal() as portal, ExitStack() as stack:
        etcds = Etcds(directory, programs)
        stack.enter_context(portal.wrap_async_context_manager(etcds))
        portal.call(etcds.until, "a leader", lambda: etcds.api("truck").has_leader())
        identities(identity_dir)
        (identity_dir / DATA_PLANE).symlink_to(directory / "identity")
        sites = MovingSites(Claims(lambda: [etcds.api("london")]))
        target = stack.enter_context(portal.wrap_async_context_manager(served(sites, identity_dir)))
        made = Bench(sites, Reached(etcds, target, identity_dir), portal)
        for region in REGIONS:
            made.add(region, stack, tmp_path_factory.mktemp(region))
        yield made


@pytest.fixture
def bench(installed: Bench) -> Iterator[Bench]:
    """Both operators run, and show what is wished."""

    def ready() -> bool:
        installed.follow()
        return all(
            condition(cluster.race(), "Ready") == ("True", "AsWished")
            for cluster in installed.clusters.values()
        )

    installed.until("both are ready", ready)
    installed.cool_down()
    yield installed
    installed.sites.let_go()
    for proxy in installed.proxies.values():
        proxy.answers = proxy.answers_watches = 0
        proxy.delay_s, proxy.down = 0.0, False


@pytest.mark.parametrize("step", [ACCEPTED, HEARD, CLAIMED, MOVED, REJOINING])
def test_the_acting_operator_is_killed_at_a_step_and_the_other_ends_what_it_began(bench: Bench, step: str):
    acts = bench.acting
    target, request_id = bench.fresh()
    bench.sites.hold_at(step)
    bench.wish(target, request_id)
    if step == ACCEPTED:
        bench.until("it is accepted", lambda: bench.was_accepted(request_id))
    elif step == REJOINING:
        bench.until("it rejoins", lambda: bench.step(acts) == "Rejoining")
    else:
        bench.await_held()
    bench.clusters[acts].kill()
    bench.sites.let_go()
    bench.until("the other acts", lambda: who_acts(bench.reached) == OTHER[acts])
    bench.await_ended(request_id, OTHER[acts])
    bench.clusters[acts].start()
    bench.await_ended(request_id)


def test_who_stood_still_past_its_lease_does_nothing_twice(bench: Bench):
    acts = bench.acting
    target, request_id = bench.fresh()
    bench.sites.hold_at(HEARD)
    bench.wish(target, request_id)
    bench.await_held()
    bench.clusters[acts].halt()
    try:
        bench.until("the other acts", lambda: who_acts(bench.reached) == OTHER[acts], LEASE_S * 4)
        bench.sites.let_go()
        bench.await_ended(request_id, OTHER[acts])
    finally:
        bench.clusters[acts].go_on()
    bench.await_ended(request_id)
    assert who_acts(bench.reached) == OTHER[acts]


@pytest.mark.parametrize("status", [409, 429, 503])
def test_an_api_server_that_refuses_in_the_middle_is_told_the_end_when_it_takes_it(bench: Bench, status: int):
    proxies = bench.proxies.values()
    target, request_id = bench.fresh()
    bench.sites.hold_at(CLAIMED)
    bench.wish(target, request_id)
    bench.await_held()
    before = {proxy: proxy.refused for proxy in proxies}
    for proxy in proxies:
        proxy.answers = status
    bench.sites.let_go()
    enough = {proxy: count + MOST_REFUSED for proxy, count in before.items()}
    bench.until("it was refused", lambda: all(one.refused >= most for one, most in enough.items()))
    assert bench.sites.begun.count(request_id) == 1, "it goes on meanwhile"
    for proxy in proxies:
        proxy.answers = 0
    bench.await_ended(request_id)


@pytest.mark.parametrize("how", ["down", "slow"])
def test_an_api_server_that_is_down_or_slow_in_the_middle_keeps_nothing_from_ending(bench: Bench, how: str):
    proxies = bench.proxies.values()
    target, request_id = bench.fresh()
    bench.sites.hold_at(CLAIMED)
    bench.wish(target, request_id)
    bench.await_held()
    before = sum(proxy.refused for proxy in proxies)
    for proxy in proxies:
        proxy.down, proxy.delay_s = how == "down", SLOW_S if how == "slow" else 0.0
    bench.sites.let_go()
    if how == "down":
        bench.until("it was away", lambda: sum(proxy.refused for proxy in proxies) > before + MOST_REFUSED)
        for proxy in proxies:
            proxy.down = False
    bench.await_ended(request_id)


def test_watches_that_are_silently_dead_are_begun_again_within_their_time(bench: Bench):
    silent = [proxy.silence() for proxy in bench.proxies.values()]
    assert all(silent)
    target, request_id = bench.fresh()
    bench.wish(target, request_id)
    bench.until("the wish is heard", lambda: bench.was_accepted(request_id), WATCHED_LIMIT_S)
    bench.await_ended(request_id)


def test_an_operator_whose_watch_is_refused_for_good_ends_and_hears_when_it_is_started_again(bench: Bench):
    acts = bench.acting
    cluster, proxy = bench.clusters[acts], bench.proxies[acts]
    proxy.answers_watches = NOT_RETRIED
    bench.call(proxy.end_watches)
    bench.until("it ends", cluster.has_ended)
    cluster.start()
    bench.until("it ends again, whose first watch is refused", cluster.has_ended)
    proxy.answers_watches = 0
    target, request_id = bench.fresh()
    cluster.start()
    bench.wish(target, request_id)
    bench.await_ended(request_id)


def test_a_spec_that_is_edited_while_its_operation_runs_is_carried_out_after_it(bench: Bench):
    source = bench.sites.platform.primary
    target, there = bench.fresh()
    bench.sites.hold_at(CLAIMED)
    bench.wish(target, there)
    bench.await_held()
    _, back = bench.fresh()
    _, again = bench.fresh()
    bench.wish(source, back)
    bench.until("the way back is accepted", lambda: bench.was_accepted(back))
    bench.wish(target, again)
    bench.until("and the newest", lambda: bench.was_accepted(again))
    bench.sites.let_go()
    bench.await_ended(there)
    assert bench.sites.platform.primary == target
    assert back not in bench.sites.begun, "nobody wants it any more"
    assert again not in bench.sites.begun, "it is so already"


def test_of_two_objects_that_disagree_one_is_carried_out_at_a_time(bench: Bench):
    source = bench.sites.platform.primary
    target, there = bench.fresh()
    bench.sites.hold_at(CLAIMED)
    bench.clusters["amsterdam"].wish(target, there)
    bench.await_held()
    _, stays = bench.fresh()
    bench.clusters["london"].wish(source, stays)
    bench.until("the second is accepted", lambda: bench.was_accepted(stays))
    assert stays not in bench.sites.begun
    bench.sites.let_go()
    bench.await_ended(there)
    bench.cool_down()
    bench.await_ended(stays)
    assert bench.sites.begun[-2:] == [there, stays]
    bench.until(
        "the first object is told that it is not what was accepted last",
        lambda: (
            condition(bench.clusters["amsterdam"].race(), "SpecDiverged") == ("True", "AnotherWasAccepted")
        ),
    )
    bench.wish(source, stays)
