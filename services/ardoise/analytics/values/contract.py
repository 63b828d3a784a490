"""Between the contracts and the values: stage and snapshot as tables and columns, columns as messages."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from google.protobuf.descriptor import FieldDescriptor

from ardoise.analytics.values.registry import VALUES
from ardoise.analytics.values.scene import NONE, Course, Groups, Indices, Second, smoothed
from ardoise.analytics.values.value import Column
from ardoise.pb import analytics_pb2, common_pb2, race_pb2, setup_pb2
from ardoise.race.road import FASTER_DOWNHILL, SLOWER_UPHILL, STEEPEST_PERMILLE
from ardoise.race.weather import Weather

STEP_M = 10.0
HEADING_STEPS = 2
"""To each side: the direction of a place is that of 40 m around it."""
LIVE = (common_pb2.RIDER_STATUS_RACING, common_pb2.RIDER_STATUS_NEUTRAL, common_pb2.RIDER_STATUS_STOPPED)
PLACED = (*LIVE, common_pb2.RIDER_STATUS_NO_SIGNAL, common_pb2.RIDER_STATUS_FINISHED)
_MILLISECONDS = (("gap_s", "gap_ms"), ("fix_time_s", "fix_time_ms"), ("finish_time_s", "finish_time_ms"))
_COLUMNS = ("place", "distance_m", "speed_mps", *(name for name, _ in _MILLISECONDS))
_WHOLE = frozenset(
    field.name
    for field in analytics_pb2.RiderValues.DESCRIPTOR.fields
    if field.cpp_type != FieldDescriptor.CPPTYPE_FLOAT
)


def course_of(setup: setup_pb2.StageSetup) -> Course:
    """The tables of a stage."""
    route = setup.route
    points_m = np.array(route.distance_cm, float) / 100
    along_m = np.arange(points_m[0], points_m[-1] + STEP_M, STEP_M)

    def table(column: Sequence[int]) -> Column:
        return np.interp(along_m, points_m, np.array(column, float))

    elevation_m = np.full_like(along_m, np.nan)
    if len(route.elevation_cm) == len(points_m):
        elevation_m = smoothed(table(route.elevation_cm) / 100)
    rise_m = np.diff(elevation_m, prepend=elevation_m[0])
    east, north = _directions(route, table)
    climbs = sorted(
        (f for f in route.features if f.kind == setup_pb2.FEATURE_KIND_CLIMB and f.length_cm),
        key=lambda climb: climb.distance_cm,
    )
    teams = {team.code: number for number, team in enumerate(setup.teams)}
    riders = sorted(setup.riders, key=lambda rider: rider.bib)
    return Course(
        step_m=STEP_M,
        start_m=float(along_m[0]),
        finish_m=route.finish_cm / 100,
        elevation_m=elevation_m,
        ascent_m=np.cumsum(np.maximum(rise_m, 0.0)),
        descent_m=np.cumsum(np.maximum(-rise_m, 0.0)),
        level_m=_level_m(rise_m / STEP_M),
        east=east,
        north=north,
        feature_m=_metres(f.distance_cm for f in route.features),
        sprint_m=_metres(f.distance_cm for f in route.features if f.kind == setup_pb2.FEATURE_KIND_SPRINT),
        foot_m=_metres(climb.distance_cm - climb.length_cm for climb in climbs),
        top_m=_metres(climb.distance_cm for climb in climbs),
        bib=np.array([rider.bib for rider in riders], np.int64),
        team=np.array([teams.get(rider.team_code, NONE) for rider in riders], np.int64),
    )


def weather_of(snapshot: race_pb2.Snapshot) -> Weather | None:
    """The weather that a snapshot is ridden in; None: nobody reported it, or too long ago."""
    if not snapshot.HasField("weather") or snapshot.weather.old:
        return None
    report = snapshot.weather.report

    def value(field: str, per_unit: int) -> float | None:
        return getattr(report, field) / per_unit if report.HasField(field) else None

    return Weather(
        time_ms=report.effective_time_ms,
        temperature_c=value("temperature_c_e2", 100),
        wind_mps=value("wind_mmps", 1_000),
        wind_from_deg=value("wind_from_deg", 1),
        pressure_hpa=value("pressure_pa", 100),
        humidity_percent=value("humidity_permille", 10),
        rain_mmph=value("rain_umph", 1_000),
    )


def _directions(route: setup_pb2.Route, table: Callable[[Sequence[int]], Column]) -> tuple[Column, Column]:
    """Unit vectors east and north; NaN where the route has no places."""

    def around(column: Column) -> Column:
        padded = np.pad(column, HEADING_STEPS, mode="edge")
        return padded[2 * HEADING_STEPS :] - padded[: -2 * HEADING_STEPS]

    north = (
        around(table(route.latitude_e7))
        if route.latitude_e7
        else np.full_like(table(route.distance_cm), np.nan)
    )
    east = around(table(route.longitude_e7)) * route.longitude_scale_e9 / 1e9 if route.longitude_e7 else north
    length = np.hypot(north, east)
    length[length == 0] = np.nan
    return east / length, north / length


def _level_m(gradient: Column) -> Column:
    """The engine's rule of equal effort; a route without elevation is taken as level."""
    steep = np.clip(np.nan_to_num(gradient), -STEEPEST_PERMILLE / 1000, STEEPEST_PERMILLE / 1000)
    step_m = (
        STEP_M * (1 + SLOWER_UPHILL * np.maximum(steep, 0)) / (1 + FASTER_DOWNHILL * np.maximum(-steep, 0))
    )
    return np.cumsum(step_m) - step_m[0]


