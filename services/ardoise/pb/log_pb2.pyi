from ardoise.pb import common_pb2 as _common_pb2
from ardoise.pb import control_pb2 as _control_pb2
from ardoise.pb import setup_pb2 as _setup_pb2
from ardoise.pb import telemetry_pb2 as _telemetry_pb2
from ardoise.pb import weather_pb2 as _weather_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EpochCause(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EPOCH_CAUSE_UNSPECIFIED: _ClassVar[EpochCause]
    EPOCH_CAUSE_STAGE_LOADED: _ClassVar[EpochCause]
    EPOCH_CAUSE_LOSS: _ClassVar[EpochCause]
EPOCH_CAUSE_UNSPECIFIED: EpochCause
EPOCH_CAUSE_STAGE_LOADED: EpochCause
EPOCH_CAUSE_LOSS: EpochCause

class LogRecord(_message.Message):
    __slots__ = ("log_time_ms", "epoch_opened", "stage_setup", "frame", "heartbeat", "decision", "epoch_activated", "weather")
    LOG_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    EPOCH_OPENED_FIELD_NUMBER: _ClassVar[int]
    STAGE_SETUP_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    EPOCH_ACTIVATED_FIELD_NUMBER: _ClassVar[int]
    WEATHER_FIELD_NUMBER: _ClassVar[int]
    log_time_ms: int
    epoch_opened: EpochOpened
    stage_setup: _setup_pb2.StageSetup
    frame: _telemetry_pb2.TelemetryFrame
    heartbeat: Heartbeat
    decision: _control_pb2.Decision
    epoch_activated: EpochActivated
    weather: _weather_pb2.WeatherReport
    def __init__(self, log_time_ms: _Optional[int] = ..., epoch_opened: _Optional[_Union[EpochOpened, _Mapping]] = ..., stage_setup: _Optional[_Union[_setup_pb2.StageSetup, _Mapping]] = ..., frame: _Optional[_Union[_telemetry_pb2.TelemetryFrame, _Mapping]] = ..., heartbeat: _Optional[_Union[Heartbeat, _Mapping]] = ..., decision: _Optional[_Union[_control_pb2.Decision, _Mapping]] = ..., epoch_activated: _Optional[_Union[EpochActivated, _Mapping]] = ..., weather: _Optional[_Union[_weather_pb2.WeatherReport, _Mapping]] = ...) -> None: ...

class LostInterval(_message.Message):
    __slots__ = ("epoch", "first_sequence", "last_sequence")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    FIRST_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    LAST_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    first_sequence: int
    last_sequence: int
    def __init__(self, epoch: _Optional[int] = ..., first_sequence: _Optional[int] = ..., last_sequence: _Optional[int] = ...) -> None: ...

class EpochOpened(_message.Message):
    __slots__ = ("epoch", "previous", "cause", "lost")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    LOST_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    previous: _common_pb2.ResumeToken
    cause: EpochCause
    lost: LostInterval
    def __init__(self, epoch: _Optional[int] = ..., previous: _Optional[_Union[_common_pb2.ResumeToken, _Mapping]] = ..., cause: _Optional[_Union[EpochCause, str]] = ..., lost: _Optional[_Union[LostInterval, _Mapping]] = ...) -> None: ...

class EpochActivated(_message.Message):
    __slots__ = ("activated_ms",)
    ACTIVATED_MS_FIELD_NUMBER: _ClassVar[int]
    activated_ms: int
    def __init__(self, activated_ms: _Optional[int] = ...) -> None: ...

class Heartbeat(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RefusalRecord(_message.Message):
    __slots__ = ("time_ms", "reason", "source", "peer", "tracker", "count", "detail", "excerpt")
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    PEER_FIELD_NUMBER: _ClassVar[int]
    TRACKER_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    EXCERPT_FIELD_NUMBER: _ClassVar[int]
    time_ms: int
    reason: _telemetry_pb2.RefusalReason
    source: str
    peer: str
    tracker: int
    count: int
    detail: str
    excerpt: bytes
    def __init__(self, time_ms: _Optional[int] = ..., reason: _Optional[_Union[_telemetry_pb2.RefusalReason, str]] = ..., source: _Optional[str] = ..., peer: _Optional[str] = ..., tracker: _Optional[int] = ..., count: _Optional[int] = ..., detail: _Optional[str] = ..., excerpt: _Optional[bytes] = ...) -> None: ...
