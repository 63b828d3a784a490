"""Patroni's REST interface, as `sites` asks it and tells it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import httpx

from ardoise.sites.database import wal_position
from ardoise.sites.topology import Topology

STEP_LIMIT_S = 30.0
"""It answers once the old primary has stopped and the new one leads, or tells within 20 s that it cannot say."""

STREAMING = "streaming"

type History = list[list[Any]]
"""A line for each timeline: [the one that ended, LSN, why, when its successor began, who began it]."""


class NoWord(Exception):
    """Patroni did not answer, or refused; the message is its word."""


@dataclass(frozen=True)
class Member:
    """A region's server, as its own Patroni says."""

    primary: bool
    """It takes writes."""
    timeline: int
    """0: not known."""
    nobody_leads: bool
    """In etcd, as it sees it."""
    follows_nobody: bool = False
    """It runs as a standby, and nobody sends it what follows."""
    wal_position: int | None = None
    """How far it has the write-ahead log, in bytes; None: it does not say."""

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        """From GET /patroni."""
        running = said.get("state") == "running"
        return cls(
            primary=running and said.get("role") == "primary",
            timeline=said.get("timeline") or 0,
            nobody_leads=bool(said.get("cluster_unlocked")),
            follows_nobody=running
            and said.get("role") == "replica"
            and said.get("replication_state") != STREAMING,
            wal_position=wal_position(said.get("xlog") or {}),
        )


class Patroni:
    """Both regions' members, to be asked and told."""

    def __init__(self, http: httpx.AsyncClient, topology: Topology) -> None:
        """`http`: with a certificate that Patroni takes."""
        self._http, self._topology = http, topology

    async def member(self, site: str) -> Member | None:
        """What it is now; None: it does not answer."""
        try:
            return Member.of((await self._http.get(self._url(site, "patroni"))).json())
        except (httpx.HTTPError, ValueError):
            return None

    async def history(self, site: str) -> History:
        """Who led when, as etcd has it. Raises NoWord."""
        try:
            return (await self._http.get(self._url(site, "history"))).raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise NoWord(f"{site}'s Patroni does not say when the primary changed last: {error!r}") from error

    async def switch_over(self, old: str, new: str) -> str:
        """Asks the old primary's for it. Raises NoWord; what comes of it then is open."""
        return await self._tell(old, "switchover", {"leader": old, "candidate": new})

    async def fail_over(self, new: str) -> str:
        """Gives the leadership that nobody has to this region. Raises NoWord."""
        return await self._tell(new, "failover", {"candidate": new})

    async def copy_anew(self, site: str) -> str:
        """Has this region's server copied from the primary's, unless it is at something already. Raises NoWord."""
        # Never forced: a rewind that is under way would be killed before all is set aside.
        return await self._tell(site, "reinitialize", {})

    async def _tell(self, site: str, what: str, body: Mapping[str, Any]) -> str:
        try:
            answer = await self._http.post(self._url(site, what), json=body, timeout=STEP_LIMIT_S)
        except httpx.HTTPError as error:
            raise NoWord(f"{site}'s Patroni did not answer: {error!r}") from error
        if not answer.is_success:
            raise NoWord(f"Patroni: {answer.text.strip()}")
        return answer.text.strip()

    def _url(self, site: str, path: str) -> str:
        return f"https://{self._topology.site(site).patroni}/{path}"
