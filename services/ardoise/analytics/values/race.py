"""Where a rider is in the race and in the group, and whom the road brings nearer."""

import numpy as np

from ardoise.analytics.values.scene import NONE, Scene, Second, pick
from ardoise.analytics.values.value import Column, Value

TREND_S = 60.0
PER_MIN = 60.0

VALUES = (
    Value("place", "", "Place in the race, from 1", "the engine's: finishers by time, then by distance"),
    Value(
        "riders_ahead", "", "Riders in groups ahead, or home", "sum over the groups in front, and finishers"
    ),
    Value("to_head_m", "m", "Distance to the head of the race", "distance of the first group - distance"),
    Value("gap_s", "s", "Time behind the head of the race", "the engine's, at the same point of the road", 1),
    Value("gap_trend_s_per_min", "s/min", "Change of gap_s; losing positive", "change over 60 s", 1),
    Value("group_number", "", "Which group from the front, from 1", "the engine's groups"),
    Value("group_place", "", "Place in the group, from 1", "order along the road"),
    Value("group_riders", "", "Riders in the group", "its size"),
    Value(
        "group_teammates",
        "",
        "Team mates in the group",
        "riders of the same team there, the rider not counted",
    ),
    Value("group_s", "s", "Time in this group", "race time - first second in it that analytics saw"),
    Value("group_front_m", "m", "Distance to the group's first rider", "group's distance - distance"),
    Value("gap_ahead_s", "s", "Time to the group ahead", "gap of the rider's group - gap of that one", 1),
    Value(
        "gap_ahead_trend_s_per_min",
        "s/min",
        "Change of gap_ahead_s; growing positive",
        "mean trends of both groups",
        1,
    ),
    Value("gap_behind_s", "s", "Time to the group behind", "gap of that one - gap of the rider's group", 1),
    Value(
        "gap_behind_trend_s_per_min",
        "s/min",
        "Change of gap_behind_s; growing positive",
        "mean trends of both groups",
        1,
    ),
    Value(
        "gap_peloton_s", "s", "Time ahead of the peloton; behind negative, in it 0", "peloton's gap - gap", 1
    ),
    Value(
        "gap_peloton_trend_s_per_min",
        "s/min",
        "Change of gap_peloton_s; winning positive",
        "peloton's mean trend - own",
        1,
    ),
)


def columns(scene: Scene) -> dict[str, Column]:
    """The values above."""
    second, memory, groups = scene.second, scene.memory, scene.second.groups
    trend = np.where(second.live, PER_MIN * memory.change("gap_s", TREND_S, TREND_S - 10), np.nan)
    trends = _means(trend, second)
    inside = second.group != NONE
    ahead = np.where(inside, second.group - 1, NONE)
    behind = np.where(inside, second.group + 1, NONE)
    own_gap_s, own_trend = second.of_group(groups.gap_s), second.of_group(trends)
    head_m = np.append(groups.distance_m, np.nan)[0]
    home = np.isfinite(second.finish_time_s).sum()
    before = np.cumsum(groups.riders) - groups.riders
    in_peloton = inside & (second.group == groups.peloton)
    return {
        "place": np.where(second.place > 0, second.place, np.nan),
        "riders_ahead": second.of_group(before) + home,
        "to_head_m": np.maximum(head_m - scene.here_m, 0.0),
        "gap_s": second.gap_s,
        "gap_trend_s_per_min": trend,
        "group_number": np.where(inside, second.group + 1.0, np.nan),
        "group_place": second.group_place,
        "group_riders": second.of_group(groups.riders),
        "group_teammates": _team_mates(scene),
        "group_s": second.time_s - memory.group_since_s,
        "group_front_m": front_m(second),
        "gap_ahead_s": own_gap_s - pick(groups.gap_s, ahead),
        "gap_ahead_trend_s_per_min": own_trend - pick(trends, ahead),
        "gap_behind_s": pick(groups.gap_s, behind) - own_gap_s,
        "gap_behind_trend_s_per_min": pick(trends, behind) - own_trend,
        "gap_peloton_s": to_peloton_s(second),
        "gap_peloton_trend_s_per_min": np.where(in_peloton, 0.0, _of_peloton(trends, second) - trend),
    }


def front_m(second: Second) -> Column:
    """Distance of each rider behind the first of the group; NaN: in none."""
    return np.maximum(second.of_group(second.groups.distance_m) - second.distance_m, 0.0)


def to_peloton_s(second: Second) -> Column:
    """Time ahead of the peloton's first rider; 0 in the peloton."""
    inside = (second.group != NONE) & (second.group == second.groups.peloton)
    return np.where(inside, 0.0, _of_peloton(second.groups.gap_s, second) - second.gap_s)


def _of_peloton(column: Column, second: Second) -> float:
    return float(column[second.groups.peloton]) if second.groups.peloton != NONE else np.nan


def _means(column: Column, second: Second) -> Column:
    """The mean of each group's riders of whom it is known."""
    known = np.isfinite(column) & (second.group != NONE)
    count = len(second.groups.riders)
    total = np.bincount(second.group[known], column[known], minlength=count)
    riders = np.bincount(second.group[known], minlength=count)
    return total / np.where(riders > 0, riders, np.nan)


def _team_mates(scene: Scene) -> Column:
    group, team = scene.second.group, scene.course.team
    inside = (group != NONE) & (team != NONE)
    teams = int(team.max(initial=0)) + 1
    key = np.where(inside, group * teams + team, 0)
    count = np.bincount(key[inside], minlength=int(key.max(initial=0)) + 1)
    return np.where(inside, count[key] - 1.0, np.nan)
