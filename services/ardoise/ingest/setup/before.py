"""The standings before a stage: from the event file or a CSV file beside it, checked against who starts."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import ValidationError

from ardoise.ingest.setup.faults import Fault
from ardoise.ingest.setup.models import EventFile, Stage, StandingBefore

MOST_BYTES = 1024 * 1024
"""A thousand riders take 30 kB."""

Broken = tuple[int | None, str, str, str]
"""Number of the entry (None: the list as a whole), key, what is wrong, what to do."""


def read_before(path: Path, name: str, event: EventFile, stage: Stage) -> list[StandingBefore] | list[Fault]:
    """The entries of a CSV file, or every fault of it; `name` is how the event file calls it."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise ValueError(f"larger than {MOST_BYTES} bytes")
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig")), skipinitialspace=True, strict=True)
        rows = [(reader.line_num, row) for row in reader]
    except (OSError, ValueError, csv.Error) as error:
        what = f"cannot be read as CSV: {getattr(error, 'strerror', None) or error}"
        return [
            Fault(name, 0, "", what, "Write a CSV file with the columns bib, general, points, mountains.")
        ]
    entries: list[StandingBefore] = []
    lines: list[int] = []
    faults: list[Fault] = []
    known = ", ".join(StandingBefore.model_fields)
    for line, row in rows:
        try:
            # An empty cell says nothing; one too many has no name.
            entries.append(
                StandingBefore.model_validate({key or "": cell for key, cell in row.items() if cell})
            )
            lines.append(line)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                written = f"{detail['input'][:60]!r}: " if isinstance(detail["input"], str) else ""
                column = ".".join(str(part) for part in detail["loc"])
                remedy = f"Columns: {known}, as in docs/event-file.md."
                faults.append(Fault(name, line, column, written + detail["msg"], remedy))
    if not faults:
        for number, key, what, remedy in broken_before(entries, event, stage):
            faults.append(Fault(name, 1 if number is None else lines[number], key, what, remedy))
    return faults or entries


def broken_before(
    entries: Sequence[StandingBefore],
    event: EventFile,
    stage: Stage,
    set_aside: frozenset[str] = frozenset(),
) -> Iterator[Broken]:
    """What contradicts the event: unknown or repeated riders and teams, riders without a time.

    `set_aside`: the texts in parts of the event file that are faulty themselves; who is named there is not unknown.
    """
    bibs, codes = {rider.bib for rider in event.riders}, {team.code for team in event.teams}
    seen: set[int | str] = set()
    for number, entry in enumerate(entries):
        key, who, known = ("bib", entry.bib, bibs) if entry.team is None else ("team", entry.team, codes)
        if who not in known and str(who) not in set_aside:
            yield (
                number,
                key,
                f"no {'rider has the bib' if key == 'bib' else 'team has the code'} {who}",
                "Correct it.",
            )
        if who in seen:
            yield number, key, f"{who} was there before", "Keep one of the two."
        seen.add(who)
    timed = {entry.bib for entry in entries if entry.bib is not None and entry.general is not None}
    missing = sorted(bibs - timed - set(stage.not_starting)) if timed else []
    missing = [bib for bib in missing if str(bib) not in set_aside]
    if missing:
        shown = ", ".join(map(str, missing[:5])) + (", ..." if len(missing) > 5 else "")
        yield (
            None,
            "",
            f"no general time for bib {shown}",
            "Give everybody's who starts, or list them in not_starting.",
        )
