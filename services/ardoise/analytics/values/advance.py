"""Takes a second of the race into the memory."""

import numpy as np

from ardoise.analytics.values import effort, motion, race
from ardoise.analytics.values.memory import LONGEST_STEP_S, Memory
from ardoise.analytics.values.scene import NONE, Course, Scene


def memory_of(course: Course) -> Memory:
    """Nothing seen yet."""
    return Memory(course.finish_m, len(course.bib), effort.SCENARIOS, effort.POWER_S)


def advance(scene: Scene) -> None:
    """Once for each second that is seen, each later than the last."""
    course, second, memory, here_m = scene.course, scene.second, scene.memory, scene.here_m
    since_s = second.time_s - memory.time_s
    joined = since_s <= LONGEST_STEP_S
    elevation_m, level_m = course.at(course.elevation_m, here_m), course.at(course.level_m, here_m)
    gap_s = np.where(second.live, second.gap_s, np.nan)
    memory.recent.put(second.time_s, np.array([second.speed_mps, gap_s, elevation_m, level_m]))
    peloton_s = race.to_peloton_s(second)
    if joined:
        memory.marks.passed(memory.distance_m, here_m, memory.time_s, second.time_s, gap_s, peloton_s)
        _add_up(scene, since_s, peloton_s)
    speed_mps = memory.mean("speed_mps", motion.SMOOTHED_S)
    memory.fastest_mps = np.fmax(memory.fastest_mps, np.where(second.live, speed_mps, np.nan))
    _note_groups(scene)
    memory.time_s, memory.distance_m, memory.speed_mps = second.time_s, here_m, second.speed_mps


def _add_up(scene: Scene, since_s: float, peloton_s: np.ndarray) -> None:
    second, memory = scene.second, scene.memory
    counts = second.live & second.racing & np.isfinite(memory.distance_m)
    front, riders = effort.in_front(scene), second.of_group(second.groups.riders)
    in_peloton = (second.group != NONE) & (second.group == second.groups.peloton)
    for name, holds in (
        ("followed_s", counts),
        ("standing_s", second.speed_mps < motion.STANDS_BELOW_MPS),
        ("front_s", front),
        ("front_peloton_s", front & in_peloton),
        ("alone_s", riders == 1),
        ("breakaway_s", peloton_s > 0),
    ):
        memory.sum[name] += since_s * (counts & holds)
    gain_m2ps3 = (np.square(second.speed_mps) - np.square(memory.speed_mps)) / 2 / since_s
    powers_w = effort.scenario_powers_w(scene, gain_m2ps3)
    floored_w = np.maximum(powers_w, 0.0)
    memory.power.put(second.time_s, np.vstack([powers_w, floored_w[:1]]))
    memory.work_j += np.where(counts & np.isfinite(floored_w), floored_w, 0.0) * since_s


def _note_groups(scene: Scene) -> None:
    second, memory = scene.second, scene.memory
    group_id = np.where(second.group == NONE, NONE, np.append(second.groups.group_id, NONE)[second.group])
    changed = group_id != memory.group_id
    since_s = np.where(changed, second.time_s, memory.group_since_s)
    memory.group_since_s = np.where(group_id == NONE, np.nan, since_s)
    memory.group_id = group_id
