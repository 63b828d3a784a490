"""The event file as models. docs/event-file.md is generated from them: describe every field for its reader."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

MOST_STAGES = 60
MOST_RIDERS = 999
MOST_TEAMS = 100
MOST_TRACKERS = 5_000
MOST_FEATURES = 200
MOST_PLACES = 200
"""Of those who get points at one place."""
LARGEST_TRACKER = 2**63 - 1
"""Databases count with a sign."""


def _with_zone(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("an instant without a time zone")
    return instant


Code = Annotated[str, Field(pattern=r"^[A-Z0-9]{2,4}$")]
StageId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Name = Annotated[str, Field(min_length=1, max_length=120)]
Bib = Annotated[int, Field(ge=1, le=999)]
Tracker = Annotated[int, Field(ge=1, le=LARGEST_TRACKER)]
Kilometre = Annotated[float, Field(ge=-50.0, le=500.0, allow_inf_nan=False)]
Length = Annotated[float, Field(ge=0.0, le=500.0, allow_inf_nan=False)]
Points = Annotated[int, Field(ge=0, le=10_000)]
Bonus = Annotated[int, Field(ge=0, le=600)]
Duration = Annotated[str, Field(pattern=r"^\d{1,3}:[0-5]\d:[0-5]\d$")]
Instant = Annotated[datetime, AfterValidator(_with_zone)]


class Part(BaseModel):
    """What all parts of the file share: no unknown keys, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RouteFormat(StrEnum):
    """How a route file is written."""

    GPX = "gpx"
    CSV = "csv"
    TRACE = "trace"


class FeatureKind(StrEnum):
    """What stands on the road."""

    CLIMB = "climb"
    SPRINT = "sprint"
    TIME_CHECK = "time_check"
    FEED = "feed"


class ClimbCategory(StrEnum):
    """Category of a climb, from the easiest to the hardest."""

    FOURTH = "4"
    THIRD = "3"
    SECOND = "2"
    FIRST = "1"
    HORS_CATEGORIE = "HC"


class JerseyKind(StrEnum):
    """The leaders' jerseys."""

    GENERAL = "general"
    POINTS = "points"
    MOUNTAINS = "mountains"
    YOUNG = "young"


class RouteFile(Part):
    """The road of a stage: a file of points, and where on it the race begins and ends."""

    file: Annotated[str, Field(min_length=1, max_length=400)] = Field(
        description="File with the points of the road, relative to the event file."
    )
    format: RouteFormat | None = Field(
        None,
        description="`gpx` (a track or a route), `csv` (columns `lat,lon` and, if known, `ele`), or `trace` "
        "(the trace of a race-centre recording). Without it: by the file's ending.",
    )
    kilometre_zero_km: Length = Field(
        0.0,
        description="Length of the neutral zone: distance of kilometre 0 from the file's first point, kilometres.",
    )
    finish_km: Length | None = Field(
        None,
        description="Distance of the finish line from kilometre 0, kilometres. Without it: the file's last point.",
    )


class RoadFeature(Part):
    """A place on the road that means something to the race."""

    kind: FeatureKind = Field(description="`climb`, `sprint`, `time_check` or `feed`.")
    name: Name = Field(description="Its name, as in the road book.")
    km: Kilometre = Field(description="Distance from kilometre 0, kilometres; of a climb: of its summit.")
    length_km: Length = Field(0.0, description="Length of a climb or feed zone, kilometres.")
    category: ClimbCategory | None = Field(None, description="Of a climb: `4`, `3`, `2`, `1` or `HC`.")
    points: list[Points] | None = Field(
        None,
        max_length=MOST_PLACES,
        description="Points of the first, the second and so on: at a sprint for the points classification, on a climb "
        "for the mountains. Without it: `20, 17, 15, 13, 11, 10, 9, ... 1` for a sprint; for a climb, by category, "
        "`HC`: `20, 15, 12, 10, 8, 6, 4, 2`, `1`: `10, 8, 6, 4, 2, 1`, `2`: `5, 3, 2, 1`, `3`: `2, 1`, `4`: `1`.",
    )
    bonus_s: list[Bonus] = Field(
        default_factory=list,
        max_length=MOST_PLACES,
        description="Time bonuses of the first, the second and so on, seconds (`[3, 2, 1]` at many sprints).",
    )


class JerseyWearer(Part):
    """Who wears a leader's jersey on the road today."""

    jersey: JerseyKind = Field(description="`general`, `points`, `mountains` or `young`.")
    bib: Bib = Field(description="The rider who wears it.")


class StandingBefore(Part):
    """A rider or a team in the standings before the stage."""

    bib: Bib | None = Field(None, description="The rider; or else:")
    team: Code | None = Field(None, description="Code of the team.")
    general: Duration | None = Field(
        None,
        description='Time, `"75:20:19"` in quotes: of a rider with bonuses taken off, of a team the sum of its best.',
    )
    points: Points = Field(0, description="Points of a rider.")
    mountains: Points = Field(0, description="Points of a rider in the mountains.")

    @model_validator(mode="after")
    def _of_one(self) -> Self:
        if (self.bib is None) == (self.team is None):
            raise ValueError("neither bib nor team, or both")
        if self.team and (self.general is None or self.points or self.mountains):
            raise ValueError("of a team there is the time, and nothing else")
        return self


