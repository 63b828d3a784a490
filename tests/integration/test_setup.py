"""Set-up on a machine that has nothing ready: scripts/setup and the make targets over it, in a fresh clone."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

LIMIT_S = 110


@pytest.fixture
def clone(repository: Path, tmp_path: Path) -> Path:
    target = tmp_path / "clone"
    command = ["git", "-c", f"safe.directory={repository}", "-c", f"safe.directory={repository}/.git"]
    subprocess.run([*command, "clone", "-q", "--no-hardlinks", repository, target], check=True, timeout=60)
    return target


@pytest.fixture
def newcomer(repository: Path, tmp_path: Path) -> dict[str, str]:
    """The environment of someone who has just come: an empty home. Packages come from the cache where it has them."""
    home = tmp_path / "home"
    home.mkdir()
    path = f"{os.environ['PATH']}:{repository / '.tools/uv/bin'}"
    uv = shutil.which("uv", path=path)
    assert uv, "this run was not set up by make"
    cache = subprocess.run([uv, "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip()
    kept = {name: os.environ[name] for name in ("SSL_CERT_FILE", "PYTEST_PROCESS_MARK") if name in os.environ}
    return {**kept, "PATH": path, "HOME": str(home), "UV_PYTHON": sys.executable, "UV_CACHE_DIR": cache}


def make(*arguments: str, cwd: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *arguments], cwd=cwd, env=env, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )


def test_two_set_ups_at_once_end_in_one_tree_whose_tests_run(clone: Path, newcomer: dict[str, str]):
    both = [
        subprocess.Popen(["make", "setup"], cwd=clone, env=newcomer, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=LIMIT_S)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said

    # Or each process would compile its thousand modules first, at each start where nobody may write bytecode.
    for package in (clone / "services/ardoise/chassis", *clone.glob(".venv/lib/python*/site-packages/grpc")):
        modules, compiled = package.glob("*.py"), package.glob("__pycache__/*.pyc")
        assert {m.stem for m in modules} == {c.name.partition(".")[0] for c in compiled}, package

    done = make("test", "TESTS=tests/unit/repository/test_contracts.py", "JOBS=0", cwd=clone, env=newcomer)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed in " in done.stdout
    left = subprocess.run(
        ["git", "status", "--short"], cwd=clone, capture_output=True, text=True, check=True
    ).stdout
    assert left == ""


def test_a_python_that_does_not_run_is_refused_by_name(clone: Path, newcomer: dict[str, str]):
    done = make("setup", cwd=clone, env={**newcomer, "UV_PYTHON": "/nowhere/python"})
    assert done.returncode != 0
    assert "UV_PYTHON=/nowhere/python is no Python" in done.stderr


def test_a_shim_on_the_path_that_runs_nothing_is_passed_over(
    clone: Path, newcomer: dict[str, str], tmp_path: Path
):
    shims = tmp_path / "shims"
    shims.mkdir()
    for name in ("python3.13", "python3.12", "python3.14"):
        shim = shims / name
        shim.write_text("#!/bin/sh\necho 'command not found' >&2\nexit 127\n")
        shim.chmod(0o755)
    (shims / "python3").symlink_to(os.path.realpath(sys.executable))
    env = {**newcomer, "PATH": f"{shims}:{newcomer['PATH']}", "UV_COMPILE_BYTECODE": "0"}
    env.pop("UV_PYTHON")
    done = make("setup", cwd=clone, env=env)
    assert done.returncode == 0, done.stderr
    assert f"Python {sys.version.split()[0]}" in done.stderr


def test_debians_python_runs_where_it_was_unpacked(repository: Path, tmp_path: Path):
    if not shutil.which("apt-get"):
        pytest.skip("not Debian: no apt-get")
    done = subprocess.run(
        [repository / "scripts/unpack-debian", tmp_path / "python", "python3.13", "--", "usr/bin/python3.13"],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    if "Failed to fetch" in done.stderr or "knows no Debian mirror" in done.stderr:
        pytest.skip("no Debian mirror reached from here")
    assert done.returncode == 0, done.stderr
    python = tmp_path / "python/usr/bin/python3.13"
    said = subprocess.run(
        [python, "-c", "import ssl, ctypes, sqlite3, lzma, sys; print(sys.prefix)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == str(tmp_path / "python/usr")
