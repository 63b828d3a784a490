"""Faults 22 to 25 and 46: real operators at real API servers, with the fault in the middle of an operation.

At a step that is held here; on three clusters with a race on, where no step waits: test_race_faults.py.
"""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from anyio.from_thread import start_blocking_portal
from ardoise.chassis.identity import DATA_PLANE
from ardoise.sites.operations.memory import LEASE_S, Claims
from ardoise.sites.operations.record import FAILBACK, Kind
from ardoise.up.programs import Programs, ProgramsMissing, debian_programs

from tests.kubernetes.two_operators import Bench, Reached
from tests.support.etcds import Etcds
from tests.support.moving_sites import CLAIMED, HEARD, LOST, MOVED, MovingSites
from tests.support.operators import REGIONS, condition, who_acts
from tests.support.own_kinds import PLURALS
from tests.support.scripted_sites import identities, served
from tests.unit.sites.operations.platform import OTHER

pytestmark = pytest.mark.timeout(400)
slow = pytest.mark.slow
"""Of all but a kill of each operation at the step that must not be done twice."""
ACCEPTED, REJOINING = "accepted", "rejoining"
FAILOVER = "failover-"
"""What begins the id of one that nobody asked for."""
WATCHED_LIMIT_S = 75.0
SLOW_S = 3.0
"""Of each request: less than the operator's patience of 5 s."""
MOST_REFUSED = 3
NOT_RETRIED = 415
"""By kopf: such a watch it gives up."""


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


@pytest.mark.parametrize(
    "step", [CLAIMED, *(pytest.param(step, marks=slow) for step in (ACCEPTED, HEARD, MOVED, REJOINING))]
)
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
    bench.await_taken_over(acts)
    bench.await_ended(request_id)
    assert bench.acting == OTHER[acts]


@pytest.mark.parametrize("step", [CLAIMED, *(pytest.param(step, marks=slow) for step in (HEARD, MOVED))])
def test_a_forced_failover_is_taken_once_of_two_operators_who_order_it(bench: Bench, step: str):
    acts, (target, request_id) = bench.acting, bench.fresh()
    bench.age(OTHER[acts], bench.sites.platform.primary)
    bench.sites.platform.primary = ""
    before, orders = len(bench.sites.orders), [request_id] * (1 if step == MOVED else 2)
    bench.sites.hold_at(step)
    bench.clusters[acts].force(target, request_id, "Unknown")
    bench.await_held()
    bench.clusters[acts].kill()
    bench.run_out()
    bench.await_taken_over(acts)
    bench.until("it orders the same, unless it is done", lambda: bench.sites.orders[before:] == orders)
    bench.sites.let_go()
    bench.await_ended(request_id, kind=Kind.FORCED_FAILOVER)
    newest = bench.clusters[OTHER[acts]].race()["history"][0]
    assert (newest["acceptedLossMessages"], newest["lostMessages"]) == ("Unknown", LOST)
    bench.await_refused(OTHER[acts])
    assert bench.sites.orders[before:] == orders
    assert bench.sites.platform.primary == target
    assert bench.acting == OTHER[acts]


def test_a_failover_and_the_way_back_are_each_ended_by_the_other_operator(bench: Bench):
    source, first = bench.sites.platform.primary, bench.acting
    second, before = OTHER[first], len(bench.sites.orders)
    # By Patroni.
    bench.sites.platform.promote(OTHER[source])
    failover, back = (f"{begun}{bench.sites.platform.timeline}" for begun in (FAILOVER, FAILBACK))
    bench.until("it is seen", lambda: bench.step(first) == "Rejoining")
    bench.clusters[first].kill()
    bench.run_out()
    bench.await_taken_over(first)
    bench.await_ended(failover, second, kind=Kind.FAILOVER)
    assert bench.acting == second
    assert bench.sites.orders[before:] == [], "nothing was asked for"
    bench.age(first, OTHER[source])
    bench.sites.hold_at(CLAIMED)
    with bench.failing_back():
        bench.await_held()
        bench.clusters[second].kill()
        bench.run_out()
        bench.await_taken_over(second)
        bench.until("it asks for the same again", lambda: bench.sites.orders[before:] == [back] * 2)
        bench.sites.let_go()
        bench.await_ended(back, kind=Kind.FAILBACK)
        bench.await_ended(failover, kind=Kind.FAILOVER)
    bench.await_refused(first)
    assert bench.sites.orders[before:] == [back] * 2
    assert bench.sites.platform.primary == source
    assert bench.acting == first


@slow
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


@slow
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


@slow
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


@slow
def test_watches_that_are_silently_dead_are_begun_again_within_their_time(bench: Bench):
    # After trouble with an API server an operator waits before it watches again.
    bench.until("both watch", lambda: all(one.watches == len(PLURALS) for one in bench.proxies.values()))
    for proxy in bench.proxies.values():
        proxy.silence()
    target, request_id = bench.fresh()
    bench.wish(target, request_id)
    bench.until("the wish is heard", lambda: bench.was_accepted(request_id), WATCHED_LIMIT_S)
    bench.await_ended(request_id)


@slow
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


@slow
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


@slow
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
