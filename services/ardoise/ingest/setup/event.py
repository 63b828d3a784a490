"""The event file: read, checked as a whole, and turned into the set-up of one of its stages."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ardoise.ingest.setup import models
from ardoise.ingest.setup.before import read_before
from ardoise.ingest.setup.checking import Checked
from ardoise.ingest.setup.faults import Fault, SetupInvalid
from ardoise.ingest.setup.models import EventFile, RoadFeature, Stage, StandingBefore
from ardoise.ingest.setup.road_line import RoadPoints
from ardoise.ingest.setup.route_file import RouteFileInvalid, read_route_file
from ardoise.ingest.setup.rules import Finding, broken_rules
from ardoise.ingest.setup.stage import route_message
from ardoise.ingest.setup.stage_rules import feature_award, is_summit_finish, stage_rules
from ardoise.ingest.setup.yaml_text import YamlText, written_path
from ardoise.pb import setup_pb2
from ardoise.race.route import Feature, FeatureKind, Route, RouteError

CM_PER_KM = 100_000
FEATURE_KINDS = {
    models.FeatureKind.CLIMB: FeatureKind.CLIMB,
    models.FeatureKind.SPRINT: FeatureKind.SPRINT,
    models.FeatureKind.TIME_CHECK: FeatureKind.TIME_CHECK,
    models.FeatureKind.FEED: FeatureKind.FEED,
}
JERSEYS = {
    models.JerseyKind.GENERAL: setup_pb2.JERSEY_GENERAL,
    models.JerseyKind.POINTS: setup_pb2.JERSEY_POINTS,
    models.JerseyKind.MOUNTAINS: setup_pb2.JERSEY_MOUNTAINS,
    models.JerseyKind.YOUNG: setup_pb2.JERSEY_YOUNG,
}


@dataclass(frozen=True)
class Event:
    """A checked event: every stage of it has a road and can be loaded."""

    file: EventFile
    routes: Mapping[str, Route]
    """By stage id."""
    before: Mapping[str, list[StandingBefore]]
    """The standings before each stage that has some, by stage id."""
    file_hash: str
    """SHA-256 of the file's text, in hexadecimal."""


def load_event(text: str, base_dir: Path, file: str = "event file") -> Event:
    """Reads and checks an event file; `base_dir` is where its route files are looked for.

    Raises SetupInvalid with all faults, of the file and of its routes.
    """
    document = YamlText(text, file)
    checked = Checked.of(document.value)
    faults = list(document.faults)
    routes: dict[str, Route] = {}
    before: dict[str, list[StandingBefore]] = {}
    findings = list(checked.findings)
    if checked.event is not None:
        broken = broken_rules(checked.event, checked.set_aside_texts())
        findings += [checked.original(finding) for finding in broken]
        for number, stage in enumerate(checked.event.stages):
            route = _route(stage, base_dir)
            if isinstance(route, Route):
                routes[stage.id] = route
                unruly = _against_the_road(stage, route)
            else:
                unruly = route
            findings += [checked.original((("stages", number, *path), *rest)) for path, *rest in unruly]
            before[stage.id] = stage.before
            if stage.before_file:
                found = read_before(base_dir / stage.before_file, stage.before_file, checked.event, stage)
                faults += [one for one in found if isinstance(one, Fault)]
                before[stage.id] = [one for one in found if isinstance(one, StandingBefore)]
    for path, what, remedy in findings:
        faults.append(Fault(file, document.line(path), written_path(path), what, remedy))
    if faults or checked.event is None:
        raise SetupInvalid(faults)
    return Event(checked.event, routes, before, hashlib.sha256(text.encode()).hexdigest())


def stage_setup(event: Event, stage_id: str) -> setup_pb2.StageSetup:
    """The set-up of one stage of the event. Raises SetupInvalid where it has no such stage."""
    stage = next((stage for stage in event.file.stages if stage.id == stage_id), None)
    if stage is None:
        ids = ", ".join(stage.id for stage in event.file.stages)
        raise SetupInvalid([Fault("", 0, "stages", f"no stage {stage_id!r}", f"The event has: {ids}.")])
    starting = sorted(
        (rider for rider in event.file.riders if rider.bib not in stage.not_starting), key=lambda r: r.bib
    )
    bibs = {rider.bib for rider in starting}
    return setup_pb2.StageSetup(
        stage_id=stage.id,
        event_name=event.file.event,
        stage_name=stage.name,
        planned_start_ms=round(stage.start.timestamp() * 1000),
        route=route_message(event.routes[stage.id]),
        teams=[
            setup_pb2.Team(code=team.code, name=team.name, colour=team.colour.lower())
            for team in sorted(event.file.teams, key=lambda team: team.code)
        ],
        riders=[
            setup_pb2.Rider(
                bib=rider.bib,
                family_name=rider.family_name,
                given_name=rider.given_name,
                team_code=rider.team,
                nationality=rider.nationality,
                jerseys=[JERSEYS[wearer.jersey] for wearer in stage.jerseys if wearer.bib == rider.bib],
                young=rider.young,
            )
            for rider in starting
        ],
        assignments=[
            setup_pb2.TrackerAssignment(
                tracker=one.tracker,
                bib=one.bib,
                valid_from_ms=round(one.valid_from.timestamp() * 1000) if one.valid_from else None,
                valid_until_ms=round(one.valid_until.timestamp() * 1000) if one.valid_until else None,
            )
            for one in sorted(event.file.trackers, key=lambda one: one.tracker)
            if one.bib in bibs
        ],
        signal_timeout_ms=round(stage.signal_timeout_s * 1000),
        clock_source=setup_pb2.CLOCK_SOURCE_WALL,
        event_file_hash=event.file_hash,
        rules=_rules(stage, event.routes[stage.id]),
        standings_before=[
            setup_pb2.StandingBefore(
                bib=one.bib,
                team_code=one.team,
                general_s=_seconds(one.general),
                points=one.points,
                mountains=one.mountains,
            )
            for one in event.before[stage.id]
            if one.bib is None or one.bib in bibs
        ],
    )


