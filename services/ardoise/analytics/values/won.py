"""Time won or lost over the last kilometres: gaps at the same two points of the road, compared."""

from ardoise.analytics.values.race import to_peloton_s
from ardoise.analytics.values.scene import Scene
from ardoise.analytics.values.value import Column, Value

WAYS_KM = (1, 5, 20)

VALUES = (
    *(
        Value(
            f"won_{km}km_s",
            "s",
            f"Time won on the head over {km} km; lost negative",
            f"gap {km} km back - gap",
            1,
        )
        for km in WAYS_KM
    ),
    *(
        Value(
            f"won_peloton_{km}km_s",
            "s",
            f"Time won on the peloton over {km} km; lost negative",
            f"gap_peloton_s - gap_peloton_s {km} km back",
            1,
        )
        for km in WAYS_KM
    ),
)


def columns(scene: Scene) -> dict[str, Column]:
    """The values above."""
    second, marks, here_m = scene.second, scene.memory.marks, scene.here_m
    peloton_s = to_peloton_s(second)
    on_head = {f"won_{km}km_s": marks.at(marks.gap_s, here_m - 1000.0 * km) - second.gap_s for km in WAYS_KM}
    on_peloton = {
        f"won_peloton_{km}km_s": peloton_s - marks.at(marks.peloton_s, here_m - 1000.0 * km) for km in WAYS_KM
    }
    return {**on_head, **on_peloton}
