"""What the gateway's alerts ask for, as a Prometheus would read it."""

import asyncio

import pytest
from ardoise.trackers import clock_watch, gateway
from ardoise.trackers.decoding import Fix
from ardoise.trackers.domain.devices import Devices
from ardoise.trackers.gateway import Gateway, LogAway
from ardoise.trackers.listening.intake import now_ms
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

FIX = Fix("9001", 1_783_252_800_000, latitude_e7=450_000_000, longitude_e7=50_100_000)
HOUR_MS = 3_600_000


class Read:
    """Values by name and the value of the only label."""

    def __init__(self) -> None:
        self._reader = InMemoryMetricReader()
        self.meter = MeterProvider([self._reader]).get_meter("test")

    def __getitem__(self, name: str) -> dict[str, int]:
        data = self._reader.get_metrics_data()
        assert data is not None, "nothing was counted"
        points = [
            point
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        ]
        return {str(next(iter(point.attributes.values()))): point.value for point in points}


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Read:
    read = Read()
    monkeypatch.setattr(gateway, "_away", read.meter.create_counter("away"))
    monkeypatch.setattr(clock_watch, "_wrong", read.meter.create_gauge("wrong"))
    return read


async def test_a_message_that_the_log_does_not_answer_is_counted(read: Read, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(gateway, "ANSWER_LIMIT_S", 0.0)
    with pytest.raises(LogAway, match="has not answered"):
        await Gateway("gateway", Devices()).take("osmand", (FIX,), FIX.time_ms)
    assert read["away"] == {"osmand": 1}


async def test_a_message_for_which_there_is_no_room_is_counted(read: Read, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(gateway, "MOST_WAITING", 0)
    with pytest.raises(LogAway, match="wait for the log already"):
        await Gateway("gateway", Devices()).take("h02", (FIX,), FIX.time_ms)
    assert read["away"] == {"h02": 1}


async def test_every_way_in_which_a_clock_is_wrong_is_told_and_zero_where_none_is(read: Read):
    devices, here_ms = Devices(), now_ms()
    fix = Fix("9001", here_ms + HOUR_MS, latitude_e7=450_000_000, longitude_e7=50_100_000)
    devices.heard("osmand", fix, here_ms, known=True)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(clock_watch.watch(devices), 0.01)
    assert read["wrong"] == {"ahead": 0, "behind": 0, "time-zone": 1, "gps-weeks": 0}
