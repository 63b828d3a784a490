"""A race for the page to show: 176 riders over two mountains, a breakaway, a split field, and what goes wrong.

Everything is a function of the second of the race, so that a test can say which second it wants to see.
"""

import math

from ardoise.pb import analytics_pb2, common_pb2, race_pb2, security_pb2, setup_pb2, weather_pb2

EPOCH = 1_782_561_600_000
START_MS = 1_782_561_600_000
LENGTH_M = 142_300.0
NEUTRAL_M = 4_200.0
STEP_M = 50.0
DEGREE_M = 111_320.0
LATITUDE, LONGITUDE = 45.19, 6.02
ENGINE = "test"

TEAMS = [
    ("ALT", "Altitude Cycling", "#d7263d"),
    ("BRU", "Brume Vélo", "#2e86ab"),
    ("CAP", "Capucine Racing", "#f49d37"),
    ("DRA", "Draisienne Pro", "#3f7d20"),
    ("EST", "Estafette", "#6c4ab6"),
    ("FAU", "Faucon Team", "#140f2d"),
    ("GAL", "Galibier Bikes", "#00a6a6"),
    ("HER", "Hermine Bretagne", "#efefef"),
    ("IZO", "Izoard Collective", "#c0c781"),
    ("JUR", "Jura Horlogerie", "#a23b72"),
    ("KER", "Kermesse Club", "#ff6f59"),
    ("LAC", "Lacets", "#254441"),
    ("MIS", "Mistral", "#43aa8b"),
    ("NEI", "Neige et Vent", "#b2b09b"),
    ("ORA", "Orage Cycliste", "#ef3054"),
    ("PAV", "Pavé du Nord", "#7a6c5d"),
    ("QUE", "Queyras", "#1b998b"),
    ("RHO", "Rhône Énergie", "#e84855"),
    ("SAV", "Savoie Lait", "#2d3047"),
    ("TRA", "Transhumance", "#93b7be"),
    ("USH", "Ushuaïa Pédale", "#f9a03f"),
    ("VEN", "Ventoux Assurances", "#5f0f40"),
]
FAMILY_NAMES = [
    "Aubin", "Bellerose", "Castagnède", "Delvaux", "Escoffier", "Fauchère", "Grandjean", "Hautecœur",
    "Ibarra", "Jorgensen", "Kowalczyk", "Lindqvist", "Marchetti", "Nakamura", "Ødegård", "Pellissier",
    "Quintero", "Rousselot", "Sørensen", "Tavernier", "Urrutia", "Vandenbroucke", "Wüthrich", "Ximénez",
    "Yılmaz", "Zubeldia", "Álvarez", "Çelik", "Dvořák", "Ślusarczyk", "van_der_Meulen", "de_la_Fuente",
]  # fmt: skip
GIVEN_NAMES = [
    "Anatole", "Bastien", "Cyril", "Didier", "Émile", "Florian", "Gaspard", "Hugo", "Iker", "Jules",
    "Kasper", "Loïc", "Matteo", "Nils", "Oscar", "Paul",
]  # fmt: skip

BREAK = (23, 45, 61, 104, 152)
CHASE = (11, 12, 37, 88, 91, 113, 136, 171)
GRUPPETTO = (114, 115, 116, 117, 118, 121, 122, 123, 124, 125, 126, 127, 128, 131, 132, 133, 134)
DROPPED = (8, 58, 76)
ABANDONED, OFF_ROUTE, NO_SIGNAL, UNHEARD = 28, 68, 154, 165
JERSEYS = {
    1: setup_pb2.JERSEY_GENERAL,
    61: setup_pb2.JERSEY_MOUNTAINS,
    118: setup_pb2.JERSEY_POINTS,
    41: setup_pb2.JERSEY_YOUNG,
}


