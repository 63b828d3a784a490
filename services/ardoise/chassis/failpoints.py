"""Places where a test may kill the process. They do nothing unless ARDOISE_FAILPOINT names one.

ARDOISE_FAILPOINT=after_copy:3 ends the process with SIGKILL when it reaches after_copy for the third time.
"""

import os
import signal

VARIABLE = "ARDOISE_FAILPOINT"

_armed: dict[str, int] = {}


def arm(name: str, hits: int) -> None:
    """This process dies at the `hits`-th time it reaches `name`."""
    _armed[name] = hits


def failpoint(name: str) -> None:
    """A place with a name. SIGKILL where it is armed and its time has come."""
    if not _armed or name not in _armed:
        return
    _armed[name] -= 1
    if _armed[name] == 0:
        os.kill(os.getpid(), signal.SIGKILL)


if VARIABLE in os.environ:
    _name, _, _hits = os.environ[VARIABLE].partition(":")
    arm(_name, int(_hits or 1))
