"""The regions' copies of this site's logs, compared with its own before anything is written behind them."""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import nats.errors
from nats.js import JetStreamContext
from nats.js.errors import APIError, NotFoundError

from ardoise.chassis.bus import Bus
from ardoise.chassis.log import LogReader, stream_of
from ardoise.chassis.mirror import api_of, digest_of, made_from
from ardoise.ingest.domain.continuity import Held

# The truck's leaves need a second or two after its nats-server has started; a region that is lost costs this much.
ANSWER_LIMIT_S = 5.0
ASK_LIMIT_S = 2.0
ASK_AGAIN_S = 0.25

FAILURES = (nats.errors.Error, APIError, TimeoutError)


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
        return {epoch: await self._held_at(self._site, epoch) for epoch in epochs}

    async def of_unknown(
        self, own: Mapping[int, Held | None], seams: Mapping[int, Sequence[int]]
    ) -> dict[str, dict[int, Held]]:
        """What each region has of these epochs, of those unknown that answer in time. `seams`: see HighWaterMarks."""
        asked = {region: asyncio.ensure_future(self._answer(region, own, seams)) for region in self.unknown}
        if not asked:
            return {}
        _, late = await asyncio.wait(asked.values(), timeout=ANSWER_LIMIT_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return {region: task.result() for region, task in asked.items() if task not in late}

    async def _answer(
        self, region: str, own: Mapping[int, Held | None], seams: Mapping[int, Sequence[int]]
    ) -> dict[int, Held]:
        while True:
            try:
                held = await asyncio.gather(
                    *(self._held(region, epoch, mine, seams[epoch]) for epoch, mine in own.items())
                )
                return {epoch: there for epoch, there in zip(own, held, strict=True) if there is not None}
            except FAILURES:
                await asyncio.sleep(ASK_AGAIN_S)

    async def _held(self, region: str, epoch: int, own: Held | None, seams: Sequence[int]) -> Held | None:
        there = self._bus.nc.jetstream(domain=region, timeout=ASK_LIMIT_S)
        held = await self._held_at(region, epoch)
        if held is None or own is None:
            return held
        first, end = max(held.first, own.first), min(held.last, own.last)
        # Records carry the time of their writing: where a tail was written twice, the newest that both have differs. Of
        # a mirror that has gone on with the new tail behind the old one, the first that was written again does.
        looked_at = sorted(sequence for sequence in {first, *seams, end} if first <= sequence <= end)
        # All at once: a region behind a satellite has one answer's time for them, not one for each.
        differ = await asyncio.gather(*(self._differs(there, epoch, sequence) for sequence in looked_at))
        differing = [sequence for sequence, differs in zip(looked_at, differ, strict=True) if differs]
        return replace(held, differs_at=differing[0]) if differing else held

    async def _differs(self, there: JetStreamContext, epoch: int, sequence: int) -> bool:
        stream = stream_of(epoch)
        try:
            mirrored = await there.get_msg(stream, seq=sequence)
            mine = await self._bus.js.get_msg(stream, seq=sequence)
        except NotFoundError:
            return False
        return digest_of(mirrored) != digest_of(mine)

    async def _held_at(self, site: str, epoch: int) -> Held | None:
        """Of the own site the log, of a region its mirror; None: there is none."""
        try:
            info = await self._bus.nc.jetstream(domain=site, timeout=ASK_LIMIT_S).stream_info(
                stream_of(epoch)
            )
        except NotFoundError:
            return None
        if site != self._site and not made_from(info, self._site):
            return None
        state = info.state
        # A stream without messages may say 0 for its first.
        first = state.first_seq if state.messages else state.last_seq + 1
        if not state.num_deleted:
            return Held(first, state.last_seq)
        # A mirror of a log that was made again further on has gone on behind a hole.
        return Held(first, min(await self._missing_at(site, epoch)) - 1)

    async def _missing_at(self, site: str, epoch: int) -> list[int]:
        """Sequences that are not there. nats-py does not ask for them (2.16)."""
        request = json.dumps({"deleted_details": True}).encode()
        subject = f"{api_of(site)}.STREAM.INFO.{stream_of(epoch)}"
        answer = await self._bus.nc.request(subject, request, timeout=ASK_LIMIT_S)
        return json.loads(answer.data)["state"]["deleted"]
