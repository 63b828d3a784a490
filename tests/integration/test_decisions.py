"""A decision is on both regions, or on one and said so, or in doubt: never taken for kept and lost."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from ardoise.chassis import decisions
from ardoise.chassis.decisions import LIMIT_S, DecisionStore, InDoubt
from ardoise.chassis.store import Store, StoreUnavailable
from ardoise.positioning.migrations import migrate
from ardoise.security import acknowledgements
from ardoise.security.domain.alert import Acknowledgement, Alert, KeptAt, Severity
from ardoise.security.store import AlertStore
from sqlalchemy import Connection, text

from tests.support.regions import TwoRegions
from tests.support.security import eventually

ALERT = Alert("a1", "malformed-flood", "source:moto-2", Severity.CRITICAL, "Title", "Action", 20, 1, 2, 0, 1)
WAITING = (
    "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name = 'ardoise-test'"
)


def decision(request_id: str = "r1", author: str = "marie.dupont") -> Acknowledgement:
    return Acknowledgement(request_id, ALERT.alert_id, author, "seen to", ALERT.severity, 1_783_000_000_000)


@pytest.fixture
def regions(tmp_path: Path) -> Iterator[TwoRegions]:
    """Both live."""
    with TwoRegions(tmp_path) as regions:
        yield regions


@pytest.fixture
async def store(regions: TwoRegions) -> AsyncIterator[Store]:
    """The database that they share."""
    store = Store(regions.url, "test")
    await migrate(store)
    yield store
    await store.close()


async def waiting_commit(regions: TwoRegions) -> int:
    """The session whose commit waits for the other region."""
    with psycopg.connect(regions.amsterdam.url, autocommit=True) as session:

        async def waiting() -> tuple[int] | None:
            return session.execute(WAITING).fetchone()

        return (await eventually(waiting))[0]


def stop_waiting(regions: TwoRegions, pid: int) -> None:
    """What a statement timeout does, or an administrator: PostgreSQL reports success, with a warning."""
    with psycopg.connect(regions.amsterdam.url, autocommit=True) as session:
        session.execute("SELECT pg_cancel_backend(%s)", [pid])


async def test_with_both_regions_there_a_decision_is_on_both_and_survives_the_loss_of_one(
    regions: TwoRegions, store: Store
):
    security = AlertStore(DecisionStore(store))
    first = await security.acknowledge(ALERT, decision())
    assert first == (decision(), KeptAt.BOTH_REGIONS)
    regions.fail_over()
    await store.close()
    again = await security.acknowledge(ALERT, decision(author="somebody.else"))
    assert again == (decision(), KeptAt.ONE_REGION), "the first decision under this key stands"


async def test_a_servers_defaults_do_not_weaken_a_decision(regions: TwoRegions, store: Store):
    with psycopg.connect(regions.amsterdam.url, autocommit=True) as session:
        session.execute("ALTER ROLE ardoise SET synchronous_commit = local")
        session.execute("ALTER ROLE ardoise SET client_min_messages = error")
    await store.close()
    regions.cut()
    asked = asyncio.create_task(AlertStore(DecisionStore(store)).acknowledge(ALERT, decision()))
    stop_waiting(regions, await waiting_commit(regions))
    with pytest.raises(acknowledgements.InDoubt):
        await asked


async def test_a_commit_that_gave_up_waiting_for_the_other_region_is_in_doubt_though_it_reports_success(
    regions: TwoRegions, store: Store
):
    regions.cut()
    asked = asyncio.create_task(AlertStore(DecisionStore(store)).acknowledge(ALERT, decision()))
    stop_waiting(regions, await waiting_commit(regions))
    with pytest.raises(acknowledgements.InDoubt, match="the other perhaps not"):
        await asked
    async with store.transaction() as connection:
        there = await connection.scalar(text("SELECT count(*) FROM alert_acknowledgement"))
    assert there == 1, "on this region it is, for everybody to read"


@pytest.mark.slow
async def test_what_only_one_region_has_is_neither_acknowledged_when_asked_again_nor_shown(
    regions: TwoRegions, store: Store
):
    regions.cut()
    security = AlertStore(DecisionStore(store))
    asked = asyncio.create_task(security.acknowledge(ALERT, decision()))
    stop_waiting(regions, await waiting_commit(regions))
    with pytest.raises(acknowledgements.InDoubt):
        await asked
    read = asyncio.create_task(security.settle([], [ALERT.alert_id]))
    again = asyncio.create_task(security.acknowledge(ALERT, decision()))
    with pytest.raises(acknowledgements.InDoubt):
        await again
    with pytest.raises(acknowledgements.InDoubt):
        await read
    regions.mend()
    assert await security.acknowledge(ALERT, decision()) == (decision(), KeptAt.BOTH_REGIONS)
    assert await security.settle([], [ALERT.alert_id]) == ([decision()], KeptAt.BOTH_REGIONS)


async def test_in_doubt_is_said_after_five_seconds_and_asked_again_it_is_one_decision_on_the_other_primary(
    regions: TwoRegions, store: Store
):
    security = AlertStore(DecisionStore(store))
    regions.cut()
    started = time.monotonic()
    with pytest.raises(acknowledgements.InDoubt, match="not answered for 5 s"):
        await security.acknowledge(ALERT, decision())
    assert LIMIT_S <= time.monotonic() - started < LIMIT_S + 1.5
    regions.fail_over()
    await store.close()
    assert await security.acknowledge(ALERT, decision()) == (decision(), KeptAt.ONE_REGION)
    async with store.transaction() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM alert_acknowledgement")) == 1


async def test_with_one_region_gone_it_commits_on_the_other_and_says_so_until_both_are_back(
    regions: TwoRegions, store: Store
):
    security = AlertStore(DecisionStore(store))
    regions.cut()
    asked = asyncio.create_task(security.acknowledge(ALERT, decision()))
    await waiting_commit(regions)
    regions.count_on("")
    assert await asked == (decision(), KeptAt.ONE_REGION), "given up while this commit waited for it"
    assert (await security.acknowledge(ALERT, decision("r2")))[1] is KeptAt.ONE_REGION
    regions.mend()
    regions.count_on("london")
    assert (await security.acknowledge(ALERT, decision()))[1] is KeptAt.BOTH_REGIONS


async def test_a_primary_that_dies_while_it_commits_leaves_the_decision_in_doubt(
    regions: TwoRegions, store: Store
):
    regions.cut()
    asked = asyncio.create_task(AlertStore(DecisionStore(store)).acknowledge(ALERT, decision()))
    await waiting_commit(regions)
    regions.fail_over()
    with pytest.raises(acknowledgements.InDoubt):
        await asked


async def test_a_database_that_is_away_decides_nothing_and_is_no_doubt(monkeypatch: pytest.MonkeyPatch):
    store = Store("postgresql://nobody@127.0.0.1:1/nothing", "test")

    def work(_: Connection) -> None:
        raise AssertionError

    with pytest.raises(StoreUnavailable):
        await DecisionStore(store).commit(work)
    await store.close()


@pytest.mark.parametrize("precaution", ["_WAITS", "_EXPLICITLY"])
async def test_without_its_precautions_what_one_region_has_passes_for_kept(
    regions: TwoRegions, store: Store, monkeypatch: pytest.MonkeyPatch, precaution: str
):
    """The negative control: the tests above can fail."""
    with psycopg.connect(regions.amsterdam.url, autocommit=True) as session:
        session.execute("ALTER ROLE ardoise SET synchronous_commit = local")
    await store.close()
    regions.cut()
    asked = asyncio.create_task(AlertStore(DecisionStore(store)).acknowledge(ALERT, decision()))
    stop_waiting(regions, await waiting_commit(regions))
    with pytest.raises(acknowledgements.InDoubt):
        await asked
    monkeypatch.setattr(decisions, precaution, text("SELECT 1"))

    def read(connection: Connection) -> int:
        return connection.scalar(text("SELECT count(*) FROM alert_acknowledgement"))

    assert (await DecisionStore(store).commit(read)).result == 1


@pytest.mark.slow
async def test_in_doubt_and_unavailable_are_told_apart(regions: TwoRegions, store: Store):
    async def commit() -> None:
        await DecisionStore(store).commit(
            lambda connection: connection.execute(text("SELECT 1 FROM nowhere"))
        )

    with pytest.raises(StoreUnavailable):
        await commit()
    regions.cut()
    with pytest.raises(InDoubt):
        await DecisionStore(store).commit(lambda connection: connection.execute(text("SELECT 1")))
