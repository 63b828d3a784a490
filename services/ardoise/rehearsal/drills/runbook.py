"""Runbooks, read as a drill follows them: the commands of a section, and what has to be seen after each. Pure.

A page of docs/runbooks is written for people, with Amsterdam as primary; where London is, its names are changed over.
A command stands in a block of `sh`. A sentence that ends in a colon and a block of `text` after it say what has to be
seen: each of its lines, in any order; a figure stands for any figure, `...` for anything.
"""

import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ardoise.rehearsal.drills.scenario import Cast, Place

RUNBOOKS = Path(__file__).resolve().parents[4] / "docs" / "runbooks"
WRITTEN_FOR = {"truck": Place.TRUCK, "amsterdam": Place.PRIMARY, "london": Place.STANDBY}
"""Which site is what in the pages."""

_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
_COMMAND = re.compile(
    r"^(?P<indent> *)```sh\n(?P<command>.*?)^(?P=indent)```$"
    r"(?:\s+(?P<word>[^\n`]+:)\n\s+```text\n(?P<shown>.*?)^ *```$)?",
    re.MULTILINE | re.DOTALL,
)
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")


class Expectation(StrEnum):
    """The sentence before what is shown."""

    AT_ONCE = "You see:"
    IN_TIME = "Repeat it until you see:"
    """The command only looks: it is given again until it shows that."""
    REFUSED = "It is refused:"


@dataclass(frozen=True)
class Command:
    """One command of a runbook."""

    line: str
    expectation: Expectation
    shown: tuple[str, ...]
    """What has to be seen; empty: only that it is done."""

    def missing(self, output: str) -> list[str]:
        """The lines which this output has not."""
        seen = output.splitlines()
        return [
            line for line in self.shown if not any(re.search(_pattern(line), candidate) for candidate in seen)
        ]


def read_page(name: str) -> str:
    """The text of a runbook. Raises ValueError where there is none."""
    try:
        return (RUNBOOKS / f"{name}.md").read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ValueError(f"there is no runbook {name}: {RUNBOOKS / name}.md") from error


def sections(page: str) -> Mapping[str, tuple[Command, ...]]:
    """The commands of each section that has some, in their order. Raises ValueError for a sentence nobody knows."""
    _, *parts = _SECTION.split(page)
    found = {title.strip(): tuple(_commands(text)) for title, text in zip(*[iter(parts)] * 2, strict=True)}
    return {title: commands for title, commands in found.items() if commands}


def for_cast(command: Command, cast: Cast) -> Command:
    """The same command where other sites are primary and standby."""
    return Command(
        _renamed(command.line, cast),
        command.expectation,
        tuple(_renamed(line, cast) for line in command.shown),
    )


def _commands(text: str) -> Iterator[Command]:
    for match in _COMMAND.finditer(text):
        line, shown = textwrap.dedent(match["command"]).strip(), match["shown"] or ""
        word = (match["word"] or Expectation.AT_ONCE).strip()
        if word not in list(Expectation):
            raise ValueError(f"{word!r} after `{line}`: write one of {', '.join(Expectation)}")
        yield Command(
            line, Expectation(word), tuple(one.strip() for one in shown.splitlines() if one.strip())
        )


def _renamed(text: str, cast: Cast) -> str:
    return re.sub(r"\b(" + "|".join(WRITTEN_FOR) + r")\b", lambda found: cast[WRITTEN_FOR[found[0]]], text)


def _pattern(line: str) -> str:
    """Of any figures, and of any space between words: columns are as wide as what stands in them."""
    return r"\s+".join(".*".join(map(_any_figures, word.split("..."))) for word in line.split())


def _any_figures(text: str) -> str:
    return _FIGURE.pattern.join(map(re.escape, _FIGURE.split(text)))
