"""TrackerService: which devices are heard, and by what."""

from collections.abc import Sequence

import grpc

from ardoise.chassis.paging import paginate
from ardoise.chassis.rpc import Role, Servicer
from ardoise.pb import trackers_pb2, trackers_pb2_grpc
from ardoise.trackers.domain.clocks import Wrong
from ardoise.trackers.domain.devices import Device, Devices

_CALLERS = frozenset({Role.RACE_OPERATIONS, Role.SERVICE})
_CLOCKS = {
    Wrong.NOT: trackers_pb2.DEVICE_CLOCK_RIGHT,
    Wrong.AHEAD: trackers_pb2.DEVICE_CLOCK_AHEAD,
    Wrong.BEHIND: trackers_pb2.DEVICE_CLOCK_BEHIND,
    Wrong.TIME_ZONE: trackers_pb2.DEVICE_CLOCK_TIME_ZONE,
    Wrong.WEEKS: trackers_pb2.DEVICE_CLOCK_GPS_WEEKS,
}


class TrackerService(trackers_pb2_grpc.TrackerServiceServicer):
    """Answers from memory: what was heard since the start."""

    def __init__(self, devices: Devices, sources: Sequence[trackers_pb2.TrackerSource]) -> None:
        self._devices = devices
        self._sources = sources

    def servicer(self) -> Servicer:
        """For the service's port."""
        return Servicer(
            self,
            trackers_pb2_grpc.add_TrackerServiceServicer_to_server,
            "ardoise.v1.TrackerService",
            {"*": _CALLERS},
        )

    async def ListSources(
        self, request: trackers_pb2.ListSourcesRequest, context: grpc.aio.ServicerContext
    ) -> trackers_pb2.ListSourcesResponse:
        """What is switched on."""
        return trackers_pb2.ListSourcesResponse(sources=self._sources)

    async def ListDevices(
        self, request: trackers_pb2.ListDevicesRequest, context: grpc.aio.ServicerContext
    ) -> trackers_pb2.ListDevicesResponse:
        """Who was heard."""
        found = [(device, False) for device in self._devices.knocking]
        if not request.unknown_only:
            found += [(device, True) for device in self._devices.paired]
        found.sort(key=lambda one: one[0].last_heard_ms, reverse=True)
        page, token = paginate(
            found,
            request.page_size,
            request.page_token,
            default=50,
            most=200,
            scope=f"devices:{request.unknown_only}",
        )
        devices = [_message(device, known) for device, known in page]
        return trackers_pb2.ListDevicesResponse(devices=devices, next_page_token=token)


def _message(device: Device, known: bool) -> trackers_pb2.Device:
    last = device.last
    assert last is not None, "a device is listed once it was heard"
    measured = {
        name: value
        for name in ("accuracy_cm", "satellites", "battery_percent")
        if (value := getattr(last, name)) >= 0
    }
    return trackers_pb2.Device(
        source=device.source,
        name=device.name,
        tracker=device.tracker,
        known=known,
        first_heard_ms=device.first_heard_ms,
        last_heard_ms=device.last_heard_ms,
        fix_time_ms=last.time_ms,
        latitude_e7=last.latitude_e7,
        longitude_e7=last.longitude_e7,
        fixes=device.fixes,
        refused=device.refused,
        late=device.late,
        clock_offset_ms=device.clock.offset_ms or 0,
        clock=_CLOCKS[device.clock.wrong],
        **measured,
    )
