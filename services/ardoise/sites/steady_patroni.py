"""`python -m patroni CONFIG`, on a clock that never jumps, and with less patience for who is lost.

    python -m ardoise.sites.steady_patroni CONFIG [HEALTH_PORT]

Patroni measures its lease and its pauses by the time of day. Where that is set back by minutes its loop sleeps as many
minutes, the lease that it should have renewed runs out, and a region that was well loses the primary.

Before it takes an expired lease it asks the other members how far they are, and waits 2 s for one that is lost without
a word: all of what a promotion may take beyond the lease. Nothing hangs on the answer of a member whose lease is over;
etcd alone decides.
"""

import os
import runpy
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ardoise.chassis import steady_clock

STATUS_LIMIT_S = 1.0
"""Three round trips, of 300 ms at most."""


def ask_briefly(ask: Callable[..., Any]) -> Callable[..., Any]:
    """Patroni's way to ask another member, with questions bounded by STATUS_LIMIT_S; orders are as they were."""

    def asked(self: Any, member: Any, method: str = "GET", *given: Any, **options: Any) -> Any:
        if method == "GET":
            options["timeout"] = STATUS_LIMIT_S
        return ask(self, member, method, *given, **options)

    return asked


if __name__ == "__main__":
    # Of a clock that a drill sets (ardoise.up.clocks): loaded already, and programs of the machine could not load it.
    os.environ.pop("LD_PRELOAD", None)
    time.time = steady_clock.now_s
    from patroni.request import PatroniRequest

    PatroniRequest.__call__ = ask_briefly(PatroniRequest.__call__)
    if len(sys.argv) > 2:
        from ardoise.sites.patroni_health import PatroniHealth

        PatroniHealth(int(sys.argv.pop()), Path(sys.argv[1]))
    runpy.run_module("patroni", run_name="__main__", alter_sys=True)
