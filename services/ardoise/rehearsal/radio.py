"""From where the riders are to what relays send: receivers with errors, radio that reaches only so far.

A fix is heard by every relay in reach that has luck with it, so most are sent twice or three times. A relay
whose own link is down (a tunnel, a wall of rock) keeps its frames and sends them when it is up again.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np

from ardoise.pb.telemetry_pb2 import TelemetryFrame
from ardoise.rehearsal.race_model import Truth
from ardoise.rehearsal.riding import Column
from ardoise.rehearsal.terrain import Terrain

NOISE_M = 3.5
"""1 sigma northwards and eastwards: together the 5 m of a receiver under a saddle."""
NOISE_MEMORY_S = 30.0
WHITE_NOISE_M = 0.4
ROAD_HALF_WIDTH_M = 2.5
SPEED_NOISE_MPS = 0.12
SILENT_EVERY_S, SILENT_FOR_S = 1_500.0, 18.0
"""A receiver loses the sky now and then: under trees, in a gallery, on the wrong side of a rock face."""
FIXED_RELAY_EVERY_M = 20_000.0
FRAMES_KEPT = 300
FRAMES_CAUGHT_UP_A_SECOND = 10


@dataclass(frozen=True)
class RelayKind:
    """What a kind of relay hears."""

    reach_m: float
    luck: float
    """Chance that a fix well within reach is heard."""
    down_every_s: float
    down_for_s: float


MOTORBIKE = RelayKind(450.0, 0.92, 900.0, 25.0)
HELICOPTER = RelayKind(7_000.0, 0.50, 1_800.0, 15.0)
AIRCRAFT = RelayKind(60_000.0, 0.60, 3_600.0, 10.0)
FIXED = RelayKind(2_500.0, 0.85, 7_200.0, 60.0)
KINDS = {"moto": MOTORBIKE, "helicopter": HELICOPTER, "aircraft": AIRCRAFT, "fixed": FIXED}
MOTORBIKES = ("moto-1", "moto-2", "moto-3", "moto-4", "moto-5")
"""Before the head of the race, behind the first group, before the peloton, behind it, with the last rider."""


def relay_ids(terrain: Terrain) -> list[str]:
    """The relays of a stage: motorbikes, a helicopter, an aircraft, and fixed ones along the road."""
    fixed = int((terrain.end_m - terrain.start_m) / FIXED_RELAY_EVERY_M) + 1
    return [*MOTORBIKES, "helicopter-1", "aircraft-1", *(f"fixed-{number + 1}" for number in range(fixed))]


class Radio:
    """All receivers and relays of a race."""

    def __init__(
        self, terrain: Terrain, trackers: list[int], random: np.random.Generator, step_s: float = 1.0
    ) -> None:
        """`trackers`: in the order of the riders in Truth. `step_s`: from one report of a sensor to the next."""
        self.relays = relay_ids(terrain)
        self._terrain = terrain
        self._random = random
        self._trackers = np.array(trackers, dtype=np.uint64)
        count = len(trackers)
        self._noise_m = random.normal(0.0, NOISE_M, (2, count))
        self._beside_m = random.uniform(-ROAD_HALF_WIDTH_M, ROAD_HALF_WIDTH_M, count)
        self._silent = np.zeros(count, dtype=bool)
        kinds = [KINDS[name.partition("-")[0]] for name in self.relays]
        self._reach_m = np.array([kind.reach_m for kind in kinds])[:, None]
        self._luck = np.array([kind.luck for kind in kinds])[:, None]
        self._step_s = step_s
        self._goes_down = step_s / np.array([kind.down_every_s for kind in kinds])
        self._comes_up = step_s / np.array([kind.down_for_s for kind in kinds])
        self._down = np.zeros(len(self.relays), dtype=bool)
        self._kept: list[deque[TelemetryFrame]] = [deque(maxlen=FRAMES_KEPT) for _ in self.relays]
        self._boot_ids = random.integers(1, 2**63, len(self.relays))
        self._frame_numbers = [0] * len(self.relays)
        self._fixed_m = terrain.start_m + np.arange(len(self.relays) - 7) * FIXED_RELAY_EVERY_M

    def heard(self, truth: Truth, time_ms: int) -> list[TelemetryFrame]:
        """The frames that arrive now: of this report, and late ones of links that came up again."""
        north_m, east_m = self._receivers(truth)
        heard = self._heard(truth, north_m, east_m) & ~self._silent
        latitude_e7, longitude_e7 = self._terrain.offset_e7(north_m, east_m)
        latitude_e7 = np.rint(latitude_e7).astype(np.int64)
        longitude_e7 = np.rint(longitude_e7).astype(np.int64)
        noise = self._random.normal(0.0, SPEED_NOISE_MPS, len(truth.bibs))
        speed_mmps = np.rint(np.maximum(truth.speed_mps + noise, 0.0) * 1000).astype(np.int64)
        accuracy_cm = np.rint(np.hypot(*self._noise_m) * 60 + 150).astype(np.int64)
        self._links()
        arriving: list[TelemetryFrame] = []
        for relay, name in enumerate(self.relays):
            riders = np.flatnonzero(heard[relay])
            if len(riders):
                self._frame_numbers[relay] += 1
                frame = TelemetryFrame(
                    relay_id=name,
                    boot_id=int(self._boot_ids[relay]),
                    frame_number=self._frame_numbers[relay],
                    base_time_ms=time_ms,
                    tracker=self._trackers[riders].tolist(),
                    time_offset_ms=[0] * len(riders),
                    latitude_e7=latitude_e7[riders].tolist(),
                    longitude_e7=longitude_e7[riders].tolist(),
                    speed_mmps=speed_mmps[riders].tolist(),
                    accuracy_cm=accuracy_cm[riders].tolist(),
                )
                self._kept[relay].append(frame)
            if not self._down[relay]:
                for _ in range(min(len(self._kept[relay]), FRAMES_CAUGHT_UP_A_SECOND)):
                    arriving.append(self._kept[relay].popleft())
        return arriving

    def _receivers(self, truth: Truth) -> tuple[Column, Column]:
        """Where the receivers say that they are, metres on a plane."""
        random, count = self._random, len(truth.bibs)
        memory = np.exp(-self._step_s / NOISE_MEMORY_S)
        fresh = random.normal(0.0, NOISE_M, (2, count))
        self._noise_m = memory * self._noise_m + np.sqrt(1 - memory**2) * fresh
        chance = random.random(count)
        finds, loses = self._step_s / SILENT_FOR_S, self._step_s / SILENT_EVERY_S
        self._silent = np.where(self._silent, chance > finds, chance < loses)
        latitude_e7, longitude_e7 = self._terrain.place_e7(truth.distance_m, self._beside_m)
        north_m, east_m = self._terrain.plane_m(latitude_e7, longitude_e7)
        white = random.normal(0.0, WHITE_NOISE_M, (2, count))
        return north_m + self._noise_m[0] + white[0], east_m + self._noise_m[1] + white[1]

    def _heard(self, truth: Truth, north_m: Column, east_m: Column) -> np.ndarray:
        """Which relay hears which rider: shape (relays, riders)."""
        latitude_e7, longitude_e7 = self._terrain.place_e7(self._relays_at_m(truth))
        relay_north_m, relay_east_m = self._terrain.plane_m(latitude_e7, longitude_e7)
        away_m = np.hypot(relay_north_m[:, None] - north_m, relay_east_m[:, None] - east_m)
        fading = np.clip((1.0 - away_m / self._reach_m) * 3.0, 0.0, 1.0)
        return self._random.random(away_m.shape) < self._luck * fading

    def _relays_at_m(self, truth: Truth) -> Column:
        """Where the relays are, as distances on the road."""
        on_road = np.flatnonzero(~truth.abandoned & ~truth.finished)
        if not len(on_road):
            on_road = np.arange(len(truth.bibs))
        at_m = np.sort(truth.distance_m[on_road])[::-1]
        splits = np.flatnonzero(np.diff(at_m) < -100.0) + 1
        groups = np.split(at_m, splits)
        peloton = max(groups, key=len)
        motorbikes = [at_m[0] + 20, groups[0][-1] - 15, peloton[0] + 10, peloton[-1] - 20, at_m[-1] - 20]
        return np.concatenate((motorbikes, [peloton[0], at_m[len(at_m) // 2]], self._fixed_m))

    def _links(self) -> None:
        chance = self._random.random(len(self._down))
        self._down = np.where(self._down, chance > self._comes_up, chance < self._goes_down)
