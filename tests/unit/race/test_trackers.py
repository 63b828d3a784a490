"""How many trackers an engine keeps: all that the stage plans, and a bounded number of others."""

import numpy as np
from ardoise.race.stage import Assignment, Stage
from ardoise.race.trackers import MOST_OTHERS, NOBODY, Trackers

from tests.support.ride import straight

PLANNED = 5_000


def test_all_planned_trackers_are_kept_and_others_up_to_a_limit():
    bibs = tuple(range(1, PLANNED + 1))
    planned = tuple(Assignment(9_000 + bib, bib) for bib in bibs)
    trackers = Trackers(Stage("test", straight(), bibs, planned, 20_000))
    strangers = np.arange(1_000_000, 1_000_000 + 2 * MOST_OTHERS, dtype=np.uint64)
    row = trackers.rows(strangers)
    assert np.count_nonzero(row != NOBODY) == MOST_OTHERS
    row = trackers.rows(np.array([one.tracker for one in planned], np.uint64))
    assert trackers.riders(row, np.zeros(PLANNED, np.int64)).tolist() == list(range(PLANNED))
