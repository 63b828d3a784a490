"""A standby that is away, and one that is copied anew."""

import json
from pathlib import Path

import pytest
from ardoise.sites import set_aside
from ardoise.sites.patroni import NoWord
from ardoise.sites.stale_rows import read_summaries
from ardoise.sites.store import SitesStore
from ardoise.up.programs import Programs

from tests.support.nats import NatsServer
from tests.support.stretched import REGIONS, Stretched

FAILING = "#!/bin/sh\nsleep 3\nexit 1\n"


async def test_sites_may_ask_what_the_primary_has_for_a_standby_that_is_away(
    programs: Programs, tmp_path: Path
):
    async with Stretched(tmp_path, programs) as cluster:
        store = SitesStore(cluster.url("amsterdam", "london", holder="sites"))
        assert await store.kept_from() == {}
        with cluster.local("amsterdam") as session:
            now = session.execute("SELECT (pg_current_wal_lsn() - '0/0')::bigint").fetchone()[0]
        await cluster.kill("london")

        async def away() -> bool:
            return bool(await store.kept_from())

        await cluster.until(away)
        assert (await store.kept_from())["london"] <= now
        await store.close()


async def test_a_standby_is_replaced_by_a_whole_copy_alone_and_has_nothing_to_be_set_aside(
    programs: Programs, tmp_path: Path, nats_server: NatsServer
):
    async with (
        Stretched(tmp_path, programs, dict.fromkeys(REGIONS, nats_server.url)) as cluster,
        cluster.controlled() as patroni,
    ):
        london = cluster.patroni["london"]
        hooks, before = london.directory / "hooks.json", london.data.stat().st_ino
        right = hooks.read_text()
        (tmp_path / "pg_basebackup").write_text(FAILING)
        (tmp_path / "pg_basebackup").chmod(0o700)

        async def said_not_copied() -> bool:
            return "not copied at london: pg_basebackup ended with 1" in cluster.said("london")

        async def copied() -> bool:
            return london.data.exists() and london.data.stat().st_ino != before

        hooks.write_text(json.dumps({**json.loads(right), "postgres_bin": str(tmp_path)}))
        await patroni.copy_anew("london")
        with pytest.raises(NoWord, match="already in progress"):
            await patroni.copy_anew("london")
        await cluster.until(said_not_copied)
        await cluster.until(cluster.both_synchronous)
        assert london.data.stat().st_ino == before

        hooks.write_text(right)
        await patroni.copy_anew("london")
        await cluster.until(copied)
        await cluster.until(cluster.both_synchronous)
        assert "set aside at london: nothing" in cluster.said("london")
        assert read_summaries(london.directory) == []
        assert not list((london.directory / set_aside.DIRECTORY).iterdir())
