"""A relay under attack: somebody with its key floods beside its honest frames."""

from dataclasses import dataclass

import numpy as np

from ardoise.pb.telemetry_pb2 import TelemetryFrame
from ardoise.rehearsal.race_model import Truth
from ardoise.rehearsal.terrain import Terrain

STRANGER_TRACKERS = (99_000_000, 99_999_999)
FRAME_NUMBERS_FROM = 1 << 40
"""Beyond those of the honest relay, so that they do not shadow its frames."""
DECOY_M = 9_000.0
"""How far from where he is a copied tracker claims its rider to be."""


@dataclass(frozen=True)
class Attack:
    """When, through which relay, and how hard. Seconds count from the first simulated one."""

    relay_id: str = "fixed-3"
    begins_s: int = 90
    lasts_s: int = 120
    frames_a_second: int = 20


class Attacker:
    """Makes the hostile frames of each second."""

    def __init__(
        self, attack: Attack, terrain: Terrain, trackers: list[int], random: np.random.Generator
    ) -> None:
        self._attack = attack
        self._terrain = terrain
        self._trackers = trackers
        self._random = random
        self._boot_id = int(random.integers(1, 2**63))
        self._frame_number = FRAME_NUMBERS_FROM

    def second(self, truth: Truth, time_ms: int, second: int) -> list[TelemetryFrame]:
        """Nothing outside its time; within it a mixture of everything that must not be let in."""
        attack = self._attack
        if not attack.begins_s <= second < attack.begins_s + attack.lasts_s:
            return []
        makers = (self._strangers, self._torn, self._null_island, self._out_of_time, self._copy_of_leader)
        return [makers[number % len(makers)](truth, time_ms) for number in range(attack.frames_a_second)]

    def _frame(
        self, time_ms: int, trackers: list[int], latitude_e7: float, longitude_e7: float
    ) -> TelemetryFrame:
        self._frame_number += 1
        return TelemetryFrame(
            relay_id=self._attack.relay_id,
            boot_id=self._boot_id,
            frame_number=self._frame_number,
            base_time_ms=time_ms,
            tracker=trackers,
            time_offset_ms=[0] * len(trackers),
            latitude_e7=[round(latitude_e7)] * len(trackers),
            longitude_e7=[round(longitude_e7)] * len(trackers),
        )

    def _somewhere(self) -> tuple[float, float]:
        at_m = self._random.uniform(self._terrain.start_m, self._terrain.end_m, 1)
        latitude_e7, longitude_e7 = self._terrain.place_e7(at_m)
        return float(latitude_e7[0]), float(longitude_e7[0])

    def _strangers(self, _: Truth, time_ms: int) -> TelemetryFrame:
        """Trackers that nobody has."""
        return self._frame(
            time_ms, self._random.integers(*STRANGER_TRACKERS, 20).tolist(), *self._somewhere()
        )

    def _torn(self, _: Truth, time_ms: int) -> TelemetryFrame:
        """Columns of different lengths."""
        frame = self._frame(time_ms, self._trackers[:10], *self._somewhere())
        del frame.latitude_e7[4:]
        return frame

    def _null_island(self, _: Truth, time_ms: int) -> TelemetryFrame:
        """The place that receivers without a fix report."""
        return self._frame(time_ms, self._trackers[:10], 0.0, 0.0)

    def _out_of_time(self, _: Truth, time_ms: int) -> TelemetryFrame:
        """A time that no offset of a clock explains."""
        return self._frame(-time_ms, self._trackers[:10], *self._somewhere())

    def _copy_of_leader(self, truth: Truth, time_ms: int) -> TelemetryFrame:
        """The tracker of the head of the race, kilometres from where he is."""
        leader = int(np.argmax(np.where(truth.abandoned | truth.finished, -np.inf, truth.distance_m)))
        decoy_m = truth.distance_m[leader : leader + 1] - DECOY_M
        latitude_e7, longitude_e7 = self._terrain.place_e7(decoy_m)
        # A moment beside the true second: the copy must not pass for one more relay's duplicate.
        frame = self._frame(time_ms, [self._trackers[leader]], float(latitude_e7[0]), float(longitude_e7[0]))
        frame.time_offset_ms[:] = [500]
        return frame
