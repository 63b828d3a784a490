"""Keeps etcd's leadership in the standby's region.

A new leader of etcd lets every lease run from its beginning again. Where the old one is lost together with the
primary, the election (3 to 6 s) and a whole lease stand before the promotion: measured 28 s, instead of 20 s with the
leadership elsewhere. Not on the truck either: everything that etcd writes would go twice over the truck's link. Its
own region lost, the primary waits for the election, which Patroni's retry_timeout is longer than.
"""

import asyncio
from collections.abc import Mapping

import structlog

from ardoise.pb.sites_pb2 import DatabaseRole, SiteReport
from ardoise.sites.etcd_api import EtcdApi, NoAnswer, NotDone
from ardoise.sites.reporting import Reporter
from ardoise.sites.witness import SUFFIX

LOOK_EVERY_S = 2.0
LOOKS = 3
"""So many looks after one another: what has just failed over may not have settled."""

_log = structlog.get_logger(__name__)


def leader_to_relieve(report: SiteReport) -> str:
    """The site whose member leads although the one of this report's site should; empty: none.

    That is the standby's region, and only while every member is well.
    """
    if report.database.role != DatabaseRole.DATABASE_ROLE_SYNCHRONOUS_STANDBY:
        return ""
    # A stand-in for the truck is asked for nothing, and is there for a night.
    members = [member for member in report.etcd if not member.site.endswith(SUFFIX)]
    if not members or not all(member.healthy for member in members):
        return ""
    leader = next((member.site for member in members if member.leader), "")
    return "" if leader == report.site else leader


class EtcdLeader:
    """Looks, and takes the leadership over."""

    def __init__(self, here: str, members: Mapping[str, EtcdApi], reporter: Reporter) -> None:
        """`members`: by site."""
        self._here, self._members, self._reporter = here, members, reporter

    async def run(self) -> None:
        """For ever, every LOOK_EVERY_S; what does not work is tried again."""
        seen = 0
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            report = self._reporter.newest.value
            leader = leader_to_relieve(report) if report is not None else ""
            seen = seen + 1 if leader else 0
            if seen >= LOOKS:
                await asyncio.to_thread(self._take_over, leader)
                seen = 0

    def _take_over(self, leader: str) -> None:
        try:
            self._members[leader].hand_over(self._members[self._here].id())
        except (NoAnswer, NotDone) as error:
            _log.warning("etcd_leadership_not_moved", of=leader, to=self._here, error=repr(error))
        else:
            _log.info("etcd_leadership_moved", of=leader, to=self._here)
