"""Process 1 of a site: everything of its cluster runs below it, in namespaces of its own, and dies with it.

A program with nothing imported but the standard library: its argument is a plan (see plan.py). It writes its pid where
the plan says, waits for a line on its standard input until its network is there, then starts what is to run, each when
what it needs answers, and starts again what ends. It takes in what others leave behind, as process 1 has to.
"""

import ctypes
import http.client
import json
import os
import signal
import socket
import ssl
import sys
import time
from pathlib import Path

MS_BIND, MS_REC, MS_SLAVE, MS_SHARED = 0x1000, 0x4000, 1 << 19, 1 << 20
PROBE_LIMIT_S = 1.0
POLL_S = 0.1
RESTART_S = 1.0
"""So long a component that ended stays down, as under a service manager."""


def start_time(pid: int) -> str:
    """When a process started, in the kernel's ticks: with its number it names a process for good."""
    # The name, in brackets, may hold blanks.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


def _main(plan: dict) -> None:
    for group in plan["cgroups"]:
        Path(group).write_text(str(os.getpid()))
    os.setsid()
    os.unshare(os.CLONE_NEWNET | os.CLONE_NEWNS | os.CLONE_NEWPID | os.CLONE_NEWIPC | os.CLONE_NEWUTS)
    known, told = os.pipe()
    first = os.fork()
    if first:
        part = Path(plan["pid_file"]).with_suffix(".part")
        part.write_text(f"{first} {start_time(first)}")
        part.replace(plan["pid_file"])
        return
    # Both see the same /proc until the child mounts its own: not before the parent, which ends then, has looked.
    os.close(told)
    os.read(known, 1)
    os.close(known)
    socket.sethostname(plan["name"])
    _private_root(plan)
    if not sys.stdin.readline():
        sys.exit("whoever started this site is gone")
    os.dup2(os.open("/dev/null", os.O_RDWR), 0)
    # Pods reach each other and services over routes.
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    _supervise(plan)


def _mount(source: str, target: str, kind: str, flags: int = 0) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(source.encode(), target.encode(), kind.encode(), flags, None) != 0:
        raise OSError(ctypes.get_errno(), f"mount {target}: {os.strerror(ctypes.get_errno())}")


def _private_root(plan: dict) -> None:
    """Whatever is mounted in here stays in here, and /run, /var and /proc are the site's own."""
    _mount("none", "/", "", MS_REC | MS_SLAVE)
    _mount("none", "/", "", MS_REC | MS_SHARED)
    _mount("proc", "/proc", "proc")
    # What lies below those and is needed: opened before it is hidden, bound to its old place afterwards.
    kept = {path: os.open(path, os.O_PATH) for path in plan["kept"]}
    _mount(plan["var"], "/var", "", MS_BIND)
    _mount("tmpfs", "/run", "tmpfs")
    for path, descriptor in kept.items():
        if not path.startswith(("/run/", "/var/")):
            continue
        Path(path).mkdir(parents=True, exist_ok=True)
        _mount(f"/proc/self/fd/{descriptor}", path, "", MS_BIND | MS_REC)
    for descriptor in kept.values():
        os.close(descriptor)


def _answers(need: dict) -> bool:
    """Whether a socket takes connections, or a server says that it is ready."""
    try:
        if "socket" in need:
            with socket.socket(socket.AF_UNIX) as opened:
                opened.settimeout(PROBE_LIMIT_S)
                opened.connect(need["socket"])
            return True
        context = ssl.create_default_context(cafile=need["ca"])
        server = http.client.HTTPSConnection(
            "127.0.0.1", need["port"], timeout=PROBE_LIMIT_S, context=context
        )
        try:
            server.request("GET", need["path"])
            return server.getresponse().status == 200
        finally:
            server.close()
    except (OSError, http.client.HTTPException):
        return False


def _start(component: dict, log_dir: Path) -> int:
    log = (log_dir / f"{component['name']}.log").as_posix()
    write = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    actions = [(os.POSIX_SPAWN_OPEN, 1, log, write, 0o644), (os.POSIX_SPAWN_DUP2, 1, 2)]
    return os.posix_spawn(
        component["argv"][0],
        component["argv"],
        component["environment"],
        file_actions=actions,
        setsid=True,
        setsigmask=[],
        setsigdef=[signal.SIGPIPE],
    )


def _supervise(plan: dict) -> None:
    log_dir = Path(plan["log_dir"])
    log_dir.mkdir(parents=True, exist_ok=True)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    running: dict[int, dict] = {}
    waiting = [(0.0, component) for component in plan["components"]]
    while True:
        # Several wait for the same: each is asked once a turn.
        asked: dict[str, bool] = {}
        for due_s, component in list(waiting):
            if time.monotonic() < due_s:
                continue
            for need in component["needs"]:
                if str(need) not in asked:
                    asked[str(need)] = _answers(need)
            if all(asked[str(need)] for need in component["needs"]):
                waiting.remove((due_s, component))
                running[_start(component, log_dir)] = component
        signal.sigtimedwait({signal.SIGCHLD}, POLL_S if waiting else 3600.0)
        for pid, status in _ended():
            if component := running.pop(pid, None):
                code = os.waitstatus_to_exitcode(status)
                print(f"{time.strftime('%H:%M:%S')} {component['name']} ended: {code}", flush=True)
                waiting.append((time.monotonic() + RESTART_S, component))


def _ended() -> list[tuple[int, int]]:
    ended = []
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if not pid:
            return ended
        ended.append((pid, status))


if __name__ == "__main__":
    _main(json.loads(Path(sys.argv[1]).read_text()))
