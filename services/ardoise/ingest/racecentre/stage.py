"""What a race centre publishes about a stage -> StageSetup.

The parts are named as a recording names them: `riders` (allCompetitors-<year>), `teams` (team-<year>),
`stages` (stage-<year>, by date), `checkpoints` (checkpoint-<year>-<stage>) and `trace`. All but the trace
may be missing; what a part lacks is made up from what is there.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from ardoise.ingest.setup.road_line import PlaceFinder, finite, trace_points
from ardoise.ingest.setup.stage import DEFAULT_SIGNAL_TIMEOUT_MS, route_message
from ardoise.ingest.setup.stage_rules import stage_rules
from ardoise.pb import setup_pb2
from ardoise.race.route import Feature, FeatureKind, Route

DEFAULT_TIME_ZONE = "Europe/Paris"
MOST_FEATURES = 200
MOST_KM = 1_000.0
"""No stage is as long, no climb, and no neutral zone."""
MOST_TEAMS = 100
LONGEST_NAME = 120
"""What a page can show; the names come from a stranger."""
SUMMIT_CATEGORIES = frozenset({"4", "3", "2", "1", "HC", "H"})
NEUTRAL_ZONE_SLACK_CM = 300_000
"""How far the published kilometre of a place may lie from the measured one."""
PALETTE = (
    "#e63946", "#2a9d8f", "#f4a261", "#457b9d", "#b5179e", "#8ac926", "#ff924c", "#1982c4",
    "#c77dff", "#52b788", "#ffca3a", "#00b4d8", "#d62828", "#90be6d", "#f3722c", "#577590",
    "#ef476f", "#06d6a0", "#bc6c25", "#7b9acc", "#a0c4ff", "#caffbf", "#ffadad", "#b8b8ff",
)  # fmt: skip
"""For the years in which the race centre publishes every team as black."""


class NoRoute(ValueError):
    """The source does not say on which road the stage runs; the message says how to give it."""


def stage_setup(rest: Mapping[str, Any], stage_date: date, seen_bibs: Iterable[int]) -> setup_pb2.StageSetup:
    """The set-up of the stage of that day. `seen_bibs`: riders of the feed, for those the lists lack.

    Raises NoRoute.
    """
    stage = _mapping(stages_by_date(rest.get("stages")).get(stage_date.isoformat()))
    trace = rest.get("trace")
    if not isinstance(trace, Mapping):
        raise NoRoute("the source has no trace: give the route with SETUP=<event file or recording>")
    route = _route(trace, rest.get("checkpoints"))
    teams, code_of = _teams(rest.get("teams"))
    riders = _riders(rest.get("riders"), code_of, seen_bibs)
    number = stage.get("stage")
    start, finish = (_label(stage.get(key)) for key in ("departureCity", "arrivalCity"))
    road = f"{start} - {finish}" if start and finish else _name(trace.get("name")).replace(" > ", " - ")
    title = f"Stage {number}" if isinstance(number, int) and number else f"Stage of {stage_date.isoformat()}"
    return setup_pb2.StageSetup(
        stage_id=f"stage-{stage_date.isoformat()}",
        event_name=f"Race centre {stage_date.year}",
        stage_name=f"{title}: {road}" if road else title,
        planned_start_ms=_planned_start_ms(stage, stage_date),
        route=route_message(route),
        teams=teams,
        riders=riders,
        assignments=[setup_pb2.TrackerAssignment(tracker=rider.bib, bib=rider.bib) for rider in riders],
        signal_timeout_ms=DEFAULT_SIGNAL_TIMEOUT_MS,
        clock_source=setup_pb2.CLOCK_SOURCE_FEED,
        rules=stage_rules(route),
    )


def stages_by_date(published: object) -> dict[str, Mapping[str, Any]]:
    """Stages by their day ("2026-07-07"); the site gives a list, a recording has them by day already."""
    stages = list(published.values()) if isinstance(published, Mapping) else _list(published)
    return {str(stage.get("date"))[:10]: stage for stage in stages if isinstance(stage, Mapping)}


def _route(trace: Mapping[str, Any], checkpoints: object) -> Route:
    try:
        points = trace_points(trace)
        whole = points.route(0, None, [])
        zero_cm, finish_cm, finder = _neutral_zone_and_finish(trace, whole)
        features = _features(checkpoints, finder, zero_cm, finish_cm)
        return points.route(zero_cm, finish_cm, features)
    except ValueError as error:
        raise NoRoute(f"{error}: give the route with SETUP=<event file or recording>") from error


class _Places(PlaceFinder):
    """Places by their published kilometre: stretches the published kilometres over the measured road."""

    def __init__(self, route: Route, published_from_km: float, published_length_km: float) -> None:
        super().__init__(route)
        self._from_km = published_from_km
        self._cm_per_km = float(route.distance_cm[-1]) / max(published_length_km, 0.001)

    def at(self, place: Mapping[str, Any], published_km: float) -> int:
        expected_cm = (published_km - self._from_km) * self._cm_per_km
        latitude = finite(place.get("lat", place.get("latitude")))
        longitude = finite(place.get("lon", place.get("longitude")))
        found = None
        if latitude is not None and longitude is not None:
            found = self.distance_cm(latitude, longitude, expected_cm, NEUTRAL_ZONE_SLACK_CM)
        return round(expected_cm) if found is None else found


def _neutral_zone_and_finish(trace: Mapping[str, Any], whole: Route) -> tuple[int, int, _Places]:
    """Distances of kilometre 0 and of the finish from the first point, and the finder of all other places."""
    length_cm = int(whole.distance_cm[-1])
    by_km = {}
    for poi in _list(trace.get("pointsOfInterest")):
        km = _km(_mapping(poi).get("distanceTraveled"))
        if km is not None:
            by_km[km] = poi
    first_km = min([0.0, *by_km])
    total_km = _km(trace.get("totalDistance")) or max([length_cm / 1e5, *by_km])
    last_km = max([total_km, *by_km])
    places = _Places(whole, first_km, last_km - first_km)
    zero_cm = places.at(by_km.get(0.0, {}), 0.0) if first_km < 0 else 0
    finish_cm = places.at(by_km.get(total_km, {}), total_km)
    return min(max(zero_cm, 0), length_cm - 1), min(finish_cm, length_cm), places


def _km(published: object) -> float | None:
    """Kilometres; None for what are none, or none of a stage."""
    km = finite(published)
    return km if km is not None and abs(km) <= MOST_KM else None


def _features(checkpoints: object, places: _Places, zero_cm: int, finish_cm: int) -> list[Feature]:
    features = []
    for checkpoint in _checkpoints(checkpoints):
        km = _km(checkpoint.get("length"))
        if km is None:
            continue
        distance_cm = min(places.at(checkpoint, km), finish_cm) - zero_cm
        if distance_cm < -zero_cm:
            continue
        for summit in map(_mapping, _list(checkpoint.get("checkpointSummits"))):
            code = str(summit.get("code") or "").upper()
            name = _name(_mapping(summit.get("summit")).get("name"), checkpoint.get("place"), "Climb")
            length_m = finite(summit.get("length")) or 0.0
            length_m = min(max(length_m, 0.0), 1000 * MOST_KM)
            category = {"H": "HC"}.get(code, code) if code in SUMMIT_CATEGORIES else ""
            features.append(Feature(FeatureKind.CLIMB, name, distance_cm, round(length_m * 100), category))
        kinds = {str(_mapping(kind).get("type")) for kind in _list(checkpoint.get("checkpointTypes"))}
        if "sprint" in kinds and "arrival" not in kinds:
            features.append(
                Feature(FeatureKind.SPRINT, _name(checkpoint.get("place"), "Sprint"), distance_cm)
            )
    return features[:MOST_FEATURES]


def _checkpoints(checkpoints: object) -> list[Mapping[str, Any]]:
    """The API gives a list of one object with numbered members; older recordings a plain list."""
    found: list[Mapping[str, Any]] = []
    for element in _list(checkpoints):
        if isinstance(element, Mapping):
            numbered = [value for key, value in element.items() if str(key).isdigit()]
            found += [value for value in numbered or [element] if isinstance(value, Mapping)]
    return found


def _teams(published: object) -> tuple[list[setup_pb2.Team], dict[str, str]]:
    """Teams by code, and the code of each of the identifiers by which riders refer to one."""
    code_of: dict[str, str] = {}
    by_code: dict[str, Mapping[str, Any]] = {}
    for team in map(_mapping, _list(published)):
        code = str(team.get("code") or "").strip().upper()[:4]
        if code and len(by_code) < MOST_TEAMS:
            by_code[code] = team
            code_of[str(team.get("_id"))] = code
    colours = {str(team.get("color") or "").lower() for team in by_code.values()}
    told_apart = len(colours) > len(by_code) / 2
    teams = []
    for index, code in enumerate(sorted(by_code)):
        colour = str(by_code[code].get("color") or "").lower()
        if not told_apart or not _is_colour(colour):
            colour = PALETTE[index % len(PALETTE)]
        name = _name(by_code[code].get("name"), code)
        teams.append(setup_pb2.Team(code=code, name=name, colour=colour))
    return teams, code_of


def _riders(published: object, code_of: Mapping[str, str], seen_bibs: Iterable[int]) -> list[setup_pb2.Rider]:
    riders = {bib: setup_pb2.Rider(bib=bib, family_name=f"No. {bib}") for bib in seen_bibs}
    for rider in map(_mapping, _list(published)):
        bib = rider.get("bib")
        if isinstance(bib, bool) or not isinstance(bib, int) or not 1 <= bib <= 999:
            continue
        team_id = str(rider.get("$team") or rider.get("_parent") or "").rpartition(":")[2]
        riders[bib] = setup_pb2.Rider(
            bib=bib,
            family_name=_name(rider.get("lastname"), f"No. {bib}"),
            given_name=_name(rider.get("firstname")),
            team_code=code_of.get(team_id, ""),
            nationality=str(rider.get("nationality") or "").upper()[:3],
        )
    return [riders[bib] for bib in sorted(riders)]


def _planned_start_ms(stage: Mapping[str, Any], stage_date: date) -> int:
    """Start of the neutral zone by the timetable; noon where there is none."""
    zone = ZoneInfo(DEFAULT_TIME_ZONE)
    try:
        zone = ZoneInfo(str(stage.get("timezone") or DEFAULT_TIME_ZONE))
        start = datetime.fromisoformat(f"{stage_date.isoformat()}T{stage.get('startTime')}")
    except (ValueError, OSError):
        start = datetime.fromisoformat(f"{stage_date.isoformat()}T12:00:00")
    return round(start.replace(tzinfo=zone).timestamp() * 1000)


def _is_colour(text: str) -> bool:
    return len(text) == 7 and text[0] == "#" and all(c in "0123456789abcdef" for c in text[1:])


def _name(*candidates: object) -> str:
    """The first that is there, as text that fits and that every encoding can carry."""
    found = str(next((one for one in candidates if one), ""))[:LONGEST_NAME]
    return found.encode(errors="replace").decode()


def _label(city: object) -> str:
    return _name(_mapping(city).get("label"))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
