"""docs/event-file.md, generated from the models: `python -m ardoise.ingest.setup.reference docs/event-file.md`."""

import sys
from enum import StrEnum
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from ardoise.ingest.setup import models

PARTS = (
    ("The event", models.EventFile),
    ("A stage: `stages`", models.Stage),
    ("Its road: `stages[].route`", models.RouteFile),
    ("A place on the road: `stages[].features`", models.RoadFeature),
    ("A leader's jersey: `stages[].jerseys`", models.JerseyWearer),
    ("In the standings before: `stages[].before`", models.StandingBefore),
    ("A team: `teams`", models.Team),
    ("A rider: `riders`", models.Rider),
    ("A tracker on a bike: `trackers`", models.TrackerAssignment),
)
KINDS = {
    "str": "text",
    "int": "whole number",
    "float": "number",
    "bool": "`true` or `false`",
    "datetime": "instant",
}

EXAMPLE = """\
event: Tour des Cols
stages:
  - id: stage-1
    name: "Stage 1: Combe - Col de l'Ardoise"
    start: 2026-07-04T12:30:00+02:00
    route:
      file: stage-1.gpx
      kilometre_zero_km: 4.2
    features:
      - {kind: sprint, name: Pont-Vieux, km: 31.4}
      - {kind: climb, name: Col de l'Ardoise, km: 118.6, length_km: 11.2, category: HC}
    jerseys:
      - {jersey: general, bib: 1}
    before:
      - {bib: 1, general: "8:12:40", points: 34, mountains: 11}
teams:
  - {code: AVA, name: Avalanche Cycling, colour: "#f4a261"}
riders:
  - {bib: 1, family_name: ROCHEBLANCHE, given_name: Aurèle, team: AVA, nationality: FRA, young: true}
trackers:
  - {tracker: 860001, bib: 1, valid_until: 2026-07-04T14:05:00+02:00}
  - {tracker: 860177, bib: 1, valid_from: 2026-07-04T14:05:00+02:00}  # after a bike change
"""

INTRODUCTION = f"""\
# The event file

Generated from the models in `services/ardoise/ingest/setup/models.py`; do not edit by hand.

One YAML file describes an event: its stages, teams, riders and trackers. `ardoise stage validate FILE` lists every
fault of it at once, with file, line and what to do; `ardoise stage load FILE --stage ID` opens the log of one of its
stages while the last is still served, `ardoise stage activate EPOCH` makes it live. The next race is another file,
never code. Unknown keys, anchors and aliases are faults. A whole event to start from:
`events/tour-des-cols/event.yaml`.

```yaml
{EXAMPLE}```

Kilometres of features and of the finish count from kilometre 0 along the line of the route file, as
`ardoise stage validate` measures it; a road book's are up to one per cent longer. Instants are written as
`2026-07-04T12:30:00+02:00`. A tracker may be on one bike at a time: end one assignment where the next begins.
"""


def reference() -> str:
    """The document."""
    parts = [INTRODUCTION]
    for title, model in PARTS:
        lines = [f"## {title}", "", "| key | value | | |", "|---|---|---|---|"]
        for name, described in model.model_fields.items():
            needed = "required" if described.is_required() else _default(described.get_default())
            lines.append(f"| `{name}` | {_kind(described.annotation)} | {needed} | {described.description} |")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _default(value: Any) -> str:
    if value in (None, "", PydanticUndefined):
        return "optional"
    return "without it: no" if value is False else f"without it: {value:g}"


def _kind(annotation: Any) -> str:
    inner = [arg for arg in get_args(annotation) if arg is not NoneType]
    if get_origin(annotation) is list:
        return f"list of {_kind(inner[0])}"
    if inner:
        return _kind(inner[0])
    if issubclass(annotation, BaseModel):
        return "mapping, see below"
    if issubclass(annotation, StrEnum):
        return "one of " + ", ".join(f"`{member}`" for member in annotation)
    return KINDS[annotation.__name__]


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference(), encoding="utf-8")
