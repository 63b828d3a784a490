"""Breaks the truck's log and its mirrors, as only the service that owns them could, and undoes what is left."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

import nats.errors
from nats.js.api import StreamConfig
from nats.js.errors import APIError

from ardoise.chassis.bus import Bus
from ardoise.chassis.log import stream_of
from ardoise.rehearsal.drills.failure import DrillFailed
from ardoise.rehearsal.drills.history import History, Kind
from ardoise.rehearsal.drills.platform import Reached
from ardoise.rehearsal.drills.scenario import (
    BoundLog,
    Cast,
    DeleteMirror,
    LoseLog,
    Place,
    StickMirror,
    WritePoison,
)

NEVER = "log.never"
"""A subject that no log has: a mirror of it copies nothing and says that it lags by nothing."""
POISON = b"\xff\xff\xff nobody can read this"


class LogFaults:
    """`do` for each step; `restore` at the end, whatever happened."""

    def __init__(self, reached: Reached, cast: Cast, history: History) -> None:
        self._reached, self._cast, self._history = reached, cast, history
        self._stuck: set[str] = set()
        self._impostors: list[str] = []
        self._bounded: StreamConfig | None = None
        """The log's configuration as it was."""

    async def do(self, step: StickMirror | DeleteMirror | LoseLog | BoundLog | WritePoison) -> None:
        """Raises DrillFailed."""
        match step:
            case StickMirror(place):
                await self._stick_mirror(self._cast[place])
            case DeleteMirror(place):
                await self._delete_mirror(self._cast[place])
            case LoseLog(further_on):
                await self._lose_log(further_on)
            case BoundLog(percent):
                await self._bound_log(percent)
            case WritePoison():
                await self._write_poison()

    async def restore(self) -> None:
        """Mends what nobody has repaired. Raises DrillFailed."""
        for site in sorted(self._stuck):
            await self._unstick_mirror(site)
        for stream in self._impostors:
            await self._clear_up(stream)
        if self._bounded is not None:
            await self._bound_log(0)

    async def _stick_mirror(self, site: str) -> None:
        """The same mirror made anew, of a subject that never comes: only comparing it with the log shows it."""
        stream = stream_of(self._history.epoch)
        async with _as_of(self._reached, site, "sites") as bus:
            config = (await bus.js.stream_info(stream)).config
            if config.mirror is None:
                raise DrillFailed(f"{site}: {stream} is no mirror")
            self._history.note(Kind.FAULT, f"{site}: the mirror of the log is stuck")
            await bus.js.delete_stream(stream)
            self._stuck.add(site)
            stuck = replace(config.mirror, filter_subject=NEVER)
            await bus.js.add_stream(replace(config, mirror=stuck))

    async def _unstick_mirror(self, site: str) -> None:
        """Where nobody has repaired it: away with it, it is made anew where there is none."""
        stream = stream_of(self._history.epoch)
        async with _as_of(self._reached, site, "sites") as bus:
            mirror = (await bus.js.stream_info(stream)).config.mirror
            if mirror is not None and mirror.filter_subject == NEVER:
                await bus.js.delete_stream(stream)

    async def _delete_mirror(self, site: str) -> None:
        async with _as_of(self._reached, site, "sites") as bus:
            self._history.note(Kind.FAULT, f"{site}: the mirror of the log is deleted")
            await bus.js.delete_stream(stream_of(self._history.epoch))

    async def _lose_log(self, further_on: int) -> None:
        truck, stream = self._cast[Place.TRUCK], stream_of(self._history.epoch)
        async with _as_of(self._reached, truck, "ingest") as bus:
            info = await bus.js.stream_info(stream)
            first = info.state.last_seq + further_on if further_on else 1
            self._history.note(Kind.FAULT, f"{truck}: the log is lost, and made again from {first}")
            await bus.js.delete_stream(stream)
            await bus.js.add_stream(replace(info.config, first_seq=first))
        self._impostors.append(stream)

    async def _bound_log(self, percent: int) -> None:
        truck, stream = self._cast[Place.TRUCK], stream_of(self._history.epoch)
        async with _as_of(self._reached, truck, "ingest") as bus:
            if self._bounded is not None:
                self._history.note(Kind.MENDED, f"{truck}: the log has room again")
                await bus.js.update_stream(self._bounded)
                self._bounded = None
                return
            info = await bus.js.stream_info(stream)
            self._history.note(
                Kind.FAULT, f"{truck}: {percent} % of what the log has taken is all it may take"
            )
            self._bounded = info.config
            await bus.js.update_stream(replace(info.config, max_bytes=info.state.bytes * percent // 100))

    async def _clear_up(self, stream: str) -> None:
        """What stands in the place of a log that was given up holds nothing that was acknowledged."""
        async with _as_of(self._reached, self._cast[Place.TRUCK], "ingest") as bus:
            await bus.js.delete_stream(stream)

    async def _write_poison(self) -> None:
        epoch, truck = self._history.epoch, self._cast[Place.TRUCK]
        self._history.note(Kind.FAULT, "a message that nobody can read comes to stand in the log")
        async with _as_of(self._reached, truck, "ingest") as bus:
            acknowledgement = await bus.js.publish(
                f"log.{epoch}.frame.poison", POISON, stream=stream_of(epoch)
            )
        self._history.poisoned.append((epoch, acknowledgement.seq))


@contextlib.asynccontextmanager
async def _as_of(reached: Reached, site: str, holder: str) -> AsyncIterator[Bus]:
    """A connection with a service's own certificate: some faults are what only that service could do."""
    settings = reached.settings(site).model_copy(update={"identity_dir": reached.identity_of(site)})
    try:
        bus = await Bus.connect(settings, holder)
    except (nats.errors.Error, OSError) as error:
        raise DrillFailed(f"{site}: nats-server does not answer: {error!r}") from error
    try:
        yield bus
    except (nats.errors.Error, APIError, TimeoutError) as error:
        raise DrillFailed(f"{site}: nats-server refused: {error!r}") from error
    finally:
        await bus.close()
