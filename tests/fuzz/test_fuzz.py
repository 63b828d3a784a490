"""Seconds of fuzzing for each decoder; and a fault is found and can be run again. `make fuzz` takes hours."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ardoise.trackers.registry import names

from tests.support.template import installed

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="atheris has no wheel for this machine or this Python"
)
SECONDS = 2
SEED = 20260627
LIMIT_S = 100


def fuzz(
    repository: Path, *arguments: str | Path, path: Path | None = None
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(path or "")}
    return subprocess.run(
        [sys.executable, "-m", "tests.fuzz", *arguments],
        cwd=repository, env=environment, capture_output=True, text=True, errors="replace", timeout=LIMIT_S, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("name", names())
def test_seconds_of_it_find_nothing(repository: Path, tmp_path: Path, name: str):
    done = fuzz(repository, name, "--seconds", str(SECONDS), "--seed", str(SEED), "--directory", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "stat::number_of_executed_units" in done.stderr


def test_a_fault_is_found_and_can_be_run_again(repository: Path, tmp_path: Path):
    place = installed(repository, tmp_path)
    module = place / "ardoise_plainline.py"
    broken = module.read_text().replace(
        "    try:\n", "    if message.body.count(b'A') == 2:\n        raise KeyError('A')\n    try:\n", 1
    )
    module.write_text(broken)
    done = fuzz(
        repository, "plainline", "--seconds", "60", "--seed", str(SEED), "--directory", tmp_path, path=place
    )
    assert done.returncode != 0
    (crash,) = (tmp_path / "plainline").glob("crash-*")
    assert f"--crash {crash}" in done.stderr
    again = fuzz(repository, "plainline", "--crash", crash, path=place)
    assert again.returncode != 0
    assert "KeyError" in again.stdout + again.stderr
