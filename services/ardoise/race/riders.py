"""What is known of the riders, a column each; and new fixes of some of them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ardoise.race.along import Along
from ardoise.race.rivals import Rivals

_BELIEVED = tuple(field.name for field in fields(Along) if field.name != "place_cm")


@dataclass(frozen=True, eq=False)
class Fix:
    """New fixes of different riders on the road, one element each."""

    row: NDArray[np.int64]
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    time_ms: NDArray[np.int64]
    since_ms: NDArray[np.int64]
    east_m: NDArray[np.float64]
    """Displacement since a fix far enough away to tell the direction, 0 where there is none."""
    north_m: NDArray[np.float64]
    speed_mmps: NDArray[np.int64]
    """The least that may be true: a receiver that says one has stopped is heard, however fast one was."""
    ridden_cm: NDArray[np.int64]
    """Since the fix before, in the direction of riding."""
    told: NDArray[np.bool_]
    """The receiver gave the speed."""
    across_m: NDArray[np.float64]
    """From the leg that is believed."""
    pull: NDArray[np.float64]
    error_pull: NDArray[np.float64]
    aside_pull: NDArray[np.float64]
    seen_m2: NDArray[np.float64]

    def of(self, which: NDArray) -> "Fix":
        """Of some of them."""
        return Fix(*(getattr(self, field.name)[which] for field in fields(self)))


@dataclass(eq=False)
class Riders:
    """State of the riders, a column each, one element per rider. Times: ms since 1970, 0 none yet."""

    on_road: NDArray[np.bool_]
    fix_cm: NDArray[np.int64]
    """Point of the road at the last used fix."""
    fix_ms: NDArray[np.int64]
    east_m: NDArray[np.float64]
    """What else is believed of the fix (along.Along)."""
    north_m: NDArray[np.float64]
    place_m2: NDArray[np.float64]
    place_east_m2: NDArray[np.float64]
    place_north_m2: NDArray[np.float64]
    east_m2: NDArray[np.float64]
    east_north_m2: NDArray[np.float64]
    north_m2: NDArray[np.float64]
    across_m2: NDArray[np.float64]
    """Mean square of how far from the road the fixes lie, of late."""
    speed_mmps: NDArray[np.int64]
    ridden_mmps: NDArray[np.int64]
    """Smoothed speed from positions alone: against receivers that report nonsense."""
    latitude_e7: NDArray[np.int64]
    longitude_e7: NDArray[np.int64]
    anchor_ms: NDArray[np.int64]
    """The direction of travel is from the last fix that was far enough from the one before it to tell:"""
    anchor_latitude_e7: NDArray[np.int64]
    anchor_longitude_e7: NDArray[np.int64]
    heard_ms: NDArray[np.int64]
    offset_ms: NDArray[np.int64]
    """By how much fixes are ahead of the log's time, of late (clocks.hear)."""
    published_cm: NDArray[np.int64]
    placed_anew: NDArray[np.bool_]
    """The next tick shows the rider at a place that nothing before led to."""
    back: NDArray[np.bool_]
    """Has turned round."""
    looked_ms: NDArray[np.int64]
    """When other legs of the road were looked for."""
    rivals: Rivals
    unsure: NDArray[np.bool_]
    """Another leg of the road was as good at the last fix."""
    pending: NDArray[np.int64]
    """How many fixes set aside in a row agree with each other; the last of them:"""
    pending_since_ms: NDArray[np.int64]
    pending_ms: NDArray[np.int64]
    pending_latitude_e7: NDArray[np.int64]
    pending_longitude_e7: NDArray[np.int64]
    stuck: NDArray[np.bool_]
    """The tracker has told the same place for long, at speed, and still does."""
    too_fast_ms: NDArray[np.int64]
    """For how long, of late, faster than a rider can; falls as it rose."""
    driven: NDArray[np.bool_]
    trouble: NDArray[np.int64]
    """What was wrong last (stage.Trouble), and when: in log time, of a speed in device time."""
    trouble_ms: NDArray[np.int64]
    finish_ms: NDArray[np.int64]
    """Measured at the line."""

    @classmethod
    def none_yet(cls, count: int) -> "Riders":
        columns: dict[str, Any] = {f.name: np.zeros(count, np.int64) for f in fields(cls)}
        flags = ("on_road", "placed_anew", "back", "unsure", "stuck", "driven")
        columns |= {name: np.zeros(count, bool) for name in flags}
        columns |= {name: np.zeros(count) for name in (*_BELIEVED, "across_m2")}
        return cls(**(columns | {"rivals": Rivals.none_yet(count)}))

    def arrays(self) -> dict[str, NDArray]:
        """All columns, by name; those of the rivals too."""
        of_rivals = {f"rivals.{f.name}": getattr(self.rivals, f.name) for f in fields(Rivals)}
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "rivals"}
        return own | of_rivals

    def restore(self, arrays: Mapping[str, NDArray]) -> None:
        """Takes over what arrays() gave."""
        for name, array in self.arrays().items():
            array[:] = arrays[name]

    def along(self, row: NDArray[np.int64]) -> Along:
        """What is believed of these riders."""
        return Along(self.fix_cm[row], *(getattr(self, name)[row] for name in _BELIEVED))

    def believe(self, row: NDArray[np.int64], along: Along) -> None:
        """Believes this of them from now on."""
        self.fix_cm[row] = along.place_cm
        for name in _BELIEVED:
            getattr(self, name)[row] = getattr(along, name)
