"""What must hold between the parts of an event file: each rule yields every place where it does not."""

from collections.abc import Hashable, Iterator
from datetime import UTC, datetime
from itertools import pairwise

from ardoise.ingest.setup.before import broken_before
from ardoise.ingest.setup.models import EventFile, FeatureKind, TrackerAssignment
from ardoise.ingest.setup.yaml_text import Path

Finding = tuple[Path, str, str]
"""Path in the document, what is wrong, what to do."""

BEGINNING = datetime.min.replace(tzinfo=UTC)
END = datetime.max.replace(tzinfo=UTC)


def broken_rules(event: EventFile, set_aside: frozenset[str] = frozenset()) -> Iterator[Finding]:
    """All findings of all rules but those that need the road (see event.py).

    `set_aside`: the texts in parts of the file that are faulty themselves; who is named there is not unknown.
    """
    yield from unique_names(event)
    yield from known_teams(event, set_aside)
    yield from known_riders(event, set_aside)
    yield from one_wearer_a_jersey(event)
    yield from one_rider_a_tracker(event)
    yield from sensible_features(event)
    yield from sound_standings(event, set_aside)


def unique_names(event: EventFile) -> Iterator[Finding]:
    yield from _repeated([stage.id for stage in event.stages], "stages", "id", "Give each stage its own.")
    yield from _repeated([team.code for team in event.teams], "teams", "code", "Give each team its own.")
    yield from _repeated([rider.bib for rider in event.riders], "riders", "bib", "Give each rider his own.")


def known_teams(event: EventFile, set_aside: frozenset[str]) -> Iterator[Finding]:
    codes = {team.code for team in event.teams}
    for index, rider in enumerate(event.riders):
        if rider.team not in codes and rider.team not in set_aside:
            remedy = f"Use one of {_some(codes)}, or add the team."
            yield ("riders", index, "team"), f"no team has the code {rider.team}", remedy


def known_riders(event: EventFile, set_aside: frozenset[str]) -> Iterator[Finding]:
    bibs = {rider.bib for rider in event.riders}
    named: list[tuple[Path, int]] = [
        (("trackers", index, "bib"), one.bib) for index, one in enumerate(event.trackers)
    ]
    for number, stage in enumerate(event.stages):
        named += [(("stages", number, "jerseys", i, "bib"), one.bib) for i, one in enumerate(stage.jerseys)]
        named += [(("stages", number, "not_starting", i), bib) for i, bib in enumerate(stage.not_starting)]
    for path, bib in named:
        if bib not in bibs and str(bib) not in set_aside:
            yield path, f"no rider has the bib {bib}", "Correct the bib, or add the rider."


def one_wearer_a_jersey(event: EventFile) -> Iterator[Finding]:
    for number, stage in enumerate(event.stages):
        worn = [wearer.jersey for wearer in stage.jerseys]
        for path, what, remedy in _repeated(worn, "jerseys", "jersey", "Name one wearer."):
            yield ("stages", number, *path), what, remedy


def one_rider_a_tracker(event: EventFile) -> Iterator[Finding]:
    by_tracker: dict[int, list[tuple[int, TrackerAssignment]]] = {}
    for index, one in enumerate(event.trackers):
        by_tracker.setdefault(one.tracker, []).append((index, one))
    for tracker, several in by_tracker.items():
        several.sort(key=lambda pair: pair[1].valid_from or BEGINNING)
        for (_, earlier), (index, later) in pairwise(several):
            if (earlier.valid_until or END) > (later.valid_from or BEGINNING):
                what = f"tracker {tracker} is on bibs {earlier.bib} and {later.bib} at the same time"
                yield (
                    ("trackers", index),
                    what,
                    "End the first with valid_until, begin the second with valid_from.",
                )


def sensible_features(event: EventFile) -> Iterator[Finding]:
    for number, stage in enumerate(event.stages):
        for index, feature in enumerate(stage.features):
            path = ("stages", number, "features", index)
            if feature.category and feature.kind is not FeatureKind.CLIMB:
                yield (
                    (*path, "category"),
                    f"a {feature.kind} has no category",
                    "Remove it, or make it a climb.",
                )
            for key in ("points", "bonus_s"):
                if getattr(feature, key) and feature.kind not in (FeatureKind.CLIMB, FeatureKind.SPRINT):
                    yield (
                        (*path, key),
                        f"nothing is won at a {feature.kind}",
                        "Remove it, or make it a sprint.",
                    )


def sound_standings(event: EventFile, set_aside: frozenset[str]) -> Iterator[Finding]:
    for number, stage in enumerate(event.stages):
        path = ("stages", number, "before")
        if stage.before and stage.before_file:
            yield path, "both before and before_file", "Keep one of the two."
        for index, key, what, remedy in broken_before(stage.before, event, stage, set_aside):
            yield (path if index is None else (*path, index, key)), what, remedy


def _repeated(values: list[Hashable], part: str, key: str, remedy: str) -> Iterator[Finding]:
    first: dict[Hashable, int] = {}
    for index, value in enumerate(values):
        if value in first:
            yield (part, index, key), f"{value} is already that of {part}[{first[value]}]", remedy
        first.setdefault(value, index)


def _some(names: set[str]) -> str:
    shown = sorted(names)[:5]
    return ", ".join(shown) + (", ..." if len(names) > len(shown) else "")
