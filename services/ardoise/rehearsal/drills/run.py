"""Runs one drill: precheck, race and probes, steps, return to normal, evidence, judgement, report."""

import asyncio
import platform as machine
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from ardoise.pb.setup_pb2 import StageSetup
from ardoise.race.engine import ENGINE_VERSION
from ardoise.rehearsal.drills.conditions import steady
from ardoise.rehearsal.drills.evidence import Evidence
from ardoise.rehearsal.drills.faults import DrillFailed, Faults
from ardoise.rehearsal.drills.history import History, Kind
from ardoise.rehearsal.drills.inspection import connect, inspect
from ardoise.rehearsal.drills.invariants import judge
from ardoise.rehearsal.drills.platform import Reached
from ardoise.rehearsal.drills.precheck import cast_of, objections
from ardoise.rehearsal.drills.probing import Probes
from ardoise.rehearsal.drills.readback import read_evidence
from ardoise.rehearsal.drills.report.measure import event_lines, figures, timeline
from ardoise.rehearsal.drills.report.model import Report, Verdict
from ardoise.rehearsal.drills.scenario import Cast, Hold, Moment, Scenario, Until, WaitUntil
from ardoise.rehearsal.drills.waits import Wait
from ardoise.up.control import Control, Refused
from ardoise.up.network import NetworkUnavailable

LOOK_EVERY_S = 0.1
LOOK_AGAIN_S = 1.0

type Tell = Callable[[str], None]


async def run_drill(
    control: Control, scenario: Scenario, stage: StageSetup, *, seed: int, tell: Tell
) -> Report:
    """Runs it to its end and puts the platform right again, also when it is cancelled. Raises Refused, OSError."""
    began = datetime.now(UTC)
    reached = Reached(await control.state())
    buses = await connect(reached)
    try:
        found = await inspect(control, reached, buses, own_race=False)
        against = objections(found)
        cast = {} if against else cast_of(found)
        drill = _Drill(control, scenario, reached, buses, cast, tell)
        if against:
            return drill.report(Verdict.REFUSED, against, seed, began, History(), None)
        tell(
            f"{scenario.title} (seed {seed}): " + ", ".join(f"{place} {site}" for place, site in cast.items())
        )
        return await drill.run(stage, seed, began)
    finally:
        await asyncio.gather(*(bus.close() for bus in buses.values()), return_exceptions=True)


class _Drill:
    def __init__(
        self, control: Control, scenario: Scenario, reached: Reached, buses: dict, cast: Cast, tell: Tell
    ) -> None:
        self._control, self._scenario, self._reached = control, scenario, reached
        self._buses, self._cast, self._tell = buses, cast, tell
        self._late: list[str] = []
        """Promises in time that were not kept."""

    async def run(self, stage: StageSetup, seed: int, began: datetime) -> Report:
        reasons: list[str] = []
        evidence: Evidence | None = None
        verdict = Verdict.HELD
        async with Probes(self._reached, self._buses, self._cast, stage, seed) as probes:
            history = probes.history
            faults = Faults(self._control, self._reached, self._cast, probes.relays, history)
            try:
                await probes.beside(self._steps(faults, history))
            except (DrillFailed, Refused, NetworkUnavailable) as error:
                reasons.append(str(error))
            except asyncio.CancelledError:
                verdict = Verdict.ABORTED
                reasons.append("it was ended from outside")
                # What follows is putting right; the one who cancelled is told by the report.
                if (task := asyncio.current_task()) is not None:
                    task.uncancel()
            reasons = self._late + reasons + await self._back_to_normal(faults, history)
            if verdict is not Verdict.ABORTED:
                self._tell("the relays stop; waiting until everything is where it belongs")
                reasons += await probes.quiet()
                evidence = await read_evidence(self._reached, history, self._buses, self._cast)
        if reasons and verdict is Verdict.HELD:
            verdict = Verdict.FAILED
        return self.report(verdict, reasons, seed, began, history, evidence)

    def report(
        self,
        verdict: Verdict,
        reasons: list[str],
        seed: int,
        began: datetime,
        history: History,
        evidence: Evidence | None,
    ) -> Report:
        """What is told of it; the verdict falls where an invariant does not hold."""
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
            figures=figures(history, evidence, self._cast),
            events=event_lines(history),
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

    async def _back_to_normal(self, faults: Faults, history: History) -> list[str]:
        """Puts everything right and waits until it is; what still speaks against it afterwards."""
        self._tell("back to normal")
        deadline_s = history.now_s() + Wait.NORMAL_AGAIN.seconds
        try:
            await faults.restore()
            while against := await self._objections():
                if history.now_s() > deadline_s:
                    return [f"not normal again: {objection}" for objection in against]
                await asyncio.sleep(LOOK_AGAIN_S)
        except (DrillFailed, Refused, NetworkUnavailable) as error:
            return [f"it could not be put right: {error}"]
        history.note(Kind.REACHED, "back to normal")
        return []

    async def _objections(self) -> list[str]:
        return objections(await inspect(self._control, self._reached, self._buses, own_race=True))


def _versions(buses: dict[str, Any]) -> dict[str, str]:
    servers = {str(bus.nc.connected_server_version) for bus in buses.values() if bus.nc.is_connected}
    return {
        "ardoise": version("ardoise"),
        "engine": ENGINE_VERSION,
        "nats-server": ", ".join(sorted(servers)) or "unknown",
        "python": machine.python_version(),
        "kernel": machine.release(),
    }
