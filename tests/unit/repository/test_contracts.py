"""The contracts in proto/: well made, in step with their code, and never broken for those who use a release."""

import subprocess
import sys
from pathlib import Path

import pytest
from packaging.version import Version

PROTO = "proto"


def buf(repository: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("buf"), *arguments]
    return subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=60, check=False)


def releases(repository: Path) -> list[Path]:
    return sorted(
        (repository / PROTO / "release").glob("v*.binpb"),
        key=lambda path: Version(path.stem.removeprefix("v")),
    )


def test_contracts_follow_the_standard_rules_and_comment_every_field(repository: Path):
    done = buf(repository, "lint", PROTO)
    assert done.returncode == 0, done.stdout + done.stderr


def test_contracts_break_nobody_who_uses_a_release(repository: Path):
    assert releases(repository), "no release is kept: make release-contracts"
    for release in releases(repository):
        done = buf(repository, "breaking", PROTO, "--against", release)
        assert done.returncode == 0, f"against {release.stem}:\n{done.stdout}{done.stderr}"


def test_a_field_that_changes_its_number_is_found(repository: Path, tmp_path: Path):
    copy = tmp_path / PROTO
    for path in (repository / PROTO).rglob("*"):
        if path.suffix in (".proto", ".yaml"):
            target = copy / path.relative_to(repository / PROTO)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(path.read_text().replace(" relay_id = 1;", " relay_id = 99;"))
    done = buf(repository, "breaking", copy, "--against", releases(repository)[-1])
    assert done.returncode != 0
    assert "relay_id" in done.stdout + done.stderr


@pytest.mark.parametrize("kind", ["*.py", "*.pyi"])
def test_generated_code_is_in_step_with_the_contracts(repository: Path, tmp_path: Path, kind: str):
    subprocess.run([sys.executable, repository / PROTO / "generate.py", tmp_path], check=True, timeout=60)
    kept = repository / "services" / "ardoise" / "pb"
    assert {p.name: p.read_text() for p in kept.glob(kind)} == {
        p.name: p.read_text() for p in tmp_path.glob(kind)
    }, "make proto"
