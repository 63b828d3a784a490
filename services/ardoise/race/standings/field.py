"""What was settled before the start: the rules of the stage, who rides for what, and the standings until then."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum


class Classification(IntEnum):
    """What an award's points count for; the numbers are those of the contract (setup.proto)."""

    POINTS = 1
    MOUNTAINS = 2


@dataclass(frozen=True)
class Award:
    """What the first riders at a sprint, a summit or the finish get (UCI 2.6.017 to 2.6.019)."""

    name: str
    distance_cm: int
    classification: Classification
    points: tuple[int, ...]
    """Of the first, the second and so on."""
    bonus_s: tuple[int, ...]
    """Likewise; taken off the time of the general classification."""


@dataclass(frozen=True)
class Rules:
    """How times are taken on this stage."""

    bunch_sprint: bool = False
    """Designated as expected to end in a bunch sprint."""
    last_km_cm: int = 0
    """Length of the zone before the line in which an incident costs no time; 0: there is none."""
    awards: tuple[Award, ...] = ()


@dataclass(frozen=True)
class Contender:
    """A rider of the stage, and what the rider brings from the stages before."""

    bib: int
    team_code: str
    young: bool = False
    general_s: int = 0
    points: int = 0
    mountains: int = 0


@dataclass(frozen=True)
class Field:
    """Who rides for what, under which rules."""

    rules: Rules
    contenders: tuple[Contender, ...]
    """Equal before the stage: in the order of their general classification."""
    teams_s: Mapping[str, int]
    """Team classification before the stage, by code; empty on the first."""
