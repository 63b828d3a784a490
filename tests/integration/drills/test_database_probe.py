"""The drill's own sessions on a real stretched database: what it calls acknowledged, refused, in doubt."""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from ardoise.rehearsal.drills.history import History, Outcome, Role
from ardoise.rehearsal.drills.platform import Reached
from ardoise.rehearsal.drills.probes.database import TABLE, Decider, Server, make_table
from ardoise.up.programs import Programs

from tests.support.stretched import REGIONS, Stretched
from tests.support.stretched import programs as programs

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
WITHIN_S = 60.0
WATERMARK = "CREATE TABLE watermark (epoch bigint PRIMARY KEY, sequence bigint)"
WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name = 'drill'"


@pytest.fixture
async def stretched(tmp_path: Path, programs: Programs) -> AsyncIterator[Stretched]:
    async with Stretched(tmp_path, programs) as cluster:
        yield cluster


def reached(stretched: Stretched) -> Reached:
    ports = {site: {"postgres": f"{stretched.hosts[site]}:5432"} for site in REGIONS}
    sites = {site: {"kind": "region", "ports": ports[site]} for site in REGIONS}
    return Reached({"state_dir": str(stretched.directory), "sites": sites})


@contextlib.asynccontextmanager
async def probed(stretched: Stretched) -> AsyncIterator[History]:
    """Both servers looked at, a decider on each, its session opened now."""
    visitor, history = reached(stretched), History(epoch=1)
    async with await visitor.database(await stretched.primary()) as session:
        await session.execute(WATERMARK)
        await make_table(session)
    tasks = []
    for site in REGIONS:
        decider = Decider(visitor, site, history)
        await decider.open()
        tasks += [
            asyncio.create_task(decider.run()),
            asyncio.create_task(Server(visitor, site, history).run()),
        ]
    try:
        yield history
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


def of(history: History, site: str, outcome: Outcome) -> list:
    return [one for one in history.decisions if one.site == site and one.outcome is outcome]


def kept(stretched: Stretched, site: str) -> dict[str, int]:
    with stretched.local(site) as session:
        return dict(session.execute(f"SELECT key, timeline FROM {TABLE}").fetchall())


async def test_a_commit_that_gave_up_waiting_for_the_other_region_is_in_doubt(stretched: Stretched):
    primary = await stretched.primary()
    standby = next(site for site in REGIONS if site != primary)
    async with probed(stretched) as history:
        await until(lambda: len(of(history, primary, Outcome.ACKNOWLEDGED)) > 3)
        stretched.send(standby, signal.SIGSTOP)
        with stretched.local(primary) as session:

            def waiting() -> list[tuple[int]]:
                return session.execute(WAITING).fetchall()

            await until(lambda: bool(waiting()))
            for (pid,) in waiting():
                # PostgreSQL then answers COMMIT with success, and a warning.
                session.execute("SELECT pg_cancel_backend(%s)", (pid,))
        await until(lambda: bool(of(history, primary, Outcome.IN_DOUBT)))
        stretched.send(standby, signal.SIGCONT)

    (doubted, *_) = of(history, primary, Outcome.IN_DOUBT)
    assert "canceling wait for synchronous replication" in doubted.detail
    assert doubted.key in kept(stretched, primary)


async def test_after_a_kill_the_other_server_takes_decisions_on_a_new_timeline_and_none_is_lost(
    stretched: Stretched,
):
    primary = await stretched.primary()
    standby = next(site for site in REGIONS if site != primary)
    async with probed(stretched) as history:
        await until(lambda: len(of(history, primary, Outcome.ACKNOWLEDGED)) > 3)
        await until(lambda: bool(of(history, standby, Outcome.REFUSED)))
        await stretched.kill(primary)
        await until(lambda: len(of(history, standby, Outcome.ACKNOWLEDGED)) > 3)

    before, after = of(history, primary, Outcome.ACKNOWLEDGED), of(history, standby, Outcome.ACKNOWLEDGED)
    assert {one.timeline for one in before} == {1}
    assert {one.timeline for one in after} == {2}
    there = kept(stretched, standby)
    assert {one.key: one.timeline for one in (*before, *after)}.items() <= there.items()
    assert not there.keys() & {one.key for one in history.decisions if one.outcome is Outcome.REFUSED}
    roles = {(seen.site, seen.role) for seen in history.database}
    assert roles >= {
        (primary, Role.PRIMARY),
        (primary, Role.AWAY),
        (standby, Role.STANDBY),
        (standby, Role.PRIMARY),
    }
