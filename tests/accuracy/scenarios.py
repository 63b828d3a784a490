"""The scenarios by name: on roads made by formula first, so that there are always some, then on real ones."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from zlib import crc32

from tests.accuracy import cases, race_day, roads
from tests.accuracy.cases import Case, Where


@dataclass(frozen=True)
class Scenario:
    """`plain`: 1 Hz, 5 m, nothing wrong: the targets of distance and gap are for these."""

    name: str
    about: str
    where: Where
    make: Callable[[Where, int], Case] = field(repr=False)
    plain: bool = False

    @property
    def quick(self) -> bool:
        return self.name in QUICK

    def case(self, seed: int) -> Case:
        """The same seed is the same race, to the last digit."""
        return self.make(self.where, seed + crc32(self.name.encode()))


ROADS = {
    "ladder": Where(roads.ladder, 700.0, 1_000.0, 900.0),
    "loop": Where(roads.loop, 300.0, 1_800.0, 900.0, lapping_s=2_300.0),
    "there-and-back": Where(roads.there_and_back, 300.0, 900.0, 900.0),
    "montvernier": Where(roads.montvernier, 175_400.0, 1_300.0, 1_100.0, real=True),
    "alpe-d-huez": Where(roads.alpe_d_huez, 300.0, 2_400.0, 1_000.0, real=True),
    "champs-elysees": Where(roads.champs_elysees, 300.0, 5_400.0, 1_300.0, real=True, lapping_s=3_200.0),
}
COLS = Where(roads.invented_cols, 26_500.0, 700.0, 700.0)
WHOLE_FIELD = 176
VARIATIONS = {
    "forest": (cases.forest, "15 m under trees, by turns"),
    "tunnel": (cases.tunnel, "30 s without signal, again and again"),
    "pauses": (cases.pauses, "two stop for a minute, two ride back 300 m"),
    "feed": (cases.feed, "as the public feed: five fixes 6 s apart, 36 s of nothing, 2.6 s late"),
}
RACE_DAY = {
    "spare-bike": (race_day.spare_bike, "two trackers of a rider, one on a car roof; then the bikes change"),
    "bike-change": (race_day.bike_change, "a new bike, assigned by race control 40 s later"),
    "short-cut": (race_day.short_cut, "a rider goes straight across to 500 m further on"),
    "ambulance": (race_day.ambulance, "a rider is driven past the race"),
    "back-to-start": (race_day.back_to_the_start, "a rider rides home against the race"),
    "frozen": (race_day.frozen, "the same place for 25 s, at speed"),
    "jump": (race_day.jump, "one to four fixes 1.5 km away"),
    "negative-speed": (race_day.negative_speed, "a third of the receivers have no speed"),
    "holes": (race_day.holes, "nobody is heard for 36 s, every 150 s"),
    "two-clocks": (race_day.two_clocks, "every other clock is 3 s ahead"),
    "late-relay": (race_day.late_relay, "one relay reports a minute late"),
}
QUICK = {"ladder", "loop", "there-and-back", "ladder-tunnel", "ladder-feed", "loop-forest", "cols-jump"}


def _all() -> list[Scenario]:
    found = [Scenario("cols", "176 riders on a pass", replace(COLS, riders=WHOLE_FIELD), cases.plain, True)]
    for road, where in ROADS.items():
        found.append(Scenario(road, "1 Hz, 5 m", where, cases.plain, True))
        found += [
            Scenario(f"{road}-{name}", about, where, make) for name, (make, about) in VARIATIONS.items()
        ]
        if where.lapping_s:
            found.append(Scenario(f"{road}-lapped", "two riders are lapped", where, cases.lapped))
    found += [Scenario(f"cols-{name}", about, COLS, make) for name, (make, about) in RACE_DAY.items()]
    return sorted(found, key=lambda scenario: scenario.where.real)


SCENARIOS = _all()
