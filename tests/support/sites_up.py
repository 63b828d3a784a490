"""`ardoise sites up` as a process: three sites for the drills of one run."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import pytest
from ardoise.chassis import child
from ardoise.ingest.setup.source import read_setup
from ardoise.rehearsal.drills.report.files import keep
from ardoise.rehearsal.drills.report.model import Report
from ardoise.rehearsal.drills.run import run_drill
from ardoise.rehearsal.drills.scenario import Scenario
from ardoise.up.control import Control
from ardoise.up.demo import SIMULATED_EVENT

SEED = 20_150_704
# The first start of a machine unpacks programs of Debian: a quarter of a minute, and 420 MB.
READY_LIMIT_S = 240.0
STOP_LIMIT_S = 60.0
MARKS = [
    # A drill waits at most so long for anything; one whose platform stays broken waits for several things.
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("sites"),
    # nats-py 2.16 closes none of the connections in vain that it makes to a server that is away.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"),
]
"""Of every test that drills."""
POLL_S = 0.2
DOCTORED = Path(__file__).with_name("doctored")
UNAVAILABLE = ("network namespaces", "needs programs of Debian", "which takes root", "power can be cut")


class SitesUp:
    """Use: `with SitesUp(directory) as sites: await sites.drill(scenario)`. Skips where this machine cannot."""

    def __init__(self, directory: Path, doctored: Sequence[str] = (), *, truck_disk: bool = True) -> None:
        """`doctored`: guards that are taken out (tests/support/doctored). `truck_disk`: its power can be cut."""
        self.directory = directory
        self._truck_disk = truck_disk
        self._doctored = ",".join(doctored)
        self._log = directory / "sites.log"

    def __enter__(self) -> Self:
        self.directory.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "ARDOISE_STATE_DIR": str(self.directory / "state")}
        if self._doctored:
            environment |= {"DOCTORED": self._doctored, "PYTHONPATH": str(DOCTORED)}
        # It ends with this process, also where that is killed.
        options = ["--truck-disk"] if self._truck_disk else []
        command = child.bound([sys.executable, "-m", "ardoise", "sites", "up", *options], signal.SIGTERM)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + READY_LIMIT_S
        while "relays:" not in self.said():
            if self._process.poll() is not None:
                said = self.said()[-2_000:]
                if any(reason in said for reason in UNAVAILABLE):
                    pytest.skip(f"three sites: {said.strip().splitlines()[-1]}")
                raise RuntimeError(f"sites up ended: {said}")
            if time.monotonic() > deadline:
                self._stop()
                raise RuntimeError(f"not ready within {READY_LIMIT_S:.0f} s: {self.said()[-2_000:]}")
            time.sleep(POLL_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def said(self) -> str:
        """What it has printed."""
        return self._log.read_text(errors="replace")

    def control(self) -> Control:
        """Its other end."""
        return Control(self.directory / "state")

    async def drill(self, scenario: Scenario, seed: int = SEED) -> Report:
        """Runs a drill to its end; the report is kept beside the state."""
        async with self.control() as control:
            stage = read_setup(SIMULATED_EVENT)
            report = await run_drill(control, scenario, stage, seed=seed, tell=print)
        print(f"report: {keep(report, self.directory / 'drills')}")
        return report

    def _stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def against(report: Report) -> list[str]:
    """What speaks against a drill, for an assertion's message."""
    broken = [reason for one in report.findings if not one.holds for reason in one.against]
    return [*report.reasons, *broken]
