"""Runs one drill: precheck, race and probes, steps, return to normal, evidence, judgement, report."""

import asyncio
import platform as machine
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ardoise.pb.setup_pb2 import StageSetup
from ardoise.race.engine import ENGINE_VERSION
from ardoise.rehearsal.drills.conditions import steady
from ardoise.rehearsal.drills.evidence import Evidence
from ardoise.rehearsal.drills.failure import DrillFailed
from ardoise.rehearsal.drills.faults import Faults
from ardoise.rehearsal.drills.following import follow
from ardoise.rehearsal.drills.history import History, Kind
from ardoise.rehearsal.drills.inspection import connect, inspect
from ardoise.rehearsal.drills.invariants import judge
from ardoise.rehearsal.drills.platform import Reached
from ardoise.rehearsal.drills.precheck import Platform, cast_of, mending, objections, settling
from ardoise.rehearsal.drills.probing import Probes
from ardoise.rehearsal.drills.readback import read_evidence
from ardoise.rehearsal.drills.report.measure import event_lines, figures, timeline
from ardoise.rehearsal.drills.report.model import Report, Verdict
from ardoise.rehearsal.drills.scenario import Cast, Follow, Hold, Moment, Scenario, Stays, Until, WaitUntil
from ardoise.rehearsal.drills.stopping import ONCE, THRICE, TWICE, Stopped, Stops
from ardoise.rehearsal.drills.waits import Wait
from ardoise.sites.operations.drill_runs import Phase
from ardoise.up.control import Control, Refused
from ardoise.up.network import NetworkUnavailable

LOOK_EVERY_S = 0.1
LOOK_AGAIN_S = 1.0

type Tell = Callable[[str], None]
type Enter = Callable[[Phase], None]


async def run_drill(
    control: Control,
    scenario: Scenario,
    stage: StageSetup,
    *,
    seed: int,
    tell: Tell,
    enter: Enter = lambda _: None,
) -> Report:
    """Runs it to its end and puts the platform right again, whatever happens to it. `enter`: told of each phase.

    Cancelled, it ends early and puts right; cancelled again, it leaves that too, and the report says what is broken
    still and how to mend it. Raises Refused, OSError.
    """
    stops = Stops()
    return await stops.listen(_run_drill(control, scenario, stage, seed, tell, enter, stops))


async def _run_drill(
    control: Control,
    scenario: Scenario,
    stage: StageSetup,
    seed: int,
    tell: Tell,
    enter: Enter,
    stops: Stops,
) -> Report:
    began = datetime.now(UTC)
    enter(Phase.PRECHECKING)
    reached = Reached(await control.state())
    buses = await connect(reached)
    try:
        found, against = await _settled(control, reached, buses, tell)
        cast = {} if against else cast_of(found)
        drill = _Drill(control, scenario, reached, buses, cast, tell, enter, stops)
        if against:
            return drill.report(Verdict.REFUSED, against, seed, began, None)
        tell(
            f"{scenario.title} (seed {seed}): " + ", ".join(f"{place} {site}" for place, site in cast.items())
        )
        return await drill.run(stage, seed, began)
    finally:
        await asyncio.gather(*(bus.close() for bus in buses.values()), return_exceptions=True)


async def _settled(control: Control, reached: Reached, buses: dict, tell: Tell) -> tuple[Platform, list[str]]:
    """The platform, and what speaks against a drill on it; what passes by itself is waited for."""
    deadline_s = time.monotonic() + Wait.STEADY.seconds
    while True:
        found = await inspect(control, reached, buses, own_race=False)
        against, passing = objections(found), settling(found)
        if against or not passing or time.monotonic() > deadline_s:
            return found, against + passing
        tell(f"waiting: {passing[0]}")
        await asyncio.sleep(LOOK_AGAIN_S)