class Stage(Part):
    """One stage."""

    id: StageId = Field(description="Unique in the event; small letters, digits and hyphens.")
    name: Name = Field(description='Name of the stage, as shown ("Stage 3: Combe - Col de l\'Ardoise").')
    start: Instant = Field(description="Planned start of the neutral zone, with its offset from UTC.")
    route: RouteFile = Field(description="The road.")
    features: list[RoadFeature] = Field(
        default_factory=list,
        max_length=MOST_FEATURES,
        description="Climbs, sprints, time checks, feed zones.",
    )
    jerseys: list[JerseyWearer] = Field(
        default_factory=list, max_length=4, description="The leaders' jerseys worn on this stage."
    )
    not_starting: list[Bib] = Field(
        default_factory=list,
        max_length=MOST_RIDERS,
        description="Bibs of riders who do not start this stage.",
    )
    bunch_sprint: bool = Field(
        False,
        description="Designated as expected to end in a bunch sprint: within the main bunch a new time takes a gap of "
        "3 s instead of 1 s.",
    )
    three_km_rule_km: Annotated[float, Field(ge=0, le=5)] | None = Field(
        None,
        description="In so many kilometres before the line a fall, puncture or mechanical costs no time; up to 5, `0`: "
        "the rule does not apply. Without it: 3, and 0 where a climb ends at the line.",
    )
    finish_points: list[Points] | None = Field(
        None,
        max_length=MOST_PLACES,
        description="Points at the finish for the points classification. Without it: `50, 30, 20, 18, 16, 14, 12, 10, "
        "8, 7, 6, 5, 4, 3, 2` for a bunch sprint, `20, 17, 15, 13, 11, 10, 9, ... 1` where a climb ends at the line, "
        "else `30, 25, 22, 19, 17, 15, 13, 11, 9, 7, 6, 5, 4, 3, 2`.",
    )
    finish_bonus_s: list[Bonus] | None = Field(
        None,
        max_length=MOST_PLACES,
        description="Time bonuses at the finish, seconds. Without it: `10, 6, 4`.",
    )
    before: list[StandingBefore] = Field(
        default_factory=list,
        max_length=MOST_RIDERS + MOST_TEAMS,
        description="The standings before the stage, in the order of the general classification; none for a first "
        "stage. Where one rider has a `general` time, all who start have.",
    )
    before_file: Annotated[str, Field(min_length=1, max_length=400)] | None = Field(
        None,
        description="Instead of `before`: a CSV file, relative to the event file, with its keys as columns (those that "
        "are needed), named in the first line.",
    )
    signal_timeout_s: Annotated[float, Field(ge=2, le=600)] = Field(
        10.0, description="A rider who is silent for longer has no signal, seconds."
    )


class Team(Part):
    """One team."""

    code: Code = Field(description="Short code, unique in the event: two to four capital letters or digits.")
    name: Name = Field(description="Full name.")
    colour: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")] = Field(
        description='Main colour, `"#rrggbb"` in quotes.'
    )


class Rider(Part):
    """One rider."""

    bib: Bib = Field(description="Number on the back, unique in the event.")
    family_name: Name = Field(description="Family name.")
    given_name: Annotated[str, Field(max_length=120)] = Field("", description="Given name.")
    team: Code = Field(description="Code of the team.")
    nationality: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = Field(
        description="Nationality, three capital letters (`FRA`)."
    )
    young: bool = Field(False, description="In the classification of young riders.")


class TrackerAssignment(Part):
    """Which tracker is on whose bike, and when. A bike change is one more line."""

    tracker: Tracker = Field(
        description="Number of the tracker, as relays send it; for those that people own there is `ardoise tracker`."
    )
    bib: Bib = Field(description="The rider.")
    valid_from: Instant | None = Field(
        None, description="First instant, with its offset from UTC. Without it: from the start."
    )
    valid_until: Instant | None = Field(None, description="First instant after it. Without it: to the end.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_from >= self.valid_until:
            raise ValueError("valid_until is not after valid_from")
        return self


class EventFile(Part):
    """An event: its stages, teams, riders and trackers."""

    event: Name = Field(description='Name of the event ("Tour des Cols").')
    stages: list[Stage] = Field(
        min_length=1, max_length=MOST_STAGES, description="The stages, in their order."
    )
    teams: list[Team] = Field(min_length=1, max_length=MOST_TEAMS, description="The teams.")
    riders: list[Rider] = Field(min_length=1, max_length=MOST_RIDERS, description="The riders.")
    trackers: list[TrackerAssignment] = Field(
        default_factory=list, max_length=MOST_TRACKERS, description="The trackers on the bikes."
    )
