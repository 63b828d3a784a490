"""What clusters leave on a machine while they are up, to be compared from before with after."""

import contextlib
import json
import os
import subprocess
from pathlib import Path

from ardoise.up.programs import debian_programs

from tests.kubernetes.bed import layout

COMMAND_LIMIT_S = 10.0
BUILDER = "/buildah/"
"""In the path of what is mounted while images are built, clusters or not."""
FOLDERS = tuple(map(Path, ("/run", "/run/netns", "/run/containerd", "/var/lib", "/var/log", "/etc/cni")))
"""Where Kubernetes' programs keep things unless they are told otherwise, and some even then."""


def traces() -> dict[str, set[str]]:
    """By kind: namespaces, devices, rules, mounts, control groups, sockets, files, processes of clusters."""
    programs = debian_programs(lambda _: None)
    devices = json.loads(_said(str(programs.ip), "-json", "link", "show"))
    groups = {
        str(found)
        for _, root, kind in _mounts()
        if kind in ("cgroup", "cgroup2")
        for found in Path(root).rglob("*")
        if found.is_dir() and "ardoise" in str(found.relative_to(root))
    }
    return {
        "named network namespaces": set(_said(str(programs.ip), "netns", "list").splitlines()),
        "network devices": {device["ifname"] for device in devices},
        "routes": set(_said(str(programs.ip), "route", "show").splitlines()),
        "nft tables": set(_said(str(programs.nft), "list", "tables").splitlines()),
        "mounts": {f"{kind} {where}" for _, where, kind in _mounts() if BUILDER not in where},
        "control groups": groups,
        "sockets": {str(path) for path in Path("/run").rglob("*") if path.is_socket()},
        "files": {str(path) for folder in FOLDERS if folder.is_dir() for path in folder.iterdir()},
        "processes": set(_processes()),
    }


def _processes() -> set[str]:
    """Those in a control group of ours, or called with a path of ours."""
    found = set()
    for directory in Path("/proc").iterdir():
        if not directory.name.isdigit() or int(directory.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            argv = (directory / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if _ours(argv) or "/ardoise-" in (directory / "cgroup").read_text():
                found.add(f"{directory.name} {argv[:120]}")
    return found


def _ours(text: str) -> bool:
    return str(layout.RUN_DIR) in text or str(layout.DATA_DIR) in text


def _mounts() -> list[list[str]]:
    return [line.split()[:3] for line in Path("/proc/self/mounts").read_text().splitlines()]


def _said(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_LIMIT_S, check=True)
    return done.stdout or "[]" if "-json" in command else done.stdout
