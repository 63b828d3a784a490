"""Tests that share something dear run in one process: what `pytestmark = xdist_group` stands for in this repository."""

import subprocess
import sys
from pathlib import Path

GROUPED = """
import os
import pytest
pytestmark = pytest.mark.xdist_group("dear")

@pytest.mark.parametrize("one", range(8))
def test_in(one):
    print("ran in", os.environ["PYTEST_XDIST_WORKER"])
"""


def test_a_group_of_tests_runs_in_one_process(tmp_path: Path):
    (tmp_path / "test_grouped.py").write_text(GROUPED)
    options = ("-n", "2", "--dist", "loadgroup", "-rP", "-p", "no:cacheprovider")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path)],
        cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    ran_in = [line for line in done.stdout.splitlines() if line.startswith("ran in")]
    assert len(ran_in) == 8
    assert len(set(ran_in)) == 1, ran_in
