"""What the whole tree keeps to, checked by machines: style, import contracts, sizes, names, nothing of one machine."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

MOST_LINES = 400
# Written in parts, so that this file passes its own test.
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("crates", "io"),
        ("proxy", "golang", "org"),
        ("maven", "apache", "org"),
        ("maven", "org"),
        ("deb", "debian", "org"),
        ("docker", "io"),
        ("ghcr", "io"),
        ("quay", "io"),
        ("registry", "k8s", "io"),
    )
]
MACHINE_PATHS = ["/" + "/".join(parts) for parts in (("root", ""), ("work", "main"), ("opt", "wheels"))]


def tracked(repository: Path) -> Iterator[Path]:
    """Every file of the tree that git has or would take."""
    command = ["git", "-c", f"safe.directory={repository}", "ls-files", "-z", "-co", "--exclude-standard"]
    listing = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=20, check=True)
    for name in filter(None, listing.stdout.split("\0")):
        if (repository / name).is_file():
            yield repository / name


def modules(repository: Path) -> Iterator[Path]:
    return (p for p in tracked(repository) if p.suffix in {".py", ".js"} and p.parent.name != "pb")


@pytest.mark.parametrize(
    "command",
    [["ruff", "check"], ["ruff", "format", "--check"], ["lint-imports", "--no-cache"]],
    ids=["style", "format", "import_contracts"],
)
def test_the_tree_passes(repository: Path, command: list[str]):
    tool, *arguments = command
    done = subprocess.run(
        [Path(sys.executable).with_name(tool), *arguments],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_service_is_bound_by_the_import_contracts(repository: Path):
    bound = (repository / "pyproject.toml").read_text()
    for app in (repository / "services" / "ardoise").glob("*/app.py"):
        assert f'"ardoise.{app.parent.name}"' in bound, f"{app.parent.name} stands in no import contract"


def test_no_module_is_longer_than_a_reader_can_hold(repository: Path):
    lengths = {p.relative_to(repository): len(p.read_text().splitlines()) for p in modules(repository)}
    assert {path: lines for path, lines in lengths.items() if lines > MOST_LINES} == {}


def test_no_module_is_a_drawer_for_whatever_is_left(repository: Path):
    drawers = {"utils", "util", "helpers", "misc", "common"}
    assert [p.relative_to(repository) for p in modules(repository) if p.stem in drawers] == []


def test_the_operator_folder_does_not_hide_the_standard_library(repository: Path):
    assert not (repository / "operator" / "__init__.py").exists()


def test_the_tree_names_no_registry_and_no_path_of_one_machine(repository: Path):
    pattern = re.compile("|".join(map(re.escape, [*REGISTRIES, *MACHINE_PATHS])))
    found = []
    for path in tracked(repository):
        if path.name == "uv.lock":
            continue
        for number, line in enumerate(path.read_bytes().decode(errors="ignore").splitlines(), 1):
            if match := pattern.search(line):
                found.append(f"{path.relative_to(repository)}:{number}: {match[0]}")
    assert found == []


def test_the_settings_reference_is_in_step(repository: Path):
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import json, settings_reference as s; print(json.dumps([s.reference(), s.names()]))",
        ],
        cwd=repository / "scripts",
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    pages = ("docs/settings.md", "charts/ardoise/files/settings.yaml")
    assert [(repository / page).read_text() for page in pages] == json.loads(done.stdout), (
        "make settings-reference"
    )


def test_every_setting_says_what_it_means(repository: Path):
    for line in (repository / "docs" / "settings.md").read_text().splitlines():
        if line.startswith("| `"):
            assert line.split("|")[3].strip(), f"no description: {line}"
