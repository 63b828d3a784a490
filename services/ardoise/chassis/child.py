"""Servers that we start die with us, even when we are killed with SIGKILL.

This file is also the program that does it: it runs between the fork and the server, with
nothing imported but the standard library, so that no code runs in a forked, threaded parent.
"""

import ctypes
import os
import pwd
import select
import signal
import sys

PR_SET_PDEATHSIG = 1


def bound(
    command: list[str],
    death_signal: signal.Signals,
    *,
    never_as_root: bool = False,
    own_processes: bool = False,
) -> list[str]:
    """The argv that runs `command` in a session of its own and sends it `death_signal` when its parent dies.

    The parent is the thread that forks: start such children from a thread that lasts (the main
    one). With `never_as_root`, a child of root runs as an ordinary user of a user namespace, in
    which root's files are its own. With `own_processes` the command is process 1 of a PID namespace, as in a pod:
    when it ends, so does everything it started.
    """
    launcher = [sys.executable, "-I", "-S", __file__]
    flags = [str(int(death_signal)), str(int(never_as_root)), str(int(own_processes))]
    return [*launcher, str(os.getpid()), *flags, *command]


def _enter_user_namespace() -> None:
    user, group = os.getuid(), os.getgid()
    # Any user who has a name: initdb asks for it.
    known = [entry for entry in pwd.getpwall() if entry.pw_uid != 0]
    ordinary = next((entry for entry in known if entry.pw_uid == user), known[0])
    try:
        os.unshare(os.CLONE_NEWUSER)
    except OSError as error:
        sys.exit(
            f"no user namespace on this machine ({error.strerror}), and the server does not run as root "
            "nor without a name, nor keeps its processes together without one: start Ardoise as an ordinary user, "
            "or give it the URL of a server"
        )
    for name, value in (
        ("setgroups", "deny"),
        ("uid_map", f"{ordinary.pw_uid} {user} 1"),
        ("gid_map", f"{ordinary.pw_gid} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as control:  # noqa: PTH123 - pathlib costs 10 ms here
            control.write(value)


def _has_name(user: int) -> bool:
    try:
        pwd.getpwuid(user)
    except KeyError:
        return False
    return True


def _die_with_parent(death_signal: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")


def _mount_proc() -> None:
    """What Patroni knows of PostgreSQL's process it reads there."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"proc", b"/proc", b"proc", 0, None) != 0:
        sys.exit(f"no /proc for a PID namespace on this machine: {os.strerror(ctypes.get_errno())}")


def _run_as_process_one(command: list[str]) -> None:
    """Stays as its parent outside: passes signals in, and its end out. Killed, it takes all of them with it."""
    os.unshare(os.CLONE_NEWPID | os.CLONE_NEWNS)
    inside, outside = os.pipe()
    first = os.fork()
    if first == 0:
        os.close(outside)
        _die_with_parent(signal.SIGKILL)
        # From in here the parent is process 0, dead or alive: only the pipe tells.
        if select.select([inside], [], [], 0)[0]:
            sys.exit("the parent died first")
        _mount_proc()
        os.execv(command[0], command)
    os.close(inside)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _: os.kill(first, received))
    code = os.waitstatus_to_exitcode(os.waitpid(first, 0)[1])
    sys.exit(code if code >= 0 else 128 - code)


def _main(
    parent: int, death_signal: int, never_as_root: bool, own_processes: bool, command: list[str]
) -> None:
    if os.getpgrp() != os.getpid():
        os.setsid()  # Ctrl-C is ours to pass on, in our order.
    if own_processes or (never_as_root and (os.geteuid() == 0 or not _has_name(os.geteuid()))):
        _enter_user_namespace()
    # After the namespace: a change of credentials clears it.
    _die_with_parent(death_signal)
    if os.getppid() != parent:
        sys.exit("the parent died first")
    if own_processes:
        _run_as_process_one(command)
    os.execv(command[0], command)


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "1", sys.argv[4] == "1", sys.argv[5:])
