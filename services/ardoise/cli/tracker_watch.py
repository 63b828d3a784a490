"""One device followed from the command line, fix by fix."""

import time
from collections.abc import Callable, Iterator

import numpy as np

from ardoise.cli import tracker_calls as calls
from ardoise.cli import tracker_words
from ardoise.pb.setup_pb2 import StageSetup
from ardoise.pb.trackers_pb2 import Device
from ardoise.race.road import METRES_PER_E7_DEGREE
from ardoise.trackers.domain.numbers import tracker_of

LOOK_EVERY_S = 0.5


class Watch:
    """Asks the gateway again and again; whoever calls ends it with Ctrl-C."""

    def __init__(self, source: str, device: str, gateway: str, stage: StageSetup | None) -> None:
        self._device = device
        self._number = tracker_of(source, device)
        self._gateway = gateway
        self._road = _Road(stage) if stage is not None and len(stage.route.distance_cm) >= 2 else None

    def until_heard(self, say: Callable[[str], None]) -> None:
        """Says the first fix, and what is wrong with it. Raises CallFailed."""
        device = next(self._fixes(0))
        say(f"got it: {tracker_words.told(device, self._away_m(device))}")
        for trouble in tracker_words.troubles(device):
            say(f"  {trouble}")

    def until_good(self, say: Callable[[str], None], *, follow: bool) -> None:
        """Says each fix from now on, until one is good, or for ever. Raises CallFailed."""
        now = calls.device(self._gateway, self._number)
        say(f"waiting for {self._device}")
        for device in self._fixes(0 if now is None else now.fixes):
            troubles = tracker_words.troubles(device)
            said = tracker_words.told(device, self._away_m(device))
            say(f"{tracker_words.at(device.fix_time_ms)}  {said}")
            for trouble in troubles:
                say(f"  {trouble}")
            if not troubles and not follow:
                say("good for a race")
                return

    def _fixes(self, heard: int) -> Iterator[Device]:
        """The device, each time that it has other fixes than `heard`, or than the last time."""
        while True:
            device = calls.device(self._gateway, self._number)
            if device is not None and device.fixes != heard:
                heard = device.fixes
                yield device
            time.sleep(LOOK_EVERY_S)

    def _away_m(self, device: Device) -> float | None:
        return None if self._road is None else self._road.away_m(device.latitude_e7, device.longitude_e7)


class _Road:
    """The stage's road as straight pieces in a plane: good to a metre near it."""

    def __init__(self, stage: StageSetup) -> None:
        self._scale = stage.route.longitude_scale_e9 / 1e9
        self._x, self._y = self._plane(stage.route.latitude_e7, stage.route.longitude_e7)

    def away_m(self, latitude_e7: int, longitude_e7: int) -> float:
        """From the nearest point of the road."""
        x, y = self._plane([latitude_e7], [longitude_e7])
        east, north = np.diff(self._x), np.diff(self._y)
        along = (x - self._x[:-1]) * east + (y - self._y[:-1]) * north
        along = np.clip(along / np.maximum(east * east + north * north, 1e-9), 0.0, 1.0)
        away = np.hypot(self._x[:-1] + along * east - x, self._y[:-1] + along * north - y)
        return float(away.min())

    def _plane(self, latitude_e7, longitude_e7) -> tuple[np.ndarray, np.ndarray]:
        y = np.array(latitude_e7, float) * METRES_PER_E7_DEGREE
        return np.array(longitude_e7, float) * METRES_PER_E7_DEGREE * self._scale, y
