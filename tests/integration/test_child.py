"""Children that keep what they start to themselves: a PID namespace, ended as one, in order or at once."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest
from ardoise.chassis.child import bound

LIMIT_S = 20.0
# Process 1 with a child; told to stop, it says so.
PROGRAM = """
import os, signal, subprocess, sys, psutil
signal.signal(signal.SIGTERM, lambda *_: (print("stopped in order", flush=True), os._exit(3)))
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(os.getpid(), os.getuid() != 0, len(psutil.pids()), flush=True)
signal.pause()
"""


# An ordinary user, who starts the same.
MIDDLE = f"""
import os, signal, subprocess, sys
from ardoise.chassis.child import bound
assert os.getuid() != 0
argv = bound([sys.executable, "-c", {PROGRAM!r}], signal.SIGTERM, never_as_root=True, own_processes=True)
sys.exit(subprocess.run(argv).returncode)
"""


def ended(processes: list[psutil.Process]) -> bool:
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        if not [each for each in processes if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]:
            return True
        time.sleep(0.01)
    return False


@pytest.fixture
def started() -> Iterator[subprocess.Popen[str]]:
    argv = bound([sys.executable, "-c", PROGRAM], signal.SIGTERM, never_as_root=True, own_processes=True)
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def test_the_command_is_process_one_and_sees_only_its_own(started: subprocess.Popen[str]):
    number, is_ordinary, seen = started.stdout.readline().split()
    assert (number, is_ordinary) == ("1", "True")
    assert int(seen) <= 2


def test_killed_it_takes_what_it_started_with_it(started: subprocess.Popen[str]):
    started.stdout.readline()
    inside = psutil.Process(started.pid).children(recursive=True)
    assert len(inside) == 2
    started.kill()
    assert ended(inside)


def test_told_to_stop_it_stops_in_order_and_its_exit_code_comes_out(started: subprocess.Popen[str]):
    started.stdout.readline()
    inside = psutil.Process(started.pid).children(recursive=True)
    started.terminate()
    assert started.stdout.readline() == "stopped in order\n"
    assert started.wait(LIMIT_S) == 3
    assert ended(inside)


def test_an_ordinary_user_may_do_the_same():
    argv = bound([sys.executable, "-c", MIDDLE], signal.SIGKILL, never_as_root=True)
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        number, is_ordinary, _ = process.stdout.readline().split()
        inside = psutil.Process(process.pid).children(recursive=True)
        process.kill()
    assert (number, is_ordinary) == ("1", "True")
    assert ended(inside)
