"""The pages of the repository, and the commands that they show."""

import re
from collections.abc import Iterator
from pathlib import Path

THREE_SITES = ".venv/bin/ardoise sites up"
DRILLS = ".venv/bin/ardoise drill list"


def pages(repository: Path) -> Iterator[Path]:
    """Every page that people read."""
    yield from repository.glob("*.md")
    for folder in ("docs", "services", "proto", "tilt"):
        yield from (repository / folder).rglob("*.md")


def commands(page: Path) -> Iterator[str]:
    """The commands in its console blocks, in their order."""
    for block in re.findall(r"```console\n(.*?)```", page.read_text(), flags=re.S):
        for line in block.splitlines():
            if line.startswith("$ "):
                yield line.removeprefix("$ ").strip()


def race_day_commands(shown: list[str]) -> list[str]:
    """`ardoise up` and what comes after it: those need it beside them."""
    return shown[shown.index(".venv/bin/ardoise up") : shown.index(THREE_SITES)]


def three_sites_commands(shown: list[str]) -> list[str]:
    """`ardoise sites up` and what comes after it, up to the drills."""
    return shown[shown.index(THREE_SITES) : shown.index(DRILLS)]


def drill_commands(shown: list[str]) -> list[str]:
    """`ardoise drill list` and what comes after it."""
    return shown[shown.index(DRILLS) :]