def _metres(distances_cm: Iterable[int]) -> Column:
    return np.array(list(distances_cm), float) / 100


def second_of(snapshot: race_pb2.Snapshot, bib: Indices) -> Second:
    """A snapshot as columns by bib; riders who are not in the stage are left out."""
    row_of = {number: row for row, number in enumerate(bib.tolist())}
    columns = {name: np.full(len(bib), np.nan) for name in _COLUMNS}
    live = np.zeros(len(bib), bool)
    for rider in snapshot.riders:
        row = row_of.get(rider.bib)
        if row is None:
            continue
        live[row] = rider.status in LIVE
        columns["place"][row] = rider.place
        if rider.status in PLACED:
            columns["distance_m"][row] = rider.distance_cm / 100
        if live[row]:
            columns["speed_mps"][row] = rider.speed_mmps / 1000
        for name, field in _MILLISECONDS:
            if rider.HasField(field):
                columns[name][row] = getattr(rider, field) / 1000
    group, group_place = np.full(len(bib), NONE), np.full(len(bib), np.nan)
    for number, one in enumerate(snapshot.groups):
        rows = [row_of[rider] for rider in one.bibs if rider in row_of]
        group[rows], group_place[rows] = number, np.arange(1, len(rows) + 1)
    return Second(
        time_s=snapshot.race_time_ms / 1000,
        racing=snapshot.race_state == common_pb2.RACE_STATE_RACING,
        live=live,
        group=group,
        group_place=group_place,
        groups=_groups(snapshot),
        **columns,
    )


def _groups(snapshot: race_pb2.Snapshot) -> Groups:
    groups = snapshot.groups
    roles = [one.role for one in groups]
    peloton = race_pb2.GROUP_ROLE_PELOTON
    return Groups(
        group_id=np.array([one.group_id for one in groups], np.int64),
        riders=np.array([len(one.bibs) for one in groups], float),
        distance_m=np.array([one.distance_cm / 100 for one in groups], float),
        gap_s=np.array([one.gap_ms / 1000 if one.HasField("gap_ms") else np.nan for one in groups], float),
        peloton=roles.index(peloton) if peloton in roles else NONE,
    )


def values_set(
    snapshot: race_pb2.Snapshot, bib: Indices, columns: dict[str, Column]
) -> analytics_pb2.RiderValuesSet:
    """The values as others read them: rounded to what is meant, and absent where they are unknown."""
    published = [_published(value.name, columns[value.name], value.digits) for value in VALUES]
    names = [value.name for value in VALUES]
    return analytics_pb2.RiderValuesSet(
        snapshot=snapshot.name,
        race_time_ms=snapshot.race_time_ms,
        riders=[
            analytics_pb2.RiderValues(bib=number, **dict(zip(names, row, strict=True)))
            for number, row in zip(bib.tolist(), zip(*published, strict=True), strict=True)
        ],
    )


def _published(name: str, column: Column, digits: int) -> list[float | int | None]:
    known = np.isfinite(column)
    rounded = np.round(np.where(known, column, 0.0), digits)
    if name in _WHOLE:
        rounded = rounded.astype(np.int64)
    found = rounded.tolist()
    for row in np.flatnonzero(~known).tolist():
        found[row] = None
    return found
