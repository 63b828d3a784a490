"""What is known of devices that are heard."""

from ardoise.trackers.decoding import Fix
from ardoise.trackers.domain.devices import Devices

NOW_MS = 1_783_245_600_000


def fix(time_ms: int) -> Fix:
    return Fix("9001", time_ms, 450_000_000, 50_100_000)


def test_what_comes_late_does_not_take_the_place_of_what_is_newer():
    devices = Devices()
    devices.heard("osmand", fix(NOW_MS), NOW_MS, known=True)
    device = devices.heard("osmand", fix(NOW_MS - 60_000), NOW_MS + 100, known=True)
    assert device.last == fix(NOW_MS)


def test_a_device_whose_clock_was_put_right_is_shown_as_it_is_now():
    devices = Devices()
    devices.heard("osmand", fix(NOW_MS + 3_600_000), NOW_MS, known=True)
    device = devices.heard("osmand", fix(NOW_MS + 1_000), NOW_MS + 1_000, known=True)
    assert device.last == fix(NOW_MS + 1_000)
