"""A race of one's own making, second by second, and what is derived of it."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pytest
from ardoise.analytics.deriver import Deriver
from ardoise.pb import analytics_pb2, common_pb2, race_pb2, setup_pb2
from ardoise.pb.weather_pb2 import WeatherReport
from ardoise.race.weather import Weather

EPOCH = 7
T0_MS = 1_783_000_000_000
POINT_M = 50.0
HEAD, CHASE, PELOTON = (
    race_pb2.GROUP_ROLE_HEAD,
    race_pb2.GROUP_ROLE_CHASE,
    race_pb2.GROUP_ROLE_PELOTON,
)
RACING = common_pb2.RACE_STATE_RACING

# Kilometre and height: flat, 10 km of 6 per cent, 10 km down at 5, flat.
PROFILE_KM, PROFILE_M = (0.0, 20.0, 30.0, 40.0, 60.0), (100.0, 100.0, 700.0, 200.0, 200.0)
FINISH_M, TURN_M = 60_000.0, 50_000.0
TEAM_OF = {1: "AAA", 2: "AAA", 3: "BBB", 4: "BBB", 5: "BBB", 6: "CCC"}


def stage(*, elevation: bool = True) -> setup_pb2.StageSetup:
    """60 km: eastwards at 45 degrees north, the last ten northwards; sprint, climb and time check."""
    along_m = np.arange(0.0, FINISH_M + 1, POINT_M)
    east_m, north_m = np.minimum(along_m, TURN_M), np.maximum(along_m - TURN_M, 0.0)
    setup = setup_pb2.StageSetup(stage_id="test-1")
    route = setup.route
    route.distance_cm.extend((100 * along_m).astype(int).tolist())
    route.latitude_e7.extend((450_000_000 + 90 * north_m).astype(int).tolist())
    route.longitude_e7.extend((60_000_000 + 127.279 * east_m).astype(int).tolist())
    route.longitude_scale_e9, route.finish_cm = 707_106_781, int(100 * FINISH_M)
    if elevation:
        route.elevation_cm.extend(np.rint(100 * np.interp(along_m / 1000, PROFILE_KM, PROFILE_M)).astype(int))
    for kind, at_km, length_km in (
        (setup_pb2.FEATURE_KIND_SPRINT, 15, 0),
        (setup_pb2.FEATURE_KIND_CLIMB, 30, 10),
        (setup_pb2.FEATURE_KIND_TIME_CHECK, 45, 0),
    ):
        route.features.add(kind=kind, distance_cm=at_km * 100_000, length_cm=length_km * 100_000)
    for code in ("AAA", "BBB", "CCC"):
        setup.teams.add(code=code)
    for bib, team in TEAM_OF.items():
        setup.riders.add(bib=bib, team_code=team)
    return setup


def report_of(weather: Weather) -> WeatherReport:
    """As it stands in the log."""

    def whole(value: float | None, per_unit: int) -> int | None:
        return None if value is None else round(value * per_unit)

    return WeatherReport(
        effective_time_ms=weather.time_ms,
        temperature_c_e2=whole(weather.temperature_c, 100),
        wind_mmps=whole(weather.wind_mps, 1_000),
        wind_from_deg=whole(weather.wind_from_deg, 1),
        pressure_pa=whole(weather.pressure_hpa, 100),
        humidity_permille=whole(weather.humidity_percent, 10),
        rain_umph=whole(weather.rain_mmph, 1_000),
    )


class Race:
    """Riders on that stage. `at` puts them somewhere at a second; `ride` rolls them on from there."""

    def __init__(self, setup: setup_pb2.StageSetup | None = None, weather: Weather | None = None) -> None:
        self.deriver, self.weather = Deriver(), weather
        self.deriver.begin_stage(EPOCH, setup or stage())
        self.second = 0.0
        self.where: dict[int, float] = {}
        self.groups: Sequence[tuple[int, list[int]]] = ()

    def at(
        self,
        second: float,
        where: Mapping[int, float],
        mps: float = 10.0,
        groups: Iterable[tuple[int, list[int]]] = (),
        gaps_s: Mapping[int, float] | None = None,
        state: int = RACING,
        status: Mapping[int, int] | None = None,
        finished_s: Mapping[int, float] | None = None,
    ) -> "Race":
        """One second: places in metres, all at one speed; gaps follow from it unless they are given."""
        self.second, self.where = second, dict(where)
        self.groups = list(groups) or self.groups or [(PELOTON, sorted(where, key=lambda b: -where[b]))]
        snapshot = race_pb2.Snapshot(
            name=common_pb2.SnapshotName(epoch=EPOCH, sequence=100 + round(second * 10)),
            race_time_ms=T0_MS + round(second * 1000),
            race_state=state,
        )
        head_m = max(where.values(), default=0.0)
        gaps_ms = {
            bib: round(1000 * (gaps_s[bib] if gaps_s else (head_m - at_m) / max(mps, 1.0)))
            for bib, at_m in where.items()
        }
        for place, (bib, at_m) in enumerate(sorted(where.items(), key=lambda item: -item[1]), 1):
            snapshot.riders.add(
                bib=bib,
                status=(status or {}).get(bib, common_pb2.RIDER_STATUS_RACING),
                place=place,
                distance_cm=round(100 * at_m),
                speed_mmps=round(1000 * mps),
                gap_ms=gaps_ms[bib],
                fix_time_ms=snapshot.race_time_ms - 1500,
                finish_time_ms=T0_MS + round(1000 * finished_s[bib]) if bib in (finished_s or {}) else None,
            )
        for number, (role, bibs) in enumerate(self.groups, 1):
            snapshot.groups.add(
                group_id=number,
                role=role,
                bibs=bibs,
                distance_cm=round(100 * where[bibs[0]]),
                gap_ms=gaps_ms[bibs[0]],
            )
        if self.weather:
            snapshot.weather.report.CopyFrom(report_of(self.weather))
        self.deriver.take(snapshot)
        return self

    def ride(self, seconds: float, mps: float = 10.0, step_s: float = 1.0, **options: object) -> "Race":
        """All on at one speed."""
        for _ in range(round(seconds / step_s)):
            where = {bib: at_m + mps * step_s for bib, at_m in self.where.items()}
            self.at(self.second + step_s, where, mps, **options)
        return self

    def values(self, bib: int = 1) -> analytics_pb2.RiderValues:
        """The newest of a rider."""
        found = self.deriver.newest.value
        assert found is not None
        return next(rider for rider in found.riders if rider.bib == bib)

    def has(self, bib: int = 1, within: float = 0.051, **expected: float | None) -> None:
        """These values of a rider, and None where it is to be absent."""
        rider = self.values(bib)
        found = {name: getattr(rider, name) if rider.HasField(name) else None for name in expected}
        for name, value in expected.items():
            assert found[name] == (None if value is None else pytest.approx(value, abs=within)), (name, found)
