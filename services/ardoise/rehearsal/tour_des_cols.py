"""The demo's event, all invented: `python -m ardoise.rehearsal.tour_des_cols events/tour-des-cols`."""

import sys
from itertools import product
from pathlib import Path

import numpy as np

from ardoise.race.route import Route, prepare_route
from ardoise.rehearsal.invented_road import InventedRoad, Section, invent_road

SEED = 1903
RIDERS_A_TEAM = 8
GENERAL, POINTS, MOUNTAINS, YOUNG = 11, 57, 102, 31
"""Bibs of those who wear the leaders' jerseys, and lead the standings before the stage."""
BEST_S = 12 * 3600 + 4 * 60 + 11
"""The leader's time before the stage."""
FIRST_TRACKER = 860_000

ROAD = (
    Section("neutral zone", 4_200, 0.001, 95, roughness=0.004),
    Section("valley of the Mordane", 23_500, 0.0062, 80, roughness=0.012),
    Section("Col des Marmottes", 9_100, 0.064, 30, hairpins=0.45, roughness=0.013),
    Section("descent to Sainte-Aurore", 9_800, -0.060, 85, hairpins=0.3, roughness=0.012),
    Section("valley of the Aurette", 14_200, 0.0045, 125, roughness=0.010),
    Section("Col de la Pierre-Haute", 13_600, 0.0735, 165, hairpins=0.5, roughness=0.013),
    Section("descent to Villarcombe", 15_900, -0.0625, 120, hairpins=0.35, roughness=0.012),
    Section("valley of the Villarde", 14_800, 0.0085, 60, roughness=0.010),
    Section("ramp of Clairvaline", 5_100, 0.021, 40, roughness=0.012),
    Section("Col de l'Ardoise", 12_400, 0.0765, 5, hairpins=0.5, roughness=0.014),
    Section("beyond the line", 400, 0.0, 10, roughness=0.0),
)
PASSES = {"Col des Marmottes": "1", "Col de la Pierre-Haute": "HC", "Col de l'Ardoise": "HC"}
SPRINTS = {"Pont-sur-Mordane": 16.8, "Villarcombe": 88.2}
TIME_CHECKS = {"Sainte-Aurore": 43.0, "Clairvaline": 105.4}

TEAMS = (
    ("AVA", "Avalanche Cycling", "#f4a261"), ("BLC", "Banque du Léman-Clos", "#2a9d8f"),
    ("BRZ", "Brise-Alizé", "#48cae4"), ("CHR", "Chronos Développement", "#9d4edd"),
    ("COR", "Cordillera Cafés", "#bc6c25"), ("DUN", "Dunes & Polders", "#e9c46a"),
    ("ETN", "Etna Vulcani", "#e63946"), ("FJD", "Fjordkraft Norden", "#1d3557"),
    ("GLA", "Glacier Mutuelle", "#a8dadc"), ("HAN", "Hanse Radsport", "#457b9d"),
    ("IBE", "Iberia Molinos", "#d62828"), ("KAN", "Kangaroo Outback", "#ffb703"),
    ("LUM", "Lumière Optique", "#f1faee"), ("MAR", "Marée Haute", "#0077b6"),
    ("NOR", "Nordlys Trekk", "#4361ee"), ("OKA", "Okapi Assurances", "#588157"),
    ("PIC", "Picardie Sucre", "#ff70a6"), ("QUA", "Quartz Horlogerie", "#6c757d"),
    ("RAD", "Radweg Tirol", "#c1121f"), ("SOL", "Solana Energía", "#fb8500"),
    ("TUN", "Tundra Outdoor", "#386641"), ("VOL", "Voltaïque", "#80ed99"),
)  # fmt: skip
PEOPLES = (
    ("FRA", "Aurèle Bastien Corentin Élie Gatien", "Roche Font Clair Haute", "blanche mare voie"),
    ("ITA", "Brando Cosimo Ettore Furio Loris", "Monte Val Cast Bosc", "rini ezzi andri"),
    ("ESP", "Asier Breogán Ciro Eneko Guifré", "Olm Arr Sever Lind", "iegui arro alda"),
    ("BEL", "Arjen Brecht Ciel Gust Jef", "Vander Ver Hoog Os", "wolde meerle kamp"),
    ("NOR", "Aksel Birk Eirik Halvor Jostein", "Fjell Berg Skog Strand", "vang heim nes"),
    ("GER", "Arvid Bruno Falk Gero Hannes", "Birken Stein Wald Eichen", "hofer reuter egger"),
    ("COL", "Ancízar Brayan Duván Esneider Jairo", "Quin Cha Pat Mon", "chía rrango dueza"),
    ("SLO", "Anže Blaž Gašper Jernej Klemen", "Vr Kov Mlin Hrib", "ašek ornik ovšek"),
)
"""Nationality, given names, and both halves of family names: all invented by combination."""


def road() -> tuple[InventedRoad, Route]:
    """The points of the stage, and the same measured."""
    points = invent_road(ROAD, SEED, 44.95, 6.05, 480.0)
    columns = (points.latitude, points.longitude)
    latitude_e7, longitude_e7 = (np.rint(np.round(column, 6) * 1e7).astype(int) for column in columns)
    return points, prepare_route(latitude_e7, longitude_e7, np.rint(points.elevation_m * 100).astype(int))


def gpx(points: InventedRoad) -> str:
    """The points as a GPX track."""
    rows = zip(points.latitude, points.longitude, points.elevation_m, strict=True)
    track = "\n".join(
        f'<trkpt lat="{lat:.6f}" lon="{lon:.6f}"><ele>{ele:.1f}</ele></trkpt>' for lat, lon, ele in rows
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<gpx version="1.1" creator="Ardoise" xmlns="http://www.topografix.com/GPX/1/1">\n'
        "<!-- An invented road, made by ardoise.rehearsal.tour_des_cols: nothing here is on a map. -->\n"
        f"<trk><name>Combeneuve - Col de l'Ardoise</name><trkseg>\n{track}\n</trkseg></trk>\n</gpx>\n"
    )


