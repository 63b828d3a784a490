"""YAML as text with places: every scalar stays the text that was written, every value knows its line.

Leaving the types to the models keeps YAML's own guesses out of the race (the nationality NO is not false,
12:30 is not 750); anchors are refused, because ten lines of them can unfold to gigabytes.
"""

from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from ardoise.ingest.setup.faults import Fault, SetupInvalid

MOST_CHARACTERS = 4 * 1024 * 1024
"""A Grand Tour with 176 riders and as many trackers takes 60 kB."""
MOST_DEPTH = 12
NOTHING = frozenset({"", "~", "null"})

Path = tuple[str | int, ...]


class YamlText:
    """A document: `value` (mappings, lists, texts, None) and the line of each of its values."""

    def __init__(self, text: str, file: str) -> None:
        """Raises SetupInvalid."""
        self._file = file
        self._lines: dict[Path, int] = {}
        self.faults: list[Fault] = []
        if len(text) > MOST_CHARACTERS:
            self._fail(0, f"{len(text)} characters, at most {MOST_CHARACTERS}", "Split the event.")
        try:
            events = (event for event in YAML(typ="safe", pure=True).parse(text) if _is_content(event))
            first = next(events, None)
            self.value = None if first is None else self._build(first, events, ())
            self._refuse_more(events)
        except MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 0
            raise SetupInvalid(
                [Fault(file, line, "", f"not YAML: {error.problem}", "Mend the line.")]
            ) from error
        except YAMLError as error:
            raise SetupInvalid([Fault(file, 0, "", f"not YAML: {error}", "Mend the file.")]) from error

    def line(self, path: Path) -> int:
        """Line of the value at the path, or of the nearest one around it."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def _build(self, event: Event, events: Iterator[Event], path: Path) -> Any:
        line = event.start_mark.line + 1
        self._lines.setdefault(path, line)
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            self._fail(line, "an anchor or alias", "Write the value out.", path)
        if len(path) > MOST_DEPTH:
            self._fail(line, f"nested more than {MOST_DEPTH} deep", "Compare with docs/event-file.md.", path)
        if isinstance(event, ScalarEvent):
            return None if event.style is None and event.value in NOTHING else event.value
        if isinstance(event, SequenceStartEvent):
            items: list[Any] = []
            while not isinstance(following := next(events), SequenceEndEvent):
                items.append(self._build(following, events, (*path, len(items))))
            return items
        found: dict[str, Any] = {}
        while not isinstance(key := next(events), MappingEndEvent):
            name, key_line = self._key(key, path), key.start_mark.line + 1
            if name in found:
                again = "Keep one of the two."
                self.faults.append(_fault(self._file, key_line, (*path, name), "given twice", again))
            self._lines[*path, name] = key_line
            found[name] = self._build(next(events), events, (*path, name))
        return found

    def _key(self, key: Event, path: Path) -> str:
        if not isinstance(key, ScalarEvent):
            self._fail(key.start_mark.line + 1, "a key that is not a word", "Put long keys in quotes.", path)
        return key.value

    def _refuse_more(self, events: Iterator[Event]) -> None:
        for event in events:
            self._fail(event.start_mark.line + 1, "a second document", "One file holds one event.")

    def _fail(self, line: int, what: str, remedy: str, path: Path = ()) -> None:
        raise SetupInvalid([_fault(self._file, line, path, what, remedy)])


def written_path(path: Path) -> str:
    """`riders[3].team`, as people write it."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".")


def _fault(file: str, line: int, path: Path, what: str, remedy: str) -> Fault:
    return Fault(file, line, written_path(path), what, remedy)


def _is_content(event: Event) -> bool:
    kinds = (
        MappingStartEvent,
        MappingEndEvent,
        SequenceStartEvent,
        SequenceEndEvent,
        ScalarEvent,
        AliasEvent,
    )
    return isinstance(event, kinds) and not isinstance(event, DocumentStartEvent)
