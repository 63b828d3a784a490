"""Who may become primary, how soon after another, what a stale one leaves: each check finds what it is there for."""

from dataclasses import replace

import pytest
from ardoise.rehearsal.drills.evidence import Counted, Evidence, SetAside
from ardoise.rehearsal.drills.history import DatabaseSeen, History, Role
from ardoise.rehearsal.drills.invariants import CHECKS
from ardoise.rehearsal.drills.scenario import Invariant

from tests.support.drilled import (
    ALONE,
    CAST,
    PROMOTED_S,
    SCENARIO,
    broken,
    evidence,
    history,
    rewritten,
)

# I7


def test_a_promotion_over_a_hole_is_found():
    def doctor(made: History, found: Evidence) -> Evidence:
        made.positions[:] = [
            replace(seen, last_sequence=None if seen.site == "truck" else 3) for seen in made.positions
        ]
        return found

    broken(Invariant.GUARD, doctor, "london was promoted at 29.2 s with watermark 18: london 3, truck silent")


def test_a_promotion_that_the_truck_alone_makes_possible_is_none_to_complain_of():
    def doctor(made: History) -> None:
        made.positions[:] = [
            replace(seen, last_sequence=3) if seen.site == "london" else seen for seen in made.positions
        ]

    made = history()
    doctor(made)
    assert CHECKS[Invariant.GUARD](made, evidence(), SCENARIO.promise, CAST).holds


# I11


def test_a_second_change_before_the_former_primary_follows_is_flapping():
    def doctor(made: History, found: Evidence) -> Evidence:
        made.database[:] = [seen for seen in made.database if seen.at_s < PROMOTED_S + 3]
        made.database.append(DatabaseSeen(33.0, "amsterdam", Role.PRIMARY, 3, 40))
        return found

    broken(Invariant.NO_FLAPPING, doctor, "which amsterdam did not follow yet")


def test_a_second_change_after_it_follows_is_none():
    made = history()
    made.database.append(DatabaseSeen(41.0, "amsterdam", Role.PRIMARY, 3, 90))
    assert CHECKS[Invariant.NO_FLAPPING](made, evidence(), SCENARIO.promise, CAST).holds


# Stale rows


@pytest.mark.parametrize(
    ("aside", "says"),
    [
        ([], "amsterdam-alone-1 was not set aside"),
        ([SetAside(1, ALONE | {"amsterdam-9"}, {"frame": Counted(1, 20, 20)})], "nobody wrote it alone"),
        ([SetAside(1, ALONE, {})], "0 reports count frames"),
        ([SetAside(1, ALONE, {"frame": Counted(2, 20, 20)})], "2 frames counted from 20 to 20, not 1"),
        ([SetAside(1, ALONE, {"frame": Counted(1, 22, 22)})], "set aside 22 to 22, seen 20 to 20"),
    ],
)
def test_a_report_that_says_less_or_more_than_what_was_alone_is_found(aside: list[SetAside], says: str):
    broken(Invariant.STALE_ROWS, lambda _, found: replace(found, set_aside={"amsterdam": aside}), says)


def test_a_stale_row_that_comes_to_stand_in_the_new_primary_is_found():
    def doctor(_: History, found: Evidence) -> Evidence:
        return rewritten(found, decisions={**found.written.decisions, "amsterdam-alone-1": 1})

    broken(Invariant.STALE_ROWS, doctor, "amsterdam-alone-1 is in the database")


def test_a_frame_of_the_stale_primary_that_is_not_derived_again_is_found():
    def doctor(_: History, found: Evidence) -> Evidence:
        frames = {sequence: row for sequence, row in found.written.frames.items() if sequence != 20}
        return rewritten(found, frames=frames)

    broken(Invariant.STALE_ROWS, doctor, "frame 20 was not derived again")
