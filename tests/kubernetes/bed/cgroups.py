"""Control groups of the bed's sites, in every hierarchy that this machine has: version 1, 2, or both beside each other.

By them everything that belongs to a site is found again, whoever started it and whatever became of that.
"""

import contextlib
import os
import time
from pathlib import Path

DAEMONS = "daemons"
"""Below a site's group: Kubernetes' own processes. Beside it kubelet makes `kubepods`."""
CONTROLLERS = ("cpuset", "cpu", "io", "memory", "pids", "hugetlb")
REMOVAL_LIMIT_S = 10.0
POLL_S = 0.02


class CgroupsMissing(RuntimeError):
    """This machine does not let control groups be made."""


def name(site: str) -> str:
    """Of a site's group, below the root of each hierarchy."""
    return f"ardoise-{site}"


def hierarchies(mounts: str) -> list[tuple[Path, set[str]]]:
    """Where each is mounted, and its options, from the text of /proc/mounts; version 2 has the option "v2"."""
    found = []
    for line in mounts.splitlines():
        _, where, kind, options, *_ = line.split()
        if kind == "cgroup2":
            found.append((Path(where), {"v2"}))
        elif kind == "cgroup":
            found.append((Path(where), set(options.split(","))))
    return found


def create(site: str) -> list[str]:
    """Makes a site's groups; gives the files to which a process writes its pid to be one of the daemons.

    Raises CgroupsMissing.
    """
    here = _here()
    if not here:
        raise CgroupsMissing("no control groups are mounted on this machine (/proc/mounts)")
    try:
        for root, options in here:
            group = root / name(site)
            (group / DAEMONS).mkdir(parents=True, exist_ok=True)
            if "v2" in options:
                _hand_down(root)
                _hand_down(group)
            elif "cpuset" in options:
                for made in (group, group / DAEMONS):
                    for file in ("cpuset.cpus", "cpuset.mems"):
                        (made / file).write_text((made.parent / file).read_text())
    except OSError as error:
        raise CgroupsMissing(f"control groups cannot be made here: {error}") from error
    # One is enough to be found by, and each more takes a process out of what the machine counts it under.
    return [str(root / name(site) / DAEMONS / "cgroup.procs") for root, _ in _holding(here)]


def processes(site: str) -> set[int]:
    """Everything that runs in a site, pods too."""
    found: set[int] = set()
    for root, _ in _here():
        for file in _tree(root / name(site)):
            with contextlib.suppress(OSError):
                found.update(int(line) for line in (file / "cgroup.procs").read_text().split())
    # 0 stands for one of another PID namespace than ours.
    return found - {0}


def freeze(site: str, *, frozen: bool) -> None:
    """Stops everything of a site where it stands, or lets it go on. Raises CgroupsMissing."""
    for root, options in _holding(_here()):
        group = root / name(site)
        file, value = (
            (group / "cgroup.freeze", "1" if frozen else "0")
            if "v2" in options
            else (group / "freezer.state", "FROZEN" if frozen else "THAWED")
        )
        try:
            file.write_text(value)
        except OSError as error:
            raise CgroupsMissing(f"{site} cannot be frozen: {error}") from error
        return
    raise CgroupsMissing("this machine has no freezer")


def remove(site: str) -> None:
    """Takes a site's groups away; what ran in them has been killed. Raises CgroupsMissing after REMOVAL_LIMIT_S."""
    deadline = time.monotonic() + REMOVAL_LIMIT_S
    for root, _ in _here():
        while left := _tree(root / name(site)):
            for group in left:
                with contextlib.suppress(OSError):
                    group.rmdir()
            if not (root / name(site)).exists():
                break
            if time.monotonic() > deadline:
                raise CgroupsMissing(f"{root / name(site)} cannot be removed: something runs in it")
            time.sleep(POLL_S)


def exists(site: str) -> bool:
    """Whether any is there."""
    return any((root / name(site)).exists() for root, _ in _here())


def _here() -> list[tuple[Path, set[str]]]:
    return hierarchies(Path("/proc/self/mounts").read_text())


def _holding(here: list[tuple[Path, set[str]]]) -> list[tuple[Path, set[str]]]:
    """The hierarchy that can freeze: containers are in it too."""
    of_version_1 = [found for found in here if "freezer" in found[1]]
    return of_version_1 or [found for found in here if "v2" in found[1]]


def _hand_down(group: Path) -> None:
    """Lets groups below one of version 2 have its controllers."""
    has = (group / "cgroup.controllers").read_text().split()
    for controller in CONTROLLERS:
        if controller in has:
            (group / "cgroup.subtree_control").write_text(f"+{controller}")


def _tree(group: Path) -> list[Path]:
    """A group and all below it, the deepest first."""
    return [Path(found) for found, _, _ in os.walk(group, topdown=False)]
