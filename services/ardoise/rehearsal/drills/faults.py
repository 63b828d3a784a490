"""Does the steps of a drill, and undoes whatever is still broken."""

import asyncio
import signal
import uuid

import grpc
import psutil
import psycopg

from ardoise.chassis.rpc import failure_of
from ardoise.pb.sites_pb2 import MoveWitnessRequest
from ardoise.pb.sites_pb2_grpc import SitesServiceStub
from ardoise.rehearsal.drills import etcd
from ardoise.rehearsal.drills.asking import Asking
from ardoise.rehearsal.drills.failure import DrillFailed
from ardoise.rehearsal.drills.history import History, Kind
from ardoise.rehearsal.drills.log_faults import LogFaults
from ardoise.rehearsal.drills.platform import Reached
from ardoise.rehearsal.drills.precheck import HELD
from ardoise.rehearsal.drills.probes.database import break_off_waits, write_alone, write_wal
from ardoise.rehearsal.drills.probes.relays import Relays
from ardoise.rehearsal.drills.race_control import try_to_decide
from ardoise.rehearsal.drills.scenario import (
    Act,
    BeginSwitchover,
    BoundLog,
    BoundWal,
    BreakOffWaits,
    Cast,
    CrashRecorder,
    Decide,
    DeleteMirror,
    Do,
    EndSwitchover,
    KillInside,
    LeadEtcd,
    LoseLog,
    Place,
    ReportRate,
    SendAgain,
    SetClock,
    SetLink,
    StatusSays,
    Step,
    StickMirror,
    Switchover,
    WriteAlone,
    WritePoison,
    WriteWal,
)
from ardoise.rehearsal.drills.wal_bound import WalBound
from ardoise.sites.witness import SUFFIX
from ardoise.up.control import Action, Control
from ardoise.up.network import Condition

CALL_LIMIT_S = 5.0
WATERMARK = "SELECT sequence FROM watermark WHERE epoch = %(epoch)s"
WATERMARK_LOOK_S = 0.002
CRASHES_LIMIT_S = 120.0
PART_LOOK_S = 0.1


