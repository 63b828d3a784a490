"""All probes of a drill together, with the race they look at: set up before anything is broken, taken down last."""

import asyncio
import contextlib
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from typing import Any, Self

import grpc
import psycopg

from ardoise.chassis.bus import Bus
from ardoise.pb.setup_pb2 import StageSetup
from ardoise.rehearsal.drills.conditions import mirror_level, written_down
from ardoise.rehearsal.drills.failure import DrillFailed
from ardoise.rehearsal.drills.history import History, Role
from ardoise.rehearsal.drills.platform import Reached
from ardoise.rehearsal.drills.probes.alerts import watch_alerts
from ardoise.rehearsal.drills.probes.blind import watch_itself
from ardoise.rehearsal.drills.probes.copies import watch_digests, watch_position
from ardoise.rehearsal.drills.probes.database import Decider, Server, drop_table, make_table
from ardoise.rehearsal.drills.probes.lease import watch_lease
from ardoise.rehearsal.drills.probes.relays import Relays
from ardoise.rehearsal.drills.probes.screens import Screen
from ardoise.rehearsal.drills.probes.services import ServiceDecider
from ardoise.rehearsal.drills.probes.status import watch_status
from ardoise.rehearsal.drills.probes.wal import watch_wal
from ardoise.rehearsal.drills.scenario import ALWAYS, REGIONS, Cast, Invariant, Moment, Place
from ardoise.rehearsal.drills.stage import begin_race, end_race, race_on
from ardoise.rehearsal.drills.waits import Wait

LOOK_EVERY_S = 0.1
RACE_OVER_LIMIT_S = 10.0
BY_SERVICES = frozenset({Invariant.IN_DOUBT, Invariant.CLIENTS})
"""What is told from what services decide."""


class Probes:
    """`async with Probes(...) as probes`: they run until the block ends. `history` is what they saw."""

    def __init__(
        self,
        reached: Reached,
        buses: Mapping[str, Bus],
        cast: Cast,
        stage: StageSetup,
        seed: int,
        load: int = 1,
        checks: frozenset[Invariant] = ALWAYS,
    ) -> None:
        self._reached, self._buses, self._cast = reached, buses, cast
        self._stage, self._seed, self._checks = stage, seed, checks
        self.history = History(load=load)
        self.relays = Relays(reached, cast[Place.TRUCK], self.history)
        self._stack = AsyncExitStack()
        self._tasks: list[asyncio.Task] = []
        self._deciding: list[asyncio.Task] = []
        self._riding: asyncio.Task | None = None

    async def __aenter__(self) -> Self:
        try:
            await self._set_up()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stack.aclose()

    async def _set_up(self) -> None:
        enter = self._stack.enter_async_context
        ingest = await enter(self._reached.channel(self._cast[Place.TRUCK], "ingest"))
        self.history.epoch = await begin_race(ingest, self._stage)
        self._stack.push_async_callback(self._end_race, ingest)
        async with await self._reached.database(self._cast[Place.PRIMARY]) as session:
            await make_table(session)
        self._stack.push_async_callback(self._drop_table)
        self._start(watch_itself(self.history))
        for site in self._cast.values():
            self._start(Screen(f"http://{self._reached.at(site, 'web')}", site, self.history).run())
            self._start(watch_position(self._buses[site], site, self.history))
            security = await enter(self._reached.channel(site, "security"))
            self._start(watch_alerts(security, site, self.history))
            positioning = await enter(self._reached.channel(site, "positioning"))
            self._start(watch_digests(positioning, site, self.history))
        for place in REGIONS:
            decider = Decider(self._reached, self._cast[place], self.history)
            await decider.open()
            self._deciding.append(self._start(decider.run()))
            if Invariant.SPACE in self._checks:
                site = self._cast[place]
                self._start(watch_wal(self._reached.database_at(site), site, self.history))
            self._start(watch_lease(self._reached, self._cast[place], self.history))
            self._start(Server(self._reached, self._cast[place], self.history).run())
            sites = await enter(self._reached.channel(self._cast[place], "sites"))
            self._start(watch_status(sites, self._cast[place], self.history))
        if self._checks & BY_SERVICES:
            decider = ServiceDecider(self._reached, self._cast[Place.PRIMARY], self.history)
            self._deciding.append(self._start(decider.run()))
        self._riding = self._start(self.relays.run(self._stage, self._seed))

    async def beside(self, steps: Coroutine[Any, Any, None]) -> None:
        """Runs the steps of the drill; a probe that breaks ends them. Raises what they raise, DrillFailed."""
        running = asyncio.ensure_future(steps)
        try:
            done, _ = await asyncio.wait({running, *self._tasks}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not running.done():
                running.cancel()
                await asyncio.wait({running})
        if running in done:
            running.result()
            return
        broken = done.pop()
        raise DrillFailed(f"a probe broke: {broken.get_name()}") from broken.exception()

    async def quiet(self) -> list[str]:
        """Ends the race and waits until all of it is in both regions and in the database; what is still missing."""
        self.history.ended_s = self.history.now_s()
        self.relays.stop()
        for task in self._deciding:
            task.cancel()
        assert self._riding is not None
        # On one machine every site derives what three machines would: a load of six takes six times as long.
        patience_s = Wait.QUIET.seconds * self.history.load
        await asyncio.wait({self._riding}, timeout=patience_s)
        left = [f"{self.relays.kept} frames have no second acknowledgement"] if self.relays.kept else []
        moment = Moment(self.history, self._cast, self.history.changed_s, self.history.now_s())
        wanted = [mirror_level(*REGIONS), written_down()]
        while late := [until for until in wanted if not until.holds(moment)]:
            if self.history.now_s() - moment.waiting_s > patience_s:
                return left + [f"not within {patience_s:.0f} s: {until.says}" for until in late]
            await asyncio.sleep(LOOK_EVERY_S)
        return left

    def _start(self, probe: Coroutine[Any, Any, None]) -> asyncio.Task:
        task = asyncio.create_task(probe, name=probe.__qualname__)
        self._tasks.append(task)
        return task

    async def _drop_table(self) -> None:
        newest = {seen.site: seen.role for seen in self.history.database}
        for site, role in newest.items():
            if role is Role.PRIMARY:
                with contextlib.suppress(psycopg.Error):
                    async with await self._reached.database(site) as session:
                        await drop_table(session)

    async def _end_race(self, ingest: grpc.aio.Channel) -> None:
        """Returns once the truck shows that it is over: the next drill may begin."""
        with contextlib.suppress(grpc.RpcError, TimeoutError):
            await end_race(ingest, self.history.epoch)
            async with (
                asyncio.timeout(RACE_OVER_LIMIT_S),
                self._reached.channel(self._cast[Place.TRUCK], "positioning") as positioning,
            ):
                while await race_on(positioning):  # noqa: ASYNC110 - another process decides it
                    await asyncio.sleep(LOOK_EVERY_S)
