"""The bounds of WAL that Patroni keeps in etcd for both servers, made small, and as they were."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from ardoise.rehearsal.drills.failure import DrillFailed
from ardoise.rehearsal.drills.platform import Reached

BOUNDS = ("max_slot_wal_keep_size", "wal_keep_size", "max_wal_size", "min_wal_size")
"""For who is away; for who may have to be rewound; from one checkpoint to the next; kept to be used again."""
LOOK_AGAIN_S = 0.5
APPLIED_LIMIT_S = 20.0


class WalBound:
    """`set` and `restore`, through the Patroni of a region."""

    def __init__(self, reached: Reached) -> None:
        self._reached = reached
        self._before: Mapping[str, Any] | None = None

    async def set(self, site: str, megabytes: int) -> None:
        """Returns once the site's server keeps to it. Raises DrillFailed."""
        async with self._reached.data_plane() as http:
            try:
                config = (await http.get(self._url(site))).raise_for_status().json()
                before = config["postgresql"]["parameters"]
                # First: a change without an answer may have been taken.
                self._before = {name: before.get(name) for name in BOUNDS}
                await self._patch(http, site, dict.fromkeys(BOUNDS, f"{megabytes}MB"))
            except httpx.HTTPError as error:
                raise DrillFailed(f"{site}: Patroni does not bound its WAL: {error!r}") from error
        try:
            async with asyncio.timeout(APPLIED_LIMIT_S), await self._reached.database(site) as session:
                while await self._kept(session) != f"{megabytes}MB":  # noqa: ASYNC110 - another process decides it
                    await asyncio.sleep(LOOK_AGAIN_S)
        except TimeoutError as error:
            raise DrillFailed(f"{site}: not bounded within {APPLIED_LIMIT_S:.0f} s") from error

    async def restore(self, site: str) -> None:
        """As it was. Raises DrillFailed."""
        if self._before is None:
            return
        async with self._reached.data_plane() as http:
            try:
                await self._patch(http, site, self._before)
            except httpx.HTTPError as error:
                raise DrillFailed(f"{site}: Patroni leaves its WAL bounded: {error!r}") from error
        self._before = None

    async def _patch(self, http: httpx.AsyncClient, site: str, bounds: Mapping[str, Any]) -> None:
        answer = await http.patch(self._url(site), json={"postgresql": {"parameters": dict(bounds)}})
        answer.raise_for_status()

    @staticmethod
    async def _kept(session) -> str:
        return (await (await session.execute(f"SHOW {BOUNDS[0]}")).fetchone())[0]

    def _url(self, site: str) -> str:
        return f"https://{self._reached.at(site, 'patroni')}/config"