def _rules(stage: Stage, route: Route) -> setup_pb2.StageRules:
    """What the file says of how the stage is judged."""
    awards = [
        feature_award(_feature(one, route.finish_cm), one.points, one.bonus_s) for one in stage.features
    ]
    return stage_rules(
        route,
        bunch_sprint=stage.bunch_sprint,
        last_km_cm=None if stage.three_km_rule_km is None else round(stage.three_km_rule_km * CM_PER_KM),
        finish_points=stage.finish_points,
        finish_bonus_s=stage.finish_bonus_s,
        feature_awards=[award for award in awards if award],
    )


def _against_the_road(stage: Stage, route: Route) -> list[Finding]:
    """Rules that this road's finish does not allow, or that contradict each other."""
    findings: list[Finding] = []
    summit_finish = is_summit_finish(route.features, route.finish_cm)
    if summit_finish and stage.three_km_rule_km:
        what = "a climb ends at the line: the rule does not apply at a summit finish"
        findings.append((("three_km_rule_km",), what, "Remove it, or correct the climb."))
    if summit_finish and stage.bunch_sprint:
        what = "a climb ends at the line: no stage for a bunch sprint"
        findings.append((("bunch_sprint",), what, "Remove it, or correct the climb."))
    elif stage.bunch_sprint and stage.three_km_rule_km == 0:
        what = "the main bunch of a bunch sprint is told by who is together where the last kilometres begin"
        findings.append((("three_km_rule_km",), what, "Leave it out, or write 3 to 5."))
    return findings


def _feature(one: RoadFeature, finish_cm: int) -> Feature:
    return Feature(
        FEATURE_KINDS[one.kind],
        one.name,
        min(round(one.km * CM_PER_KM), finish_cm),
        round(one.length_km * CM_PER_KM),
        one.category or "",
    )


def _seconds(duration: str | None) -> int:
    if duration is None:
        return 0
    hours, minutes, seconds = map(int, duration.split(":"))
    return hours * 3600 + minutes * 60 + seconds


def _route(stage: Stage, base_dir: Path) -> Route | list[Finding]:
    road = stage.route
    try:
        points = read_route_file(base_dir / road.file, road.format)
        length_km = _length_km(points)
    except RouteFileInvalid as error:
        return [(("route", "file"), f"{road.file}: {error}", "Name a GPX, CSV or trace file of the road.")]
    except RouteError as error:
        return [(("route", "file"), f"{road.file}: {error}", "Mend the points of the file.")]
    finish_km = length_km - road.kilometre_zero_km if road.finish_km is None else road.finish_km
    findings: list[Finding] = []
    if finish_km + road.kilometre_zero_km > length_km + 0.0005 or finish_km <= 0:
        key = "kilometre_zero_km" if road.finish_km is None else "finish_km"
        ends = f"the road ends {length_km - road.kilometre_zero_km:.2f} km after kilometre 0"
        findings.append((("route", key), ends, "Correct the kilometres, or take the file of the whole road."))
    for index, feature in enumerate(stage.features):
        if not -road.kilometre_zero_km <= feature.km <= finish_km + 0.0005:
            where = f"{feature.name} at km {feature.km:g} is not between the start and the finish at {finish_km:.2f}"
            findings.append((("features", index, "km"), where, "Count from kilometre 0, in kilometres."))
    if findings:
        return findings
    features = [_feature(one, round(finish_km * CM_PER_KM)) for one in stage.features]
    finish_cm = None if road.finish_km is None else round((finish_km + road.kilometre_zero_km) * CM_PER_KM)
    length_cm = round(length_km * CM_PER_KM)
    try:
        return points.route(
            round(road.kilometre_zero_km * CM_PER_KM), finish_cm and min(finish_cm, length_cm), features
        )
    except RouteError as error:
        return [(("route",), str(error), "Correct the road.")]


def _length_km(points: RoadPoints) -> float:
    return float(points.route(0, None, []).distance_cm[-1]) / CM_PER_KM
