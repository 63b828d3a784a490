"""A site's clock, set while a process runs on it: libfaketime of Debian, as `ardoise sites up --clocks` has it."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ardoise.up.clocks import Clocks
from ardoise.up.programs import ClockPrograms, ProgramsMissing, clock_programs

TELL = "import time\nwhile True: print(time.time(), time.monotonic(), flush=True); time.sleep(0.05)"
WITHIN_S = 30.0
NEAR_S = 20.0


@pytest.fixture(scope="module")
def programs() -> ClockPrograms:
    try:
        return clock_programs(lambda _: None)
    except ProgramsMissing as missing:
        pytest.skip(f"clocks that can be set need programs of Debian 13: {missing}")


def told(process: subprocess.Popen[str]) -> Iterator[tuple[float, float]]:
    """How far the process's clock is ahead, and the time that has passed for it."""
    for line in process.stdout:
        now_s, passed_s = map(float, line.split())
        yield now_s - time.time(), passed_s


@pytest.mark.timeout(600)
def test_a_running_process_follows_its_clock_and_no_time_passes_with_it(
    programs: ClockPrograms, tmp_path: Path
):
    clocks = Clocks(tmp_path, ("truck", "london"), programs)
    command = [*clocks.inside("truck"), str(programs.python), "-I", "-S", "-c", TELL]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            seen = told(process)
            _, before_s = next(seen)
            deadline = time.monotonic() + WITHIN_S
            for ahead_s in (60, -60, 0):
                clocks.set("truck", ahead_s)
                while True:
                    found_s, passed_s = next(seen)
                    assert 0 < passed_s - before_s < NEAR_S
                    before_s = passed_s
                    if abs(found_s - ahead_s) < NEAR_S:
                        break
                    assert time.monotonic() < deadline, found_s
        finally:
            process.kill()
