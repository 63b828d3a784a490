"""Patroni as it is started: on a clock that never jumps, with nothing preloaded into what it starts."""

import os
import subprocess
import sys
from pathlib import Path

STAND_IN = "import os, time; print(time.time.__module__, os.environ.get('LD_PRELOAD'))"


def test_patroni_reads_the_steady_clock_and_passes_no_preload_on(tmp_path: Path):
    (tmp_path / "patroni").mkdir()
    (tmp_path / "patroni/__init__.py").touch()
    (tmp_path / "patroni/__main__.py").write_text(STAND_IN)
    said = subprocess.run(
        [sys.executable, "-m", "ardoise.sites.steady_patroni"],
        env=os.environ | {"PYTHONPATH": str(tmp_path), "LD_PRELOAD": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    assert said.split() == ["ardoise.chassis.steady_clock", "None"]
