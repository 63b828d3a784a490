"""Writes the table of values in charts/ardoise/README.md from the comments in values.yaml: `make chart-reference`.

A comment that begins with `# --` explains the key below it.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).resolve().parent.parent / "charts" / "ardoise"
BEGIN, END = "<!-- values: made by make chart-reference -->", "<!-- end of values -->"
EXPLAINS = "# -- "
KEY = re.compile(r"^( *)([A-Za-z][A-Za-z0-9-]*):")


def explained(text: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Path and explanation of every key that has one, in the file's order."""
    path: list[tuple[int, str]] = []
    comment: list[str] = []
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("#"):
            begins = stripped.startswith(EXPLAINS)
            if begins or comment:
                words = stripped.removeprefix(EXPLAINS).removeprefix("#").strip()
                comment = [words] if begins else [*comment, words]
            continue
        found = KEY.match(line)
        if found:
            depth, key = len(found[1]), found[2]
            path = [*(one for one in path if one[0] < depth), (depth, key)]
            if comment:
                yield tuple(name for _, name in path), " ".join(comment)
        comment = []


def default_of(values: Any, path: tuple[str, ...]) -> str:
    """A key's default, as one writes it."""
    for key in path:
        values = values[key]
    return json.dumps(values) if isinstance(values, dict | list | bool | None) else str(values) or '""'


def table(text: str) -> str:
    """One row for each value."""
    values = yaml.safe_load(text)
    rows = ["| value | default | meaning |", "|---|---|---|"]
    for path, words in explained(text):
        escaped = words.replace("|", "\\|").replace("<", "&lt;")
        rows.append(f"| `{'.'.join(path)}` | `{default_of(values, path)}` | {escaped} |")
    return "\n".join(rows)


def readme() -> str:
    """The README with its table made anew."""
    before, _, rest = (CHART / "README.md").read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table((CHART / 'values.yaml').read_text())}\n{END}{after}"


if __name__ == "__main__":
    (CHART / "README.md").write_text(readme())
    print("charts/ardoise/README.md written")