class _Drill:
    def __init__(
        self,
        control: Control,
        scenario: Scenario,
        reached: Reached,
        buses: dict,
        cast: Cast,
        tell: Tell,
        enter: Enter,
        stops: Stops,
    ) -> None:
        self._control, self._scenario, self._reached = control, scenario, reached
        self._buses, self._cast, self._tell, self._stops = buses, cast, tell, stops
        self._enter = enter
        self._history = History()
        self._late: list[str] = []
        """Promises in time that were not kept."""

    async def run(self, stage: StageSetup, seed: int, began: datetime) -> Report:
        reasons: list[str] = []
        evidence: Evidence | None = None
        aborted = False
        self._enter(Phase.RUNNING)
        try:
            load, checks = self._scenario.load, self._scenario.checks
            async with Probes(self._reached, self._buses, self._cast, stage, seed, load, checks) as probes:
                self._history = history = probes.history
                faults = Faults(self._control, self._reached, self._cast, probes.relays, history)
                try:
                    await self._stops.unless(ONCE, probes.beside(self._steps(faults, history)))
                except Stopped:
                    aborted = True
                    self._tell("stopped: what it broke is put right first; Ctrl-C again leaves it as it is")
                except Exception as error:  # Whatever it was: what is broken is put right.
                    reasons.append(_said(error))
                reasons = self._late + reasons + await self._back_to_normal(faults, history)
                if not aborted:
                    self._enter(Phase.JUDGING)
                    self._tell("the relays stop; waiting until everything is where it belongs")
                    late, evidence = await self._stops.unless(ONCE, self._read_back(probes))
                    reasons += late
        except Stopped:
            aborted = True
        except Exception as error:  # The other drills of a run go on.
            reasons.append(_said(error))
        if aborted:
            return self.report(
                Verdict.ABORTED, ["it was ended from outside", *reasons], seed, began, evidence
            )
        return self.report(Verdict.FAILED if reasons else Verdict.HELD, reasons, seed, began, evidence)

    def report(
        self,
        verdict: Verdict,
        reasons: list[str],
        seed: int,
        began: datetime,
        evidence: Evidence | None,
    ) -> Report:
        """What is told of it; the verdict falls where an invariant does not hold."""
        history = self._history
        findings = [] if evidence is None else judge(self._scenario, history, evidence, self._cast)
        if verdict is Verdict.HELD and not all(one.holds for one in findings):
            verdict = Verdict.FAILED
        return Report(
            name=self._scenario.name,
            numbers=self._scenario.numbers,
            title=self._scenario.title,
            purpose=self._scenario.purpose,
            verdict=verdict,
            reasons=reasons,
            seed=seed,
            began=began,
            lasted_s=round((datetime.now(UTC) - began).total_seconds(), 1),
            cast={place.value: site for place, site in self._cast.items()},
            versions=_versions(self._buses),
            findings=findings,
            figures=figures(history, evidence, self._cast, self._scenario.promise.link_kbit),
            events=event_lines(history),
            followed=history.followed,
            timeline=timeline(history, self._cast),
        )

    async def _steps(self, faults: Faults, history: History) -> None:
        await self._wait(history, steady(), Wait.STEADY)
        for step in self._scenario.steps:
            match step:
                case WaitUntil(until, within):
                    await self._wait(history, until, within)
                case Hold(wait):
                    self._tell(f"{history.now_s():6.1f} s  for {wait.seconds:.0f} s")
                    await asyncio.sleep(wait.seconds)
                case Stays(until, wait):
                    await self._stays(history, until, wait)
                case Follow():
                    state_dir = Path(self._reached.state["state_dir"])
                    await follow(step, self._cast, history, state_dir, self._tell)
                case _:
                    told = len(history.events)
                    await faults.do(step)
                    for event in history.events[told:]:
                        self._tell(f"{event.at_s:6.1f} s  {event.text}")

    async def _wait(self, history: History, until: Until, within: Wait) -> None:
        """A promise that is not kept is told, and waited for all the same: what comes after it tells more."""
        moment = Moment(history, self._cast, history.changed_s, history.now_s())
        late = f"not within {within.seconds:.0f} s ({within.name}: {within.origin}): {until.says}"
        patience_s = Wait.NORMAL_AGAIN.seconds if within.promise else within.seconds
        while not until.holds(moment):
            if history.now_s() - moment.waiting_s > patience_s:
                raise DrillFailed(late)
            await asyncio.sleep(LOOK_EVERY_S)
        if history.now_s() - moment.waiting_s > within.seconds + LOOK_EVERY_S:
            self._late.append(late)
        history.note(Kind.REACHED, until.says)
        self._tell(f"{history.now_s():6.1f} s  {until.says}")

    async def _stays(self, history: History, until: Until, wait: Wait) -> None:
        moment = Moment(history, self._cast, history.changed_s, history.now_s())
        self._tell(f"{moment.waiting_s:6.1f} s  for {wait.seconds:.0f} s: {until.says}")
        while (held_s := history.now_s() - moment.waiting_s) < wait.seconds:
            if not until.holds(moment):
                raise DrillFailed(f"only for {held_s:.1f} s of {wait.seconds:.0f} s: {until.says}")
            await asyncio.sleep(LOOK_EVERY_S)

    async def _back_to_normal(self, faults: Faults, history: History) -> list[str]:
        """Puts everything right and waits until it is; else why not, what is broken still, and how to mend it."""
        self._enter(Phase.RESTORING)
        self._tell("back to normal")
        try:
            await self._stops.unless(TWICE, self._normal_again(faults, history))
        except Stopped:
            why = "it was left before everything was put right"
        except Exception as error:  # What is broken still is said, whatever it was.
            why = f"it could not be put right: {_said(error)}"
        else:
            return []
        try:
            against = await self._stops.unless(THRICE, self._objections())
            state = await self._stops.unless(THRICE, self._control.state())
        except (Stopped, Refused) as error:
            return [why, f"what is broken still is unknown: {_said(error)}; see `ardoise sites parts`"]
        still = [f"broken still: {objection}" for objection in against]
        return [why, *still, *(f"to mend it: {command}" for command in mending(state, faults.paused))]

    async def _normal_again(self, faults: Faults, history: History) -> None:
        deadline_s = history.now_s() + Wait.NORMAL_AGAIN.seconds
        await faults.restore()
        while await self._unsettled():
            if history.now_s() > deadline_s:
                raise DrillFailed(f"not normal again within {Wait.NORMAL_AGAIN.seconds:.0f} s")
            await asyncio.sleep(LOOK_AGAIN_S)
        history.note(Kind.REACHED, "back to normal")

    async def _read_back(self, probes: Probes) -> tuple[list[str], Evidence]:
        late = await probes.quiet()
        return late, await read_evidence(self._reached, probes.history, self._buses, self._cast)

    async def _objections(self) -> list[str]:
        return objections(await self._inspected())

    async def _unsettled(self) -> bool:
        found = await self._inspected()
        return bool(objections(found) or settling(found))

    async def _inspected(self) -> Platform:
        return await inspect(self._control, self._reached, self._buses, own_race=True)


def _said(error: Exception) -> str:
    """What went wrong, for people: our own errors speak for themselves."""
    return str(error) if isinstance(error, DrillFailed | Refused | NetworkUnavailable) else repr(error)


def _versions(buses: dict[str, Any]) -> dict[str, str]:
    running = (bus.nc.connected_server_version for bus in buses.values() if bus.nc.is_connected)
    servers = {f"{one.major}.{one.minor}.{one.patch}" for one in running}
    return {
        "ardoise": version("ardoise"),
        "engine": ENGINE_VERSION,
        "nats-server": ", ".join(sorted(servers)) or "unknown",
        "python": machine.python_version(),
        "kernel": machine.release(),
    }
