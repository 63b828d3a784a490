"""A standby that is away, and what `sites` knows of it."""

from pathlib import Path

from ardoise.sites.store import SitesStore
from ardoise.up.programs import Programs

from tests.support.stretched import Stretched


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
