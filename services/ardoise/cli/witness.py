"""`ardoise sites witness`: moves the third vote of etcd to a stand-in before the truck goes, and back."""

import asyncio
import time
import uuid
from collections.abc import Mapping

import typer

from ardoise.cli.sites_status import first_answer
from ardoise.pb.sites_pb2 import GetSitesStatusRequest, MoveWitnessRequest, SitesStatus
from ardoise.pb.sites_pb2_grpc import SitesServiceStub
from ardoise.sites.witness import VOTERS, votes

CALL_LIMIT_S = 5.0
LOOK_EVERY_S = 1.0
MOVE_LIMIT_S = 60.0
"""A learner copies a few hundred kilobytes; two elections may come between."""


def move_witness(regions: Mapping[str, str], witness: str) -> None:
    """Calls it, and waits until it alone is third. Raises RuntimeError."""
    asyncio.run(_move(regions, witness))


async def _move(regions: Mapping[str, str], witness: str) -> None:
    async def call(sites: SitesServiceStub) -> str:
        request = MoveWitnessRequest(request_id=uuid.uuid4().hex, witness=witness)
        return (await sites.MoveWitness(request, timeout=CALL_LIMIT_S)).member

    async def look(sites: SitesServiceStub) -> SitesStatus:
        return (await sites.GetSitesStatus(GetSitesStatusRequest(), timeout=CALL_LIMIT_S)).status

    member = await first_answer(regions, call)
    typer.echo(f"{member} is called")
    deadline_s = time.monotonic() + MOVE_LIMIT_S
    while True:
        status = await first_answer(regions, look)
        own = next(site.report for site in status.sites if site.site == status.seen_from)
        voters = [one.site for one in own.etcd if votes(one)]
        if member in voters and len(voters) == VOTERS:
            typer.echo(f"etcd votes: {', '.join(voters)}")
            return
        if time.monotonic() > deadline_s:
            raise RuntimeError(
                f"not within {MOVE_LIMIT_S:.0f} s, it goes on by itself; now: {', '.join(voters)}"
            )
        await asyncio.sleep(LOOK_EVERY_S)