class Faults:
    """`do` for each step; `restore` at the end, whatever happened."""

    def __init__(
        self,
        control: Control,
        reached: Reached,
        cast: Cast,
        relays: Relays,
        history: History,
    ) -> None:
        self._control, self._reached, self._cast = control, reached, cast
        self._relays, self._history = relays, history
        self._asking = Asking(reached, cast, history)
        self._log = LogFaults(reached, cast, history)
        self._wal = WalBound(reached)
        self.paused: set[tuple[str, tuple[str, ...]]] = set()
        """Parts of sites that stand still."""

    async def do(self, step: Step) -> None:
        """Breaks or mends something. Raises DrillFailed, Refused."""
        match step:
            case SetLink():
                await self._set_link(step)
            case Act():
                await self._act(step)
            case KillInside():
                await self._kill_inside(step)
            case Switchover(refused):
                await self._asking.begin_switchover(at_once=bool(refused))
                await self._asking.end_switchover(refused)
            case BeginSwitchover():
                await self._asking.begin_switchover()
            case EndSwitchover(refused):
                await self._asking.end_switchover(refused)
            case StatusSays():
                await self._asking.status_says(step)
            case WriteAlone(place):
                await self._write_alone(self._cast[place])
            case BreakOffWaits(place):
                await self._break_off_waits(self._cast[place])
            case WriteWal(place, megabytes):
                await self._write_wal(self._cast[place], megabytes)
            case BoundWal(megabytes):
                await self._bound_wal(megabytes)
            case LeadEtcd(place):
                site = self._cast[place]
                self._history.note(Kind.FAULT, f"{site}'s member is to lead etcd")
                await etcd.lead(self._reached, site)
            case CrashRecorder():
                await self._crash_recorder(self._cast[step.place], step.times)
            case StickMirror() | DeleteMirror() | LoseLog() | BoundLog() | WritePoison():
                await self._log.do(step)
            case SendAgain():
                self._history.note(Kind.FAULT, "every frame is sent again")
                self._relays.send_again()
            case ReportRate(times_a_second):
                self._history.note(Kind.MENDED, f"sensors report {times_a_second} times a second")
                self._relays.report(times_a_second)
            case SetClock(place, ahead_s):
                site = self._cast[place]
                kind = Kind.FAULT if ahead_s else Kind.MENDED
                self._history.note(kind, f"{site}: its clock is {ahead_s:+d} s off")
                await self._control.set_clock(site, ahead_s)
            case Decide():
                await self._decide(step)
            case Do(says, work):
                self._history.note(Kind.FAULT, says)
                await work(self._cast)
                self._history.note(Kind.MENDED, f"{says}: done")

    async def _decide(self, step: Decide) -> None:
        made = await try_to_decide(self._reached, self._cast[step.place], step.action, self._history)
        self._history.race_decisions.append(made)
        came = f"stands in the log at {made.sequence}" if made.sequence else "is refused"
        self._history.note(Kind.REACHED, f"race control at {made.site}: {step.action} {came}")

    async def restore(self) -> None:
        """Mends links, wakes and starts processes: all that is not as it was. Raises DrillFailed, Refused."""
        await self._asking.close()
        for site, parts in sorted(self.paused):
            await self._control.act(site, Action.RESUME, *parts)
        state = await self._control.state()
        for link in state["links"]:
            await self._control.set_link(link["sender"], link["receiver"], Condition())
        for site, found in state["sites"].items():
            if found["clock_ahead_s"]:
                await self._control.set_clock(site, 0)
            if found["disk"]:
                await self._control.act(site, Action.EASE_DISK)
        held = {
            site: [name for name, part in found["parts"].items() if part["state"] == HELD]
            for site, found in state["sites"].items()
        }
        # All sites at once: no member of etcd is ready alone.
        await asyncio.gather(
            *(self._control.act(site, Action.RESTORE, *parts) for site, parts in held.items() if parts)
        )
        await self._log.restore()
        await self._wal.restore(self._cast[Place.PRIMARY])
        await self._call_truck()

    async def _set_link(self, step: SetLink) -> None:
        one, other = self._cast[step.one], self._cast[step.other]
        mended = step.condition == Condition()
        how = "whole" if mended else "cut" if step.condition.cut else str(step.condition)
        text = f"link {one} {'-' if step.both_ways else 'to'} {other}: {how}"
        self._history.note(Kind.MENDED if mended else Kind.FAULT, text)
        await self._control.set_link(one, other, step.condition)
        if step.both_ways:
            await self._control.set_link(other, one, step.condition)

    async def _act(self, step: Act) -> None:
        site = self._cast[step.place]
        parts = await self._named(site, step.parts)
        mends = step.action in (Action.RESTORE, Action.RESUME, Action.EASE_DISK)
        text = f"{site}: {step.action} {', '.join(parts) or 'everything'}"
        if not mends:
            self._history.note(Kind.FAULT, text)
        if step.action is Action.PAUSE:
            self.paused.add((site, parts))
        await self._control.act(site, step.action, *parts)
        if step.action is Action.RESUME:
            self.paused.discard((site, parts))
        if mends:
            self._history.note(Kind.MENDED, text)

    async def _named(self, site: str, parts: tuple[str, ...]) -> tuple[str, ...]:
        """As the site calls them: members of what is stretched over all sites bear its name too."""
        there = (await self._control.state())["sites"][site]["parts"]
        return tuple(part if part in there else f"{part}-{site}" for part in parts)

    async def _kill_inside(self, step: KillInside) -> None:
        site = self._cast[step.place]
        state = await self._control.state()
        (name,) = await self._named(site, (step.part,))
        part = psutil.Process(state["sites"][site]["parts"][name]["pid"])
        # The topmost of its name: PostgreSQL's own children bear it too.
        found = [
            child
            for child in part.children(recursive=True)
            if child.name() == step.program and (parent := child.parent()) and parent.name() != step.program
        ]
        if not found:
            raise DrillFailed(f"{site}: {step.part} runs no {step.program}")
        self._history.note(Kind.FAULT, f"{site}: kill -9 {step.program}")
        found[0].send_signal(signal.SIGKILL)

    async def _write_alone(self, site: str) -> None:
        try:
            keys = await write_alone(await self._reached.database(site), site)
        except psycopg.Error as error:
            raise DrillFailed(f"{site} takes no rows for itself: {error}") from error
        self._history.alone += keys
        self._history.note(Kind.FAULT, f"{site}: {len(keys)} rows that nobody else has")

    async def _break_off_waits(self, site: str) -> None:
        try:
            waited = await break_off_waits(await self._reached.database(site))
        except psycopg.Error as error:
            raise DrillFailed(f"{site}: no wait could be broken off: {error}") from error
        if not waited:
            raise DrillFailed(f"{site}: no commit waits for the other region")
        self._history.note(Kind.FAULT, f"{site}: {waited} commits wait for the other region no more")

    async def _write_wal(self, site: str, megabytes: int) -> None:
        self._history.note(Kind.FAULT, f"{site}: {megabytes} MB of WAL")
        try:
            await write_wal(await self._reached.database(site), megabytes)
        except psycopg.Error as error:
            raise DrillFailed(f"{site}: no WAL could be written: {error}") from error

    async def _bound_wal(self, megabytes: int) -> None:
        site = self._cast[Place.PRIMARY]
        if megabytes:
            self._history.note(Kind.FAULT, f"{megabytes} MB of WAL are all that is kept for who is away")
            await self._wal.set(site, megabytes)
        else:
            await self._wal.restore(site)
            self._history.note(Kind.MENDED, "as much WAL is kept as before")

    async def _crash_recorder(self, site: str, times: int) -> None:
        """What another session sees is committed: rows that come in another transaction are then under way."""
        epoch = self._history.epoch
        try:
            async with await self._reached.database(site) as session, asyncio.timeout(CRASHES_LIMIT_S):
                killed: int | None = None
                for number in range(1, times + 1):
                    # The other region's may write meanwhile: this one has to be there again.
                    recorder = await self._running(site, "recorder", killed)
                    await _watermark_moves(session, epoch)
                    victims = [recorder, *recorder.children(recursive=True)]
                    for victim in victims:
                        victim.kill()
                    killed = recorder.pid
                    self._history.note(Kind.FAULT, f"{site}: kill -9 recorder behind its watermark, {number}")
        except (psycopg.Error, psutil.NoSuchProcess, TimeoutError) as error:
            raise DrillFailed(
                f"{site}: its recorder could not be crashed {times} times: {error!r}"
            ) from error

    async def _running(self, site: str, part: str, killed: int | None) -> psutil.Process:
        """Waits until it runs, in another process than the one that was killed."""
        while True:
            pid = (await self._control.state())["sites"][site]["parts"][part]["pid"]
            if pid not in (None, killed):
                return psutil.Process(pid)
            await asyncio.sleep(PART_LOOK_S)

    async def _call_truck(self) -> None:
        """Where a stand-in votes in the truck's place."""
        newest = next(reversed(self._history.statuses), None)
        if newest is None or not any(
            seen.votes for name, seen in newest.etcd.items() if name.endswith(SUFFIX)
        ):
            return
        async with self._reached.channel(newest.site, "sites") as opened:
            request = MoveWitnessRequest(request_id=uuid.uuid4().hex, witness=self._cast[Place.TRUCK])
            try:
                await SitesServiceStub(opened).MoveWitness(request, timeout=CALL_LIMIT_S)
            except grpc.RpcError as error:
                raise DrillFailed(f"a stand-in votes still: {failure_of(error).message}") from error


async def _watermark_moves(session: psycopg.AsyncConnection, epoch: int) -> None:
    """Returns as soon as that is seen. Raises psycopg.Error."""
    before: tuple | None = None
    while True:
        now = await (await session.execute(WATERMARK, {"epoch": epoch})).fetchone()
        if before is not None and now != before:
            return
        before = now
        await asyncio.sleep(WATERMARK_LOOK_S)
