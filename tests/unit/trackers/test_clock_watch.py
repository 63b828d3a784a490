"""Wrong clocks of the race's devices, as they are counted for whoever has to see to them."""

from ardoise.trackers.decoding import Fix
from ardoise.trackers.domain.clocks import Wrong
from ardoise.trackers.domain.devices import LATELY_MS, Devices

NOW_MS = 1_783_252_800_000
HOUR_MS = 3_600_000


def heard(devices: Devices, name: str, off_ms: int, *, at_ms: int = NOW_MS, known: bool = True) -> None:
    fix = Fix(name, at_ms + off_ms, latitude_e7=450_000_000, longitude_e7=50_100_000)
    devices.heard("osmand", fix, at_ms, known)


def test_clocks_are_counted_by_how_they_are_wrong():
    devices = Devices()
    for name, off_ms in {"right": 0, "local": 2 * HOUR_MS, "other": -1 * HOUR_MS, "fast": 60_000}.items():
        heard(devices, name, off_ms)
    assert devices.clocks(NOW_MS) == {Wrong.NOT: 1, Wrong.TIME_ZONE: 2, Wrong.AHEAD: 1}


def test_a_stranger_s_clock_is_nobody_s_to_set():
    devices = Devices()
    heard(devices, "stranger", HOUR_MS, known=False)
    assert not devices.clocks(NOW_MS)


def test_a_device_that_is_switched_off_is_counted_no_more():
    devices = Devices()
    heard(devices, "local", HOUR_MS)
    assert devices.clocks(NOW_MS + LATELY_MS) == {Wrong.TIME_ZONE: 1}
    assert not devices.clocks(NOW_MS + LATELY_MS + 1)
