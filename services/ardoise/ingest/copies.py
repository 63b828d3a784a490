"""The regions' copies of this site's logs, compared with its own before anything is written behind them."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace

import nats.errors
import structlog
from nats.js import JetStreamContext
from nats.js.errors import APIError, NotFoundError

from ardoise.chassis.bus import Bus
from ardoise.chassis.log import LogReader, stream_of
from ardoise.chassis.mirror import digest_of, made_from
from ardoise.ingest.domain.continuity import Held

# The truck's leaves need a second or two after its nats-server has started; a region that is lost costs this much.
ANSWER_LIMIT_S = 5.0
ASK_LIMIT_S = 2.0
ASK_AGAIN_S = 0.25

FAILURES = (nats.errors.Error, APIError, TimeoutError)

_log = structlog.get_logger(__name__)


class Copies:
    """Mirrors in the regions. `compared` are the regions whose mirrors are known to be of these very logs."""

    def __init__(self, bus: Bus, site: str, regions: Iterable[str]) -> None:
        self._bus, self._site = bus, site
        self._regions = tuple(regions)
        self.compared: set[str] = set()

    @property
    def unknown(self) -> tuple[str, ...]:
        """Regions that have not answered yet."""
        return tuple(region for region in self._regions if region not in self.compared)

    def readers(self) -> list[LogReader]:
        """One for each region."""
        return [LogReader(self._bus, region) for region in self._regions]

    async def own(self, epochs: Iterable[int]) -> dict[int, Held | None]:
        """What stands here. Raises APIError, nats.errors.Error, TimeoutError."""
        return {epoch: await _held_in(self._bus.js, epoch) for epoch in epochs}

    async def of_unknown(self, own: Mapping[int, Held | None]) -> dict[str, dict[int, Held]]:
        """What each region has of these epochs, of those unknown that answer in time."""
        asked = {region: asyncio.ensure_future(self._answer(region, own)) for region in self.unknown}
        if not asked:
            return {}
        _, late = await asyncio.wait(asked.values(), timeout=ANSWER_LIMIT_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return {region: task.result() for region, task in asked.items() if task not in late}

    async def _answer(self, region: str, own: Mapping[int, Held | None]) -> dict[int, Held]:
        while True:
            try:
                held = await asyncio.gather(*(self._held(region, epoch, mine) for epoch, mine in own.items()))
                return {epoch: there for epoch, there in zip(own, held, strict=True) if there is not None}
            except FAILURES as error:
                _log.info("region_not_asked", region=region, error=repr(error))
                await asyncio.sleep(ASK_AGAIN_S)

    async def _held(self, region: str, epoch: int, own: Held | None) -> Held | None:
        there = self._bus.nc.jetstream(domain=region, timeout=ASK_LIMIT_S)
        held = await _held_in(there, epoch, of=self._site)
        if held is None or own is None:
            return held
        first, end = max(held.first, own.first), min(held.last, own.last)
        # Records carry the time of their writing: where a tail was written twice, the newest that both have differs.
        for sequence in sorted({first, end}) if first <= end else ():
            if await self._differs(there, epoch, sequence):
                return replace(held, differs_at=sequence)
        return held

    async def _differs(self, there: JetStreamContext, epoch: int, sequence: int) -> bool:
        stream = stream_of(epoch)
        try:
            mirrored = await there.get_msg(stream, seq=sequence)
            mine = await self._bus.js.get_msg(stream, seq=sequence)
        except NotFoundError:
            return False
        return digest_of(mirrored) != digest_of(mine)


async def _held_in(context: JetStreamContext, epoch: int, of: str = "") -> Held | None:
    """`of`: only a mirror of that site's stream counts."""
    try:
        info = await context.stream_info(stream_of(epoch))
    except NotFoundError:
        return None
    if of and not made_from(info, of):
        return None
    # A stream without messages may say 0 for its first.
    first = info.state.first_seq if info.state.messages else info.state.last_seq + 1
    return Held(first, info.state.last_seq)