def event_file(points: InventedRoad, measured: Route) -> str:
    """The event file of the demo."""
    km = {name: measured.distance_cm[end] / 100_000 for name, end in points.ends.items()}
    zero_km = km["neutral zone"]
    features = [
        (
            km[name] - zero_km,
            f"kind: climb, name: {name}, length_km: {_length_km(name):.1f}, category: {category}",
        )
        for name, category in PASSES.items()
    ]
    features += [(at, f"kind: sprint, name: {name}") for name, at in SPRINTS.items()]
    features += [(at, f"kind: time_check, name: {name}") for name, at in TIME_CHECKS.items()]
    lines = [
        "# The demo's event; made by `python -m ardoise.rehearsal.tour_des_cols`. Road, teams and riders are invented.",
        "event: Tour des Cols",
        "stages:",
        "  - id: stage-4",
        '    name: "Stage 4: Combeneuve - Col de l\'Ardoise"',
        "    start: 2026-07-07T13:05:00+02:00",
        "    route:",
        "      file: stage-4.gpx",
        f"      kilometre_zero_km: {zero_km:.3f}",
        f"      finish_km: {km["Col de l'Ardoise"] - zero_km:.3f}",
        "    features:",
        *(f"      - {{{rest}, km: {at:.2f}}}" for at, rest in sorted(features)),
        "    jerseys:",
        f"      - {{jersey: general, bib: {GENERAL}}}",
        f"      - {{jersey: points, bib: {POINTS}}}",
        f"      - {{jersey: mountains, bib: {MOUNTAINS}}}",
        f"      - {{jersey: young, bib: {YOUNG}}}",
        "    before_file: stage-4-before.csv",
        "    signal_timeout_s: 20",
        "teams:",
        *(f'  - {{code: {code}, name: {name}, colour: "{colour}"}}' for code, name, colour in TEAMS),
        "riders:",
        *_riders(),
        "trackers:",
        *(f"  - {{tracker: {FIRST_TRACKER + bib}, bib: {bib}}}" for bib in _bibs()),
    ]
    return "\n".join(lines) + "\n"


def before() -> str:
    """The standings before the stage, as CSV."""
    random = np.random.default_rng(SEED + 1)
    rows = [
        [bib, BEST_S + int(behind_s), int(points), int(mountains)]
        for bib, behind_s, points, mountains in zip(
            _bibs(),
            random.integers(50, 2_700, len(_bibs())),
            random.integers(0, 60, len(_bibs())) * (random.integers(0, 4, len(_bibs())) == 0),
            random.integers(1, 18, len(_bibs())) * (random.integers(0, 9, len(_bibs())) == 0),
            strict=True,
        )
    ]
    leading = {GENERAL: {1: BEST_S}, YOUNG: {1: BEST_S + 23}, POINTS: {2: 88}, MOUNTAINS: {3: 24}}
    for row in rows:
        for column, value in leading.get(row[0], {}).items():
            row[column] = value
    rows.sort(key=lambda row: row[1])
    lines = ["bib,team,general,points,mountains"]
    lines += [f"{bib},,{_clock(time_s)},{points},{mountains}" for bib, time_s, points, mountains in rows]
    of_team = {code: [row[1] for row in rows if TEAMS[row[0] // 10][0] == code] for code, *_ in TEAMS}
    teams = sorted((sum(times_s[:3]), code) for code, times_s in of_team.items())
    return "\n".join([*lines, *(f",{code},{_clock(time_s)},," for time_s, code in teams)]) + "\n"


def _clock(time_s: int) -> str:
    return f"{time_s // 3600}:{time_s // 60 % 60:02}:{time_s % 60:02}"


def _length_km(name: str) -> float:
    return next(section.length_m for section in ROAD if section.name == name) / 1000


def _bibs() -> list[int]:
    """1 to 8, 11 to 18 and so on: the tens are the team, as on the road."""
    return [team * 10 + place for team in range(len(TEAMS)) for place in range(1, RIDERS_A_TEAM + 1)]


def _riders() -> list[str]:
    random = np.random.default_rng(SEED)
    people = []
    for nationality, given, heads, tails in PEOPLES:
        family = [(head + tail).upper() for head, tail in product(heads.split(), tails.split())]
        names = list(product(given.split(), family))
        drawn = random.permutation(len(names))[: len(_bibs()) // len(PEOPLES)]
        people += [(nationality, *names[index]) for index in drawn]
    order = random.permutation(len(people))
    young = {
        YOUNG,
        *(bib for bib, drawn in zip(_bibs(), random.integers(0, 5, len(_bibs())), strict=True) if not drawn),
    }
    lines = []
    for bib, index in zip(_bibs(), order, strict=True):
        nationality, given, family = people[index]
        team = TEAMS[bib // 10][0]
        names = f"family_name: {family}, given_name: {given}"
        young_too = ", young: true" if bib in young - {GENERAL} else ""
        lines.append(f"  - {{bib: {bib}, {names}, team: {team}, nationality: {nationality}{young_too}}}")
    return lines


def write(directory: Path) -> None:
    """Writes event.yaml, its route file and the standings before the stage."""
    points, measured = road()
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "stage-4.gpx").write_text(gpx(points), encoding="utf-8")
    (directory / "stage-4-before.csv").write_text(before(), encoding="utf-8")
    (directory / "event.yaml").write_text(event_file(points, measured), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
