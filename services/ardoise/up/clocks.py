"""A clock for each site, which a drill can set while everything runs on it (`ardoise sites up --clocks`).

libfaketime stands between a process and the C library and adds what a file says. It reaches PostgreSQL, Patroni and
our services. It does not reach nats-server and etcd: Go asks the kernel by itself, so only a jump of a whole machine's
clock tries those. Debian's build of it needs Debian's C library, which the machine's own Python may not have; with
settable clocks everything of ours therefore runs on Debian's Python, with the packages of this one.
"""

import os
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

import ardoise
from ardoise.up.programs import ClockPrograms, ProgramsMissing

READ_EVERY_S = 1
"""A process looks into the file so often: set a clock, and a second later all of a site agree."""
DEBIANS_VERSION = (3, 13)


def run_on(programs: ClockPrograms) -> None:
    """Goes on as Debian's Python, from the beginning; returns where this is it. Raises ProgramsMissing."""
    if Path(sys.executable) == programs.python:
        return
    if sys.version_info[:2] != DEBIANS_VERSION:
        raise ProgramsMissing(
            f"settable clocks take Debian 13's Python {'.'.join(map(str, DEBIANS_VERSION))}, and packages for it: "
            "set up with it (UV_PYTHON=3.13 make setup)"
        )
    packages = (sysconfig.get_path("purelib"), str(Path(ardoise.__file__).parents[1]))
    path = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), *packages)))
    os.execve(
        programs.python,
        [str(programs.python), "-m", "ardoise", *sys.argv[1:]],
        {**os.environ, "PYTHONPATH": path},
    )


class Clocks:
    """The sites' clocks, by site: as this machine's, until they are set."""

    def __init__(self, directory: Path, sites: Sequence[str], programs: ClockPrograms) -> None:
        """`directory`: where a file for each site is kept."""
        self._directory, self._library = directory, programs.library
        self.ahead_s: dict[str, int] = {}
        for site in sites:
            self.set(site, 0)

    def set(self, site: str, ahead_s: int) -> None:
        """Sets a site's clock to so many seconds ahead of this machine's; below 0: behind."""
        self.ahead_s[site] = ahead_s
        partial = self._file(site).with_suffix(".partial")
        partial.write_text(f"{ahead_s:+d}\n")
        partial.replace(self._file(site))

    def inside(self, site: str) -> tuple[str, ...]:
        """In front of an argv: runs a program of Debian's on the site's clock."""
        environment = {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file(site)),
            "FAKETIME_CACHE_DURATION": str(READ_EVERY_S),
            # Time that has passed is no clock's matter; nor are the times of files.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
            # It would leave a semaphore of each process behind.
            "FAKETIME_DISABLE_SHM": "1",
        }
        return ("/usr/bin/env", *(f"{name}={value}" for name, value in environment.items()))

    def _file(self, site: str) -> Path:
        return self._directory / f"{site}.clock"
