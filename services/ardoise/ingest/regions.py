"""How far the regions have what this site wrote: what the second acknowledgement waits for."""

import asyncio
from collections.abc import Callable

import nats.errors
import structlog
from nats.js.errors import APIError, NotFoundError

from ardoise.chassis.bus import Bus
from ardoise.chassis.mirror import created_of, made_from
from ardoise.chassis.newest import Newest
from ardoise.chassis.telemetry import gauge
from ardoise.ingest.domain.second import SecondAcknowledgements, Waiting

ASK_EVERY_S = 0.2
# Several round trips over a link of 500 ms that loses packets; a slower region is asked again.
ASK_LIMIT_S = 5.0
LOOK_AGAIN_S = 60.0

_log = structlog.get_logger(__name__)
_reached = gauge("ingest.region_sequence", "1", "Last sequence that a region is known to have, by stream.")


class Regions:
    """The mirrors of one account's streams. A region is asked only while it lacks something that is waited for.

    `reached` holds the sequence, by stream, that at least one region has on its disk; it never goes back.
    """

    def __init__(
        self,
        bus: Bus,
        site: str,
        domains: tuple[str, ...],
        trusted: Callable[[str], bool] = lambda _: True,
    ) -> None:
        """`trusted`: whether a region's mirrors are known to be of these very streams, by its domain."""
        self._bus = bus
        self._site = site
        self._domains = domains
        self._trusted = trusted
        self._expected: dict[str, int] = {}
        self._wanted = asyncio.Event()
        # Mirrors, by stream and their own creation, that were once ahead of what they mirror.
        self._distrusted: set[tuple[str, str]] = set()
        self.reached: Newest[dict[str, int]] = Newest()
        self.reached.set({})

    def expect(self, stream: str, sequence: int) -> None:
        """Somebody waits for this message of the stream."""
        self._expected[stream] = max(self._expected.get(stream, 0), sequence)
        self._wanted.set()

    def has(self, stream: str, sequence: int) -> bool:
        """Whether a region is known to have it."""
        return self.reached.value.get(stream, 0) >= sequence

    async def run(self) -> None:
        """Asks for ever, each region for itself: one that does not answer holds no other up."""
        await asyncio.gather(*(self._ask_forever(domain) for domain in self._domains))

    async def _ask_forever(self, domain: str) -> None:
        answered = True
        while True:
            await self._wanted.wait()
            for stream in [name for name, last in self._expected.items() if not self.has(name, last)]:
                try:
                    await self.ask(domain, stream)
                except (nats.errors.Error, APIError, TimeoutError) as error:
                    if answered:
                        _log.warning(
                            "region_does_not_answer", region=domain, stream=stream, error=repr(error)
                        )
                    answered = False
                else:
                    if not answered:
                        _log.info("region_answers", region=domain)
                    answered = True
            if all(self.has(name, last) for name, last in self._expected.items()):
                self._expected.clear()
                self._wanted.clear()
            await asyncio.sleep(ASK_EVERY_S)

    async def ask(self, domain: str, stream: str) -> None:
        """Asks one region how far its mirror of one stream is. Raises APIError, nats.errors.Error, TimeoutError."""
        if not self._trusted(domain):
            return
        region = self._bus.nc.jetstream(domain=domain, timeout=ASK_LIMIT_S)
        try:
            mirror = await region.stream_info(stream)
        except NotFoundError:
            return
        # Afterwards, so that a mirror that is level does not look ahead.
        origin = await self._bus.js.stream_info(stream)
        itself = (stream, created_of(mirror))
        if made_from(mirror, self._site) != created_of(origin) or itself in self._distrusted:
            return
        if mirror.state.last_seq > origin.state.last_seq:
            # The origin lost its end and counts these sequences again: what the mirror has under them is older.
            self._distrusted.add(itself)
            _log.error("mirror_ahead_of_its_origin", region=domain, stream=stream, last=mirror.state.last_seq)
            return
        if not self.has(stream, mirror.state.last_seq):
            _reached.set(mirror.state.last_seq, {"stream": stream})
            self.reached.set({**self.reached.value, stream: mirror.state.last_seq})


class Owed:
    """The second acknowledgements of one relay's stream. Without regions this site is the only one: none is owed."""

    def __init__(self, regions: Regions | None) -> None:
        self._regions = regions
        self._seen = 0
        self.seconds = SecondAcknowledgements()

    def at_once(self, frame: Waiting) -> bool:
        """Whether the frame gets its second together with its first; otherwise next() will bring it."""
        if self._regions is None or self._regions.has(frame.stream, frame.sequence):
            return True
        self.seconds.add(frame)
        self._regions.expect(frame.stream, frame.sequence)
        return False

    async def next(self) -> list[Waiting]:
        """Waits until a region has more, and takes out what is due; for ever where nothing is ever owed."""
        if self._regions is None:
            return await asyncio.get_running_loop().create_future()
        while True:
            newest = await self._regions.reached.next(self._seen, LOOK_AGAIN_S)
            if newest is None:
                continue
            self._seen, _ = newest
            if due := self.seconds.due(self._regions.has):
                return due
