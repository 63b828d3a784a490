"""Time won and lost: gaps at two points of the road."""

from tests.support.rider_values import HEAD, PELOTON, Race

GROUPS = [(HEAD, [1]), (PELOTON, [2, 3]), (4, [4])]


def ridden(seconds: int, step_s: int = 25) -> Race:
    """At 10 m/s: the peloton loses a second in each kilometre to the head, rider 4 three."""
    race = Race()
    for second in range(0, seconds + 1, step_s):
        km = second / 100
        gaps_s = {1: 0.0, 2: 60.0 + km, 3: 60.0 + km, 4: 90.0 + 3 * km}
        where = {1: 1000.0 + 10 * second, 2: 400.0 + 10 * second, 3: 390.0 + 10 * second, 4: 10.0 * second}
        race.at(second, where, groups=GROUPS, gaps_s=gaps_s)
    return race


def test_over_one_five_and_twenty_kilometres():
    race = ridden(2500)
    race.has(bib=2, won_1km_s=-1.0, won_5km_s=-5.0, won_20km_s=-20.0, within=0.3)
    race.has(bib=4, won_1km_s=-3.0, won_5km_s=-15.0, won_20km_s=-60.0, within=0.8)
    race.has(bib=1, won_1km_s=0.0, won_5km_s=0.0, won_20km_s=0.0)
    race.has(bib=1, won_peloton_1km_s=1.0, won_peloton_5km_s=5.0, won_peloton_20km_s=20.0, within=0.3)
    race.has(bib=4, won_peloton_1km_s=-2.0, won_peloton_5km_s=-10.0, won_peloton_20km_s=-40.0, within=0.6)
    race.has(bib=3, won_peloton_1km_s=0.0, won_peloton_5km_s=0.0)


def test_what_was_not_seen_is_unknown():
    race = ridden(600)
    race.has(bib=2, won_1km_s=-1.0, won_5km_s=-5.0, won_20km_s=None, within=0.3)
    race.has(bib=1, won_peloton_20km_s=None)


def test_a_silence_leaves_a_hole_in_the_road():
    race = ridden(300)
    moved = {bib: at_m + 3_000 for bib, at_m in race.where.items()}
    race.at(600, moved, groups=GROUPS).ride(50, step_s=25)
    race.has(bib=2, won_1km_s=None, speed_1km_kmh=None)
    race.ride(100, step_s=25)
    assert race.values(2).HasField("won_1km_s")
