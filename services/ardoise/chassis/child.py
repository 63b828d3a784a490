"""Servers that we start die with us, even when we are killed with SIGKILL.

This file is also the program that does it: it runs between the fork and the server, with
nothing imported but the standard library, so that no code runs in a forked, threaded parent.
"""

import ctypes
import os
import pwd
import signal
import sys

PR_SET_PDEATHSIG = 1


def bound(command: list[str], death_signal: signal.Signals, *, never_as_root: bool = False) -> list[str]:
    """The argv that runs `command` in a session of its own and sends it `death_signal` when its parent dies.

    The parent is the thread that forks: start such children from a thread that lasts (the main
    one). With `never_as_root`, a child of root runs as an ordinary user of a user namespace, in
    which root's files are its own.
    """
    launcher = [sys.executable, "-I", "-S", __file__]
    return [*launcher, str(os.getpid()), str(int(death_signal)), str(int(never_as_root)), *command]


def _enter_user_namespace() -> None:
    user, group = os.getuid(), os.getgid()
    # Any user who has a name: initdb asks for it.
    ordinary = next(entry for entry in pwd.getpwall() if entry.pw_uid != 0)
    try:
        os.unshare(os.CLONE_NEWUSER)
    except OSError as error:
        sys.exit(
            f"no user namespace on this machine ({error.strerror}), and the server does not run as root "
            "nor without a name: start Ardoise as an ordinary user, or give it the URL of a server"
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


def _main(parent: int, death_signal: int, never_as_root: bool, command: list[str]) -> None:
    if os.getpgrp() != os.getpid():
        os.setsid()  # Ctrl-C is ours to pass on, in our order.
    if never_as_root and (os.geteuid() == 0 or not _has_name(os.geteuid())):
        _enter_user_namespace()
    # After the namespace: a change of credentials clears it.
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent:
        sys.exit("the parent died first")
    os.execv(command[0], command)


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "1", sys.argv[4:])
