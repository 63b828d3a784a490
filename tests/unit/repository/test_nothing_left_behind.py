"""The check on left processes, itself checked: a test that leaves one must fail its run, an orphan too."""

import re
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

LEAVES_CHILD = 'subprocess.Popen(["sleep", "60"]).returncode = 0'  # 0: no ResourceWarning about it
LEAVES_ORPHAN = 'subprocess.run(["setsid", "--fork", "sleep", "60"], check=True)'


@pytest.mark.parametrize("leave", [LEAVES_CHILD, LEAVES_ORPHAN], ids=["a_child", "an_orphan"])
def test_a_run_that_leaves_a_process_fails_and_ends_it(repository: Path, tmp_path: Path, leave: str):
    (tmp_path / "conftest.py").write_text("from tests.conftest import no_process_left_behind\n")
    (tmp_path / "test_leaves.py").write_text(f"import subprocess\n\ndef test_leaves():\n    {leave}\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", tmp_path, tmp_path]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode != 0
    assert "processes left behind" in done.stdout, done.stdout + done.stderr
    found = re.search(r"(\d+) sleep 60", done.stdout)
    assert found, done.stdout
    assert ended(int(found[1]))


def ended(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