def stage() -> setup_pb2.StageSetup:
    """The stage as GetStage answers it."""
    setup = setup_pb2.StageSetup(
        stage_id="cols-07",
        event_name="Tour des Cols",
        stage_name="Étape 7 : Vallorbe – Alpe du Grand Vent",
        planned_start_ms=START_MS,
        signal_timeout_ms=15_000,
        clock_source=setup_pb2.CLOCK_SOURCE_FEED,
    )
    setup.teams.extend(setup_pb2.Team(code=code, name=name, colour=colour) for code, name, colour in TEAMS)
    setup.riders.extend(_rider(bib) for bib in bibs())
    route = setup.route
    route.finish_cm = int(LENGTH_M * 100)
    route.longitude_scale_e9 = int(math.cos(math.radians(LATITUDE)) * 1e9)
    heading, x, y = 0.6, 0.0, 0.0
    for number in range(int((LENGTH_M + NEUTRAL_M) / STEP_M) + 1):
        d = number * STEP_M
        route.distance_cm.append(int((d - NEUTRAL_M) * 100))
        route.latitude_e7.append(int((LATITUDE + y / DEGREE_M) * 1e7))
        route.longitude_e7.append(int((LONGITUDE + x / DEGREE_M / math.cos(math.radians(LATITUDE))) * 1e7))
        route.elevation_cm.append(int(elevation_m(d - NEUTRAL_M) * 100))
        heading = 0.6 + 1.5 * math.sin(d / 21_000) + 0.9 * math.sin(d / 5_300 + 1)
        if 118_000 < d < 131_000:  # hairpins
            heading += 1.3 * math.copysign(1, math.sin(d / 260))
        x += STEP_M * math.cos(heading)
        y += STEP_M * math.sin(heading)
    for kind, name, km, length_km, category in (
        (setup_pb2.FEATURE_KIND_SPRINT, "Saint-Aubin", 31.4, 0, ""),
        (setup_pb2.FEATURE_KIND_CLIMB, "Côte des Fées", 46.0, 4.1, "3"),
        (setup_pb2.FEATURE_KIND_CLIMB, "Col de la Ramaz", 84.0, 13.2, "1"),
        (setup_pb2.FEATURE_KIND_FEED, "Les Houches", 66.0, 0, ""),
        (setup_pb2.FEATURE_KIND_TIME_CHECK, "Pont du Giffre", 112.0, 0, ""),
        (setup_pb2.FEATURE_KIND_CLIMB, "Alpe du Grand Vent", LENGTH_M / 1000, 13.8, "HC"),
    ):
        route.features.append(
            setup_pb2.Feature(
                kind=kind,
                name=name,
                distance_cm=int(km * 100_000),
                length_cm=int(length_km * 100_000),
                category=category,
            )
        )
    return setup


def elevation_m(distance_m: float) -> float:
    """Height of the road."""

    def hill(top_km: float, height: float, before_km: float, after_km: float) -> float:
        away = distance_m / 1000 - top_km
        width = before_km if away < 0 else after_km
        return height * math.exp(-((away / width) ** 2))

    waves = 18 * math.sin(distance_m / 1_900) + 9 * math.sin(distance_m / 613)
    return 480 + waves + hill(46, 320, 3.6, 3.0) + hill(84, 1_120, 9, 7.5) + hill(142.3, 1_310, 9, 20)


def bibs() -> list[int]:
    """176 numbers: eight riders of each of 22 teams."""
    return [team * 10 + number if team else number for team in range(22) for number in range(1, 9)][:176]


