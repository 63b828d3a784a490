"""The same prefix of the log gives the same bytes: restored, in another process, under another Python."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ardoise.race.checkpoint import CheckpointError
from ardoise.race.engine import ENGINE_VERSION, RaceEngine
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy._core._multiarray_umath import __cpu_baseline__, __cpu_features__

from tests.support.eventful import LOG, RIDERS, SECONDS, STAGE, run_through, whole

EXPECTED = whole()
SUM = hashlib.sha256(repr(EXPECTED).encode()).hexdigest()
REPOSITORY = Path(__file__).resolve().parents[3]
NEWER_FEATURES = [
    name
    for name in (
        "AVX2",
        "FMA3",
        "AVX512F",
        "AVX512CD",
        "AVX512_SKX",
        "AVX512_CLX",
        "AVX512_CNL",
        "AVX512_ICL",
    )
    if __cpu_features__.get(name) and name not in __cpu_baseline__
]


def test_there_is_a_race_in_the_log() -> None:
    engine = RaceEngine(STAGE, 1)
    run_through(engine, LOG, 1)
    assert len(EXPECTED) > 2 * SECONDS
    assert len(set(EXPECTED)) == len(EXPECTED)
    assert len(engine.passages_at(100_000)) > RIDERS // 2


@settings(max_examples=8, deadline=None, derandomize=True)
@given(st.lists(st.integers(1, len(LOG) - 1), min_size=1, max_size=3, unique=True))
def test_restored_at_any_record_it_runs_on_to_the_same_digests(cuts: list[int]) -> None:
    engine, closed, done = RaceEngine(STAGE, 1), [], 0
    for cut in sorted(cuts):
        closed += run_through(engine, LOG[done:cut], done + 1)
        engine, done = RaceEngine.restore(STAGE, engine.checkpoint()), cut
    closed += run_through(engine, LOG[done:], done + 1)
    assert closed == EXPECTED


def test_what_is_saved_again_after_a_restore_is_the_same_bytes() -> None:
    engine = RaceEngine(STAGE, 1)
    run_through(engine, LOG[:400], 1)
    content = engine.checkpoint()
    assert RaceEngine.restore(STAGE, content).checkpoint() == content


def test_a_torn_checkpoint_and_one_of_another_engine_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = RaceEngine(STAGE, 1)
    run_through(engine, LOG[:100], 1)
    content = engine.checkpoint()
    for torn in (b"", content[:-1], content[: len(content) // 2], content[:200] + b"x" + content[201:]):
        with pytest.raises(CheckpointError):
            RaceEngine.restore(STAGE, torn)
    monkeypatch.setattr("ardoise.race.engine.ENGINE_VERSION", "another")
    with pytest.raises(CheckpointError, match=f"of engine '{ENGINE_VERSION}'"):
        RaceEngine.restore(STAGE, content)


def test_an_altered_constant_gives_other_digests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ardoise.race.picture.HORIZON_MS", 1_000)
    assert whole() != EXPECTED


def printed_by(command: list[str], **environment: str) -> str:
    """What the eventful log comes to in another process."""
    surroundings = os.environ | environment | {"PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'services'}"}
    ran = subprocess.run(
        [*command, "-m", "tests.support.eventful"],
        cwd=REPOSITORY,
        env=surroundings,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    if ran.returncode != 0:
        raise RuntimeError(ran.stderr)
    return ran.stdout.strip()


@pytest.mark.parametrize("seed", ["1", "4711"])
def test_digests_do_not_depend_on_the_hash_seed(seed: str) -> None:
    assert printed_by([sys.executable], PYTHONHASHSEED=seed) == SUM


def test_digests_do_not_depend_on_what_the_processor_can_do() -> None:
    # numpy picks its loops by the processor's features: without the newest ones it takes others.
    assert printed_by([sys.executable], NPY_DISABLE_CPU_FEATURES=" ".join(NEWER_FEATURES)) == SUM


@pytest.mark.parametrize("version", ["3.12", "3.13", "3.14"])
def test_digests_are_equal_under_every_python_that_this_machine_has(version: str) -> None:
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        pytest.skip(f"Python {version} is the one that runs all tests")
    python, uv = python_of(version), uv_of_this_machine()
    if python is None or uv is None:
        pytest.skip(f"Python {version} or uv absent")
    command = [
        uv,
        "run",
        "--no-project",
        "--isolated",
        "--python",
        python,
        "--with",
        f"numpy=={np.__version__}",
    ]
    # uv carries root certificates of its own and refuses a company proxy's.
    assert printed_by([*command, "python"], UV_PYTHON_DOWNLOADS="never", UV_SYSTEM_CERTS="1") == SUM


def uv_of_this_machine() -> str | None:
    """uv where scripts/setup finds it or puts it."""
    candidates = ["uv", Path.home() / ".local/bin/uv", REPOSITORY / ".tools/uv/bin/uv"]
    return next(filter(None, map(shutil.which, candidates)), None)


def python_of(version: str) -> str | None:
    """An interpreter of this version: on the path, or where pyenv keeps its own."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [shutil.which(f"python{version}"), *pyenv.glob(f"versions/{version}.*/bin/python")]
    for candidate in candidates:
        # pyenv's shims are on the path for versions that are not chosen, and fail.
        says = candidate and subprocess.run([candidate, "-V"], capture_output=True, text=True, check=False)
        if says and says.stdout.startswith(f"Python {version}."):
            return str(candidate)
    return None
