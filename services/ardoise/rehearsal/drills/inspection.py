"""Looks at the platform before a drill, and after it: what the precheck judges."""

import asyncio
from collections.abc import Mapping
from typing import Any

import grpc
import httpx
import nats.errors
from nats.js.errors import APIError

from ardoise.chassis.bus import Bus
from ardoise.chassis.log import STREAM_PREFIX
from ardoise.rehearsal.drills import etcd
from ardoise.rehearsal.drills.platform import Reached
from ardoise.rehearsal.drills.precheck import REGION, Platform
from ardoise.rehearsal.drills.stage import race_on
from ardoise.up.control import Control


async def connect(reached: Reached) -> dict[str, Bus]:
    """A connection to each site's nats-server; absent where it does not answer."""
    found = await asyncio.gather(*(reached.bus(site) for site in reached.sites), return_exceptions=True)
    return {site: bus for site, bus in zip(reached.sites, found, strict=True) if isinstance(bus, Bus)}


async def inspect(
    control: Control, reached: Reached, buses: Mapping[str, Bus], *, own_race: bool
) -> Platform:
    """What is there now. `own_race`: a race that is live is the drill's own, and no objection."""
    state = await control.state()
    positions = {site: logs for site, bus in buses.items() if (logs := await _logs(bus)) is not None}
    return Platform(
        state=state,
        members=await members(reached),
        parameters=await _parameters(reached),
        etcd_leader=await etcd.leader(reached),
        positions=positions,
        race_on=not own_race and await _race_on(reached),
    )


async def _logs(bus: Bus) -> dict[int, int] | None:
    found: dict[int, int] = {}
    seen = 0
    try:
        while True:
            page = await bus.js.streams_info_iterator(seen)
            infos = list(page)
            seen += len(infos)
            for info in infos:
                name = info.config.name or ""
                if name.startswith(STREAM_PREFIX):
                    found[int(name.removeprefix(STREAM_PREFIX))] = info.state.last_seq
            if not infos or seen >= page.total:
                return found
    except (nats.errors.Error, APIError, TimeoutError):
        return None


async def members(reached: Reached) -> tuple[Mapping, ...]:
    """As the first region says that answers."""
    return tuple((await _patroni(reached, "cluster")).get("members", ()))


async def _parameters(reached: Reached) -> Mapping[str, Any]:
    return (await _patroni(reached, "config")).get("postgresql", {}).get("parameters", {})


async def _patroni(reached: Reached, path: str) -> Mapping[str, Any]:
    """Of the first region that answers; empty: none does."""
    regions = [name for name, site in reached.state["sites"].items() if site["kind"] == REGION]
    async with reached.data_plane() as http:
        for region in regions:
            try:
                answer = await http.get(f"https://{reached.at(region, 'patroni')}/{path}")
                return answer.raise_for_status().json()
            except httpx.HTTPError:
                continue
    return {}


async def _race_on(reached: Reached) -> bool:
    truck = next(name for name, site in reached.state["sites"].items() if site["kind"] != REGION)
    async with reached.channel(truck, "positioning") as opened:
        try:
            return await race_on(opened)
        except grpc.RpcError:
            return False  # its part is not running, or its mirror is behind: said elsewhere
