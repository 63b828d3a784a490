"""The template of a decoder: another package's, found by entry point, and its own tests pass."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.template import installed

LIMIT_S = 100


def run(repository: Path, place: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(place)}
    return subprocess.run(
        [sys.executable, *command],
        cwd=repository / "templates" / "decoder", env=environment,
        capture_output=True, text=True, timeout=LIMIT_S, check=False,
    )  # fmt: skip


def test_a_package_with_the_entry_point_is_found(repository: Path, tmp_path: Path):
    program = (
        "from ardoise.trackers.registry import decoder, names; print(decoder('plainline').name, *names())"
    )
    found = run(repository, installed(repository, tmp_path), "-c", program)
    assert found.returncode == 0, found.stderr
    assert found.stdout.split()[0] == "plainline"
    assert "plainline" in found.stdout.split()[1:]


def test_its_tests_pass(repository: Path, tmp_path: Path):
    options = ("-q", "-p", "no:cacheprovider", "--rootdir", ".", "tests")
    done = run(repository, installed(repository, tmp_path), "-m", "pytest", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "failed" not in done.stdout


def test_what_the_page_shows_is_the_template(repository: Path):
    page = (repository / "docs" / "decoders.md").read_text()
    for name in ("pyproject.toml", "src/ardoise_plainline.py", "tests/test_plainline.py"):
        assert f"../templates/decoder/{name}" in page
