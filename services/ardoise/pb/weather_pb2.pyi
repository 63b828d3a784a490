from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class WeatherReport(_message.Message):
    __slots__ = ("report_id", "author", "source", "effective_time_ms", "latitude_e7", "longitude_e7", "temperature_c_e2", "wind_mmps", "wind_from_deg", "pressure_pa", "humidity_permille", "rain_umph")
    REPORT_ID_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    LATITUDE_E7_FIELD_NUMBER: _ClassVar[int]
    LONGITUDE_E7_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURE_C_E2_FIELD_NUMBER: _ClassVar[int]
    WIND_MMPS_FIELD_NUMBER: _ClassVar[int]
    WIND_FROM_DEG_FIELD_NUMBER: _ClassVar[int]
    PRESSURE_PA_FIELD_NUMBER: _ClassVar[int]
    HUMIDITY_PERMILLE_FIELD_NUMBER: _ClassVar[int]
    RAIN_UMPH_FIELD_NUMBER: _ClassVar[int]
    report_id: str
    author: str
    source: str
    effective_time_ms: int
    latitude_e7: int
    longitude_e7: int
    temperature_c_e2: int
    wind_mmps: int
    wind_from_deg: int
    pressure_pa: int
    humidity_permille: int
    rain_umph: int
    def __init__(self, report_id: _Optional[str] = ..., author: _Optional[str] = ..., source: _Optional[str] = ..., effective_time_ms: _Optional[int] = ..., latitude_e7: _Optional[int] = ..., longitude_e7: _Optional[int] = ..., temperature_c_e2: _Optional[int] = ..., wind_mmps: _Optional[int] = ..., wind_from_deg: _Optional[int] = ..., pressure_pa: _Optional[int] = ..., humidity_permille: _Optional[int] = ..., rain_umph: _Optional[int] = ...) -> None: ...