def _rider(bib: int) -> setup_pb2.Rider:
    family = FAMILY_NAMES[(bib * 7) % len(FAMILY_NAMES)].replace("_", " ")
    rider = setup_pb2.Rider(
        bib=bib,
        family_name=family,
        given_name=GIVEN_NAMES[(bib * 5) % len(GIVEN_NAMES)],
        team_code=TEAMS[bib // 10][0],
        nationality=("FRA", "BEL", "ESP", "ITA", "NED", "NOR", "SLO", "COL")[bib % 8],
    )
    if bib in JERSEYS:
        rider.jerseys.append(JERSEYS[bib])
    return rider


HEAD_MPS = 10.4
GROUPS = (
    # id, role, its number, riders, gap in seconds after the first kilometres, how far it swings up and down
    (1, race_pb2.GROUP_ROLE_HEAD, 1, BREAK, 0.0, 0.0),
    (4, race_pb2.GROUP_ROLE_CHASE, 1, CHASE, 68.0, 9.0),
    (2, race_pb2.GROUP_ROLE_PELOTON, 1, (), 161.0, 24.0),
    (7, race_pb2.GROUP_ROLE_DROPPED, 1, DROPPED, 402.0, 30.0),
    (3, race_pb2.GROUP_ROLE_GRUPPETTO, 1, GRUPPETTO, 1_145.0, 60.0),
)


def weather(age_min: float, **values: int) -> race_pb2.WeatherNow:
    """A warm day with wind from the west, reported so many minutes before 9 000 seconds of the race."""
    report = weather_pb2.WeatherReport(
        source="finish",
        effective_time_ms=START_MS + 9_000_000 - int(age_min * 60_000),
        **(values or {"temperature_c_e2": 2_140, "wind_mmps": 5_100, "wind_from_deg": 270}),
    )
    return race_pb2.WeatherNow(report=report, age_ms=int(age_min * 60_000), old=age_min > 30)


def snapshot(
    second: int, *, sequence: int | None = None, epoch: int = EPOCH, feed_age_ms: int = 600
) -> race_pb2.Snapshot:
    """The race so many seconds after the riders have passed kilometre 0; below zero: before the start."""
    made = race_pb2.Snapshot(
        name=common_pb2.SnapshotName(
            engine_version=ENGINE, epoch=epoch, sequence=sequence or max(1, 10_000 + second)
        ),
        race_time_ms=START_MS + second * 1000,
        stage_id="cols-07",
        race_state=common_pb2.RACE_STATE_RACING if second >= 0 else common_pb2.RACE_STATE_PREPARED,
    )
    if second < 0:
        made.riders.extend(race_pb2.RiderState(bib=bib) for bib in bibs())
        return made
    apart = {BREAK, CHASE, DROPPED, GRUPPETTO}
    apart_bibs = {bib for group in apart for bib in group} | {ABANDONED, OFF_ROUTE, NO_SIGNAL, UNHEARD}
    peloton = tuple(bib for bib in bibs() if bib not in apart_bibs)
    place = 0
    for group_id, role, number, riders, full_gap_s, swing_s in GROUPS:
        members = riders or peloton
        gap_s = min(1.0, second / 2_400) * (full_gap_s + swing_s * math.sin(second / 300))
        first_m = HEAD_MPS * second - gap_s * HEAD_MPS
        made.groups.append(
            race_pb2.Group(
                group_id=group_id,
                role=role,
                number=number,
                bibs=members,
                distance_cm=int(first_m * 100),
                gap_ms=int(gap_s * 1000),
                speed_mmps=int(HEAD_MPS * 1000),
            )
        )
        for position, bib in enumerate(members):
            place += 1
            behind_m = position * 1.9
            made.riders.append(
                _state(
                    bib, place, first_m - behind_m, gap_s + behind_m / HEAD_MPS, group_id, made, feed_age_ms
                )
            )
    made.riders.append(
        race_pb2.RiderState(
            bib=NO_SIGNAL,
            status=common_pb2.RIDER_STATUS_NO_SIGNAL,
            place=place + 1,
            distance_cm=int(HEAD_MPS * second * 60),
            fix_time_ms=made.race_time_ms - 83_000,
        )
    )
    made.riders.add(
        bib=OFF_ROUTE, status=common_pb2.RIDER_STATUS_OFF_ROUTE, fix_time_ms=made.race_time_ms - 1_000
    )
    made.riders.add(bib=ABANDONED, status=common_pb2.RIDER_STATUS_ABANDONED)
    made.riders.add(bib=UNHEARD)
    return made


def _state(
    bib: int,
    place: int,
    distance_m: float,
    gap_s: float,
    group_id: int,
    made: race_pb2.Snapshot,
    feed_age_ms: int,
) -> race_pb2.RiderState:
    rider = race_pb2.RiderState(
        bib=bib,
        place=place,
        distance_cm=int(min(distance_m, LENGTH_M) * 100),
        speed_mmps=int((HEAD_MPS + 0.3 * math.sin(bib)) * 1000),
        gradient_permille=int((elevation_m(distance_m + 50) - elevation_m(distance_m - 50)) * 10),
        gap_ms=int(gap_s * 1000),
        gap_within_ms=640,
        group_id=group_id,
        fix_time_ms=made.race_time_ms - feed_age_ms,
        status=common_pb2.RIDER_STATUS_RACING if distance_m > 0 else common_pb2.RIDER_STATUS_NEUTRAL,
    )
    if distance_m >= LENGTH_M:
        rider.status = common_pb2.RIDER_STATUS_FINISHED
        rider.finish_time_ms = made.race_time_ms - int((distance_m - LENGTH_M) / HEAD_MPS * 1000)
    return rider


def predictions(second: int, epoch: int = EPOCH) -> analytics_pb2.PredictionSet:
    """What analytics would say of that second."""
    made = analytics_pb2.PredictionSet(
        snapshot=common_pb2.SnapshotName(engine_version=ENGINE, epoch=epoch, sequence=10_000 + second),
        race_time_ms=START_MS + second * 1000,
        data_age_ms=1_000,
        model_version="test",
    )
    for group_id, gap_ms, probability in ((1, 161_000, 0.64), (4, 93_000, 0.91)):
        made.catches.add(
            group_id=group_id,
            gap_ms=gap_ms,
            to_go_cm=int((LENGTH_M - HEAD_MPS * second) * 100),
            catch_probability=probability,
            catch_to_go_m=[9_800, 5_200, 1_400],
            gap_at_line_s=[-22, 14, 61],
            reasons=[
                analytics_pb2.PredictionReason(code="closing_speed", value=0.83, unit="m/s"),
                analytics_pb2.PredictionReason(code="chapatte", value=26.8, unit="km"),
                analytics_pb2.PredictionReason(code="climb_ahead", value=13.8, unit="km"),
                analytics_pb2.PredictionReason(code="group_size", value=5, unit="riders"),
            ],
        )
    made.finish_type.solo, made.finish_type.small_group, made.finish_type.bunch_sprint = 0.22, 0.47, 0.31
    return made


def alert(number: int = 1, *, acknowledged_by: str = "") -> security_pb2.Alert:
    """An alert as security raises it."""
    return security_pb2.Alert(
        alert_id=f"alert-{number}",
        rule="malformed-flood",
        subject="relay:moto-6",
        severity=security_pb2.SEVERITY_CRITICAL,
        title="moto-6 sends frames that do not parse",
        action="Cut the relay moto-6 off and have its operator look at it.",
        evidence=[
            security_pb2.Evidence(
                time_ms=START_MS + 61_000, source="moto-6", detail="512 malformed frames in 10 s"
            )
        ],
        count=512,
        first_seen_ms=START_MS + 60_000,
        last_seen_ms=START_MS + 71_000,
        acknowledged_by=acknowledged_by,
    )


def sent(state: security_pb2.OutboxState, detail: str) -> security_pb2.OutboxEntry:
    """An entry of the outbox as security lists it."""
    return security_pb2.OutboxEntry(
        alert_id="alert-1",
        title="moto-6 sends frames that do not parse",
        state=state,
        detail=detail,
        offered_ms=START_MS + 72_000,
    )
