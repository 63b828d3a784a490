"""Links between sites on one machine, each direction broken in each way, as a connection over it sees them."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ardoise.chassis import child

TRIAL = Path(__file__).with_name("network_trial.py")
LIMIT_S = 110
# All look at one trial, which takes ten seconds.
pytestmark = pytest.mark.xdist_group("network")


@pytest.fixture(
    scope="module", params=["whoever runs this", pytest.param("ordinary user", marks=pytest.mark.slow)]
)
def seen(request: pytest.FixtureRequest) -> dict[str, Any]:
    ordinary = request.param == "ordinary user"
    if ordinary and os.geteuid() != 0:
        pytest.skip("the same user again")
    argv = child.bound([sys.executable, str(TRIAL)], signal.SIGKILL, never_as_root=ordinary)
    done = subprocess.run(argv, capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    if "unavailable" in found:
        pytest.skip(f"network namespaces: {found['unavailable']}")
    return found


def test_a_whole_link_answers_at_once(seen: dict[str, Any]):
    assert seen["whole"] < 0.1


def test_a_late_link_is_late_by_what_was_asked_and_no_other_is(seen: dict[str, Any]):
    assert 0.2 <= seen["late_200_ms"] < 0.4
    assert seen["late_elsewhere"] < 0.1


def test_a_slow_link_carries_what_was_asked(seen: dict[str, Any]):
    """500 kB at 2 Mbit/s take two seconds; the first 64 kB of them go at once."""
    assert 1.5 < seen["slow_2_mbit_500_kb"] < 4.0


def test_a_lossy_link_makes_tcp_repeat_itself(seen: dict[str, Any]):
    """Of sixty bytes one in three gets lost at least once, and is waited for."""
    assert seen["lossy_slowest_of_60"] > 0.15


def test_nothing_comes_through_a_cut_in_either_direction(seen: dict[str, Any]):
    assert seen["answers_cut"] is None
    assert seen["cut_elsewhere"] < 0.1


def test_a_link_that_is_whole_again_answers_at_once(seen: dict[str, Any]):
    assert seen["whole_again"] < 0.1
    assert seen["left"] == 0
