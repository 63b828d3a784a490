"""What every test stands on: servers of its own, the real recordings, and nothing left behind."""

import contextlib
import os
import shutil
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import psutil
import pytest
from ardoise.up.ports import Ports

from tests.support.nats import NatsServer
from tests.support.site import Site

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED_DATA = REPOSITORY.parent / "shared" / "data"
RUN_MARK = "PYTEST_PROCESS_MARK"
# What the kernel kills together with its parent is gone a little after it.
DYING_LIMIT_S = 1.0


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the work tree."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real recordings beside the repository; a test that asks for them skips where they are absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("real recordings absent: needs ../shared/data beside the repository")
    return SHARED_DATA


@pytest.fixture
def free_port() -> Iterator[Callable[[], int]]:
    """Gives TCP ports on loopback that nothing else is given until the test ends.

    Not port 0 and let go: an outgoing connection of another process may get the same one before it is used.
    """
    with contextlib.ExitStack() as held:

        def reserve() -> int:
            ports = Ports({"test": 0})
            held.callback(ports.close)
            return ports.numbers["test"]

        yield reserve


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[NatsServer]:
    """A nats-server for this test alone, plaintext on loopback, its store empty."""
    server = NatsServer(tmp_path / "nats")
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """A site for this test alone: identities, and a nats-server that lets in nobody without one."""
    site = Site(tmp_path / "site")
    await site.server.start()
    yield site
    await site.server.stop()


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Chromium as the machine has it; a test that asks for it skips where there is none."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if found := shutil.which(name):
            return Path(found)
    pytest.skip("no Chromium here: Debian, Ubuntu: apt-get install chromium")


@pytest.fixture(scope="session", autouse=True)
def no_process_left_behind() -> Iterator[None]:
    """Fails the run where a process that a test started outlives it: a child, or an orphan with our mark.

    Set up first and so torn down last, after the fixtures that stop their own servers.
    """
    mark = uuid.uuid4().hex
    os.environ[RUN_MARK] = mark
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    yield
    deadline = time.monotonic() + DYING_LIMIT_S
    while left := [process for process in started_here(mark) if process.pid not in before]:
        if time.monotonic() > deadline:
            break
        time.sleep(0.05)
    seen = [f"{process.pid} {' '.join(process.cmdline())[:120]}" for process in left]
    for process in left:
        process.kill()
    assert not seen, "processes left behind:\n" + "\n".join(seen)


def started_here(mark: str) -> Iterator[psutil.Process]:
    children = {child.pid for child in psutil.Process().children(recursive=True)}
    for process in psutil.process_iter():
        try:
            mine = process.pid in children or process.environ().get(RUN_MARK) == mark
            if mine and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                yield process
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
