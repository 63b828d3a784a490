"""Patroni as it is started: on a clock that never jumps, nothing preloaded into what it starts, short of patience."""

import os
import subprocess
import sys
from pathlib import Path

STAND_IN = """\
import os, time
from patroni.request import PatroniRequest
print(time.time.__module__, os.environ.get('LD_PRELOAD'))
ask = PatroniRequest()
print(ask("amsterdam", timeout=2, retries=0), ask("amsterdam", "post", "failsafe", timeout=2))
"""
REQUEST = """\
class PatroniRequest:
    def __call__(self, member, method="GET", endpoint=None, **options):
        return options["timeout"]
"""


def test_patroni_reads_the_steady_clock_and_passes_no_preload_on(tmp_path: Path):
    (tmp_path / "patroni").mkdir()
    (tmp_path / "patroni/__init__.py").touch()
    (tmp_path / "patroni/request.py").write_text(REQUEST)
    (tmp_path / "patroni/__main__.py").write_text(STAND_IN)
    said = subprocess.run(
        [sys.executable, "-m", "ardoise.sites.steady_patroni"],
        env=os.environ | {"PYTHONPATH": str(tmp_path), "LD_PRELOAD": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    # It asks a member how it is for a second at most, and gives it an order for as long as it ever did.
    assert said.split() == ["ardoise.chassis.steady_clock", "None", "1.0", "2"]
