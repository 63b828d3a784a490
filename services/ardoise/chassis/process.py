"""Child processes that cannot outlive their parent."""

import ctypes
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
# Loaded before the fork: between fork and exec only this one call is made.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def dies_with_parent(with_signal: signal.Signals = signal.SIGTERM) -> Callable[[], None] | None:
    """A preexec_fn: the child gets the signal when its parent is gone, kill -9 included. Linux; elsewhere None."""
    if _libc is None:
        return None
    libc = _libc

    def set_death_signal() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(with_signal))

    return set_death_signal
