from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DeviceClock(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DEVICE_CLOCK_UNSPECIFIED: _ClassVar[DeviceClock]
    DEVICE_CLOCK_RIGHT: _ClassVar[DeviceClock]
    DEVICE_CLOCK_AHEAD: _ClassVar[DeviceClock]
    DEVICE_CLOCK_BEHIND: _ClassVar[DeviceClock]
    DEVICE_CLOCK_TIME_ZONE: _ClassVar[DeviceClock]
    DEVICE_CLOCK_GPS_WEEKS: _ClassVar[DeviceClock]
DEVICE_CLOCK_UNSPECIFIED: DeviceClock
DEVICE_CLOCK_RIGHT: DeviceClock
DEVICE_CLOCK_AHEAD: DeviceClock
DEVICE_CLOCK_BEHIND: DeviceClock
DEVICE_CLOCK_TIME_ZONE: DeviceClock
DEVICE_CLOCK_GPS_WEEKS: DeviceClock

class TrackerSource(_message.Message):
    __slots__ = ("decoder", "transport", "address", "name", "secure", "encrypted", "device")
    DECODER_FIELD_NUMBER: _ClassVar[int]
    TRANSPORT_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SECURE_FIELD_NUMBER: _ClassVar[int]
    ENCRYPTED_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    decoder: str
    transport: str
    address: str
    name: str
    secure: bool
    encrypted: bool
    device: str
    def __init__(self, decoder: _Optional[str] = ..., transport: _Optional[str] = ..., address: _Optional[str] = ..., name: _Optional[str] = ..., secure: _Optional[bool] = ..., encrypted: _Optional[bool] = ..., device: _Optional[str] = ...) -> None: ...

class Device(_message.Message):
    __slots__ = ("source", "name", "tracker", "known", "first_heard_ms", "last_heard_ms", "fix_time_ms", "latitude_e7", "longitude_e7", "accuracy_cm", "satellites", "battery_percent", "fixes", "refused", "clock_offset_ms", "clock", "late")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TRACKER_FIELD_NUMBER: _ClassVar[int]
    KNOWN_FIELD_NUMBER: _ClassVar[int]
    FIRST_HEARD_MS_FIELD_NUMBER: _ClassVar[int]
    LAST_HEARD_MS_FIELD_NUMBER: _ClassVar[int]
    FIX_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    LATITUDE_E7_FIELD_NUMBER: _ClassVar[int]
    LONGITUDE_E7_FIELD_NUMBER: _ClassVar[int]
    ACCURACY_CM_FIELD_NUMBER: _ClassVar[int]
    SATELLITES_FIELD_NUMBER: _ClassVar[int]
    BATTERY_PERCENT_FIELD_NUMBER: _ClassVar[int]
    FIXES_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    CLOCK_OFFSET_MS_FIELD_NUMBER: _ClassVar[int]
    CLOCK_FIELD_NUMBER: _ClassVar[int]
    LATE_FIELD_NUMBER: _ClassVar[int]
    source: str
    name: str
    tracker: int
    known: bool
    first_heard_ms: int
    last_heard_ms: int
    fix_time_ms: int
    latitude_e7: int
    longitude_e7: int
    accuracy_cm: int
    satellites: int
    battery_percent: int
    fixes: int
    refused: int
    clock_offset_ms: int
    clock: DeviceClock
    late: int
    def __init__(self, source: _Optional[str] = ..., name: _Optional[str] = ..., tracker: _Optional[int] = ..., known: _Optional[bool] = ..., first_heard_ms: _Optional[int] = ..., last_heard_ms: _Optional[int] = ..., fix_time_ms: _Optional[int] = ..., latitude_e7: _Optional[int] = ..., longitude_e7: _Optional[int] = ..., accuracy_cm: _Optional[int] = ..., satellites: _Optional[int] = ..., battery_percent: _Optional[int] = ..., fixes: _Optional[int] = ..., refused: _Optional[int] = ..., clock_offset_ms: _Optional[int] = ..., clock: _Optional[_Union[DeviceClock, str]] = ..., late: _Optional[int] = ...) -> None: ...

class ListSourcesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListSourcesResponse(_message.Message):
    __slots__ = ("sources",)
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    sources: _containers.RepeatedCompositeFieldContainer[TrackerSource]
    def __init__(self, sources: _Optional[_Iterable[_Union[TrackerSource, _Mapping]]] = ...) -> None: ...

class ListDevicesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "unknown_only")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_ONLY_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    unknown_only: bool
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., unknown_only: _Optional[bool] = ...) -> None: ...

class ListDevicesResponse(_message.Message):
    __slots__ = ("devices", "next_page_token")
    DEVICES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    devices: _containers.RepeatedCompositeFieldContainer[Device]
    next_page_token: str
    def __init__(self, devices: _Optional[_Iterable[_Union[Device, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
