"""Groups by time, with identities that last and names as on television."""

import numpy as np
from ardoise.race.groups import SPLIT_MS, GroupRole, Groups
from ardoise.race.stage import EventKind

from tests.support.ride import Run, stage_on, straight


def grouped(groups: Groups, behind_s: dict[int, float], doubt_ms: int = 300):
    """Updates with these riders (row: seconds behind the first)."""
    rows = sorted(behind_s, key=lambda row: (behind_s[row], row))
    behind_ms = np.array([round(behind_s[row] * 1000) for row in rows], np.int64)
    return groups.update(np.array(rows, np.int64), behind_ms, np.full(len(rows), doubt_ms))


def test_a_gap_splits_above_four_seconds_and_merges_below_two() -> None:
    groups = Groups(4)
    near = {0: 0.0, 1: 0.5, 2: 1.0, 3: 1.5}
    assert grouped(groups, near)[0].size.tolist() == [4]
    assert grouped(groups, near | {3: 4.9})[0].size.tolist() == [4]
    split, changes = grouped(groups, near | {3: 5.5})
    assert split.size.tolist() == [3, 1]
    assert [(c.merged, c.group_id, c.rows) for c in changes] == [(False, 1, (3,))]
    assert grouped(groups, near | {3: 3.5})[0].size.tolist() == [3, 1]
    merged, changes = grouped(groups, near | {3: 2.5})
    assert merged.size.tolist() == [4]
    assert [(c.merged, c.group_id, c.rows) for c in changes] == [(True, 1, (3,))]


def test_where_nobody_knows_the_times_well_a_split_takes_more_and_a_merge_does_not():
    groups = Groups(2)
    grouped(groups, {0: 0.0, 1: 1.5})
    assert grouped(groups, {0: 0.0, 1: 6.0}, doubt_ms=1_200)[0].size.tolist() == [2]
    assert grouped(groups, {0: 0.0, 1: 6.0})[0].size.tolist() == [1, 1]
    assert grouped(groups, {0: 0.0, 1: 1.9}, doubt_ms=1_200)[0].size.tolist() == [2]


def test_the_larger_part_of_a_group_keeps_its_identity() -> None:
    groups = Groups(6)
    grouped(groups, {row: row * 0.5 for row in range(6)})
    grouping, _ = grouped(groups, {0: 0.0, 1: 0.5, 2: 10.0, 3: 10.5, 4: 11.0, 5: 11.5})
    assert grouping.group_id.tolist() == [2, 1]
    assert groups.of_rider.tolist() == [2, 2, 1, 1, 1, 1]


def test_head_chase_peloton_dropped_and_gruppetto_have_their_names() -> None:
    groups = Groups(60)
    sizes, start = [2, 3, 1, 30, 2, 15, 1], 0.0
    behind, row = {}, 0
    for size in sizes:
        for n in range(size):
            behind[row] = start + n * 0.1
            row += 1
        start += 60
    grouping, _ = grouped(groups, behind)
    assert grouping.size.tolist() == sizes
    assert grouping.role.tolist() == [
        GroupRole.HEAD,
        GroupRole.CHASE,
        GroupRole.CHASE,
        GroupRole.PELOTON,
        GroupRole.DROPPED,
        GroupRole.GRUPPETTO,
        GroupRole.DROPPED,
    ]
    assert grouping.number.tolist() == [1, 1, 2, 1, 1, 1, 2]


def test_another_group_is_the_peloton_only_when_it_is_a_fifth_larger() -> None:
    groups = Groups(40)
    halves = {row: 0.1 * row for row in range(20)} | {row: 60 + 0.1 * row for row in range(20, 38)}
    assert grouped(groups, halves)[0].role.tolist() == [GroupRole.PELOTON, GroupRole.GRUPPETTO]
    two_fell_back = halves | {0: 62.0, 1: 62.1}
    assert grouped(groups, two_fell_back)[0].role.tolist() == [GroupRole.PELOTON, GroupRole.GRUPPETTO]
    more_fell_back = two_fell_back | dict.fromkeys(range(2, 6), 62.2)
    assert grouped(groups, more_fell_back)[0].role.tolist() == [GroupRole.HEAD, GroupRole.PELOTON]


def test_an_attack_splits_the_field_and_the_catch_merges_it() -> None:
    run = Run.of(stage_on(straight(), riders=10))
    trackers = range(9001, 9011)

    def where(t: float) -> list[float]:
        away = np.interp(t, [30, 130, 230, 330], [0, 200, 200, 0])
        return [10 * t + away] + [10 * t - 5 * n for n in range(9)]

    run.ride(range(1, 400), where, trackers, noise=np.random.default_rng(4), sigma_m=3)
    kinds = [(e.kind, e.bibs) for e in run.events if e.kind in (EventKind.GROUP_SPLIT, EventKind.GROUP_MERGE)]
    assert kinds == [(EventKind.GROUP_SPLIT, (1,)), (EventKind.GROUP_MERGE, (1,))]
    middle = run.snapshots[180].groups
    assert middle.role.tolist() == [GroupRole.HEAD, GroupRole.PELOTON]
    assert abs(int(middle.gap_ms[1]) - 20_000) < 2_000
    assert middle.bibs.tolist()[0] == 1


def test_an_attack_is_a_split_at_the_tick_that_shows_four_seconds() -> None:
    run = Run.of(stage_on(straight(), riders=3))

    def where(t: float) -> list[float]:
        return [10 * t + np.interp(t, [30, 60], [0, 120]), 10 * t, 10 * t - 5]

    run.ride(range(1, 60), where, range(9001, 9004))
    apart = run.column(1, "group_id") != run.column(2, "group_id")
    assert np.argmax(apart) == np.argmax(run.column(2, "gap_ms") > SPLIT_MS) > 0
