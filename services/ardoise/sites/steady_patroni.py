"""`python -m patroni CONFIG`, on a clock that never jumps.

    python -m ardoise.sites.steady_patroni CONFIG [HEALTH_PORT]

Patroni measures its lease and its pauses by the time of day. Where that is set back by minutes its loop sleeps as many
minutes, the lease that it should have renewed runs out, and a region that was well loses the primary.
"""

import os
import runpy
import sys
import time
from pathlib import Path

from ardoise.chassis import steady_clock

if __name__ == "__main__":
    # Of a clock that a drill sets (ardoise.up.clocks): loaded already, and programs of the machine could not load it.
    os.environ.pop("LD_PRELOAD", None)
    time.time = steady_clock.now_s
    if len(sys.argv) > 2:
        from ardoise.sites.patroni_health import PatroniHealth

        PatroniHealth(int(sys.argv.pop()), Path(sys.argv[1]))
    runpy.run_module("patroni", run_name="__main__", alter_sys=True)
