from ardoise.pb import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RefusalReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REFUSAL_REASON_UNSPECIFIED: _ClassVar[RefusalReason]
    REFUSAL_REASON_UNKNOWN_TRACKER: _ClassVar[RefusalReason]
    REFUSAL_REASON_IMPOSSIBLE_POSITION: _ClassVar[RefusalReason]
    REFUSAL_REASON_IMPOSSIBLE_TIME: _ClassVar[RefusalReason]
    REFUSAL_REASON_MALFORMED: _ClassVar[RefusalReason]
    REFUSAL_REASON_TOO_LARGE: _ClassVar[RefusalReason]
    REFUSAL_REASON_LOG_FULL: _ClassVar[RefusalReason]
    REFUSAL_REASON_IDENTITY_TWICE: _ClassVar[RefusalReason]
    REFUSAL_REASON_NO_DEVICE: _ClassVar[RefusalReason]
    REFUSAL_REASON_TOO_MANY: _ClassVar[RefusalReason]
    REFUSAL_REASON_TOO_SLOW: _ClassVar[RefusalReason]

class Durability(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DURABILITY_UNSPECIFIED: _ClassVar[Durability]
    DURABILITY_ON_DISK: _ClassVar[Durability]
    DURABILITY_IN_REGION: _ClassVar[Durability]
REFUSAL_REASON_UNSPECIFIED: RefusalReason
REFUSAL_REASON_UNKNOWN_TRACKER: RefusalReason
REFUSAL_REASON_IMPOSSIBLE_POSITION: RefusalReason
REFUSAL_REASON_IMPOSSIBLE_TIME: RefusalReason
REFUSAL_REASON_MALFORMED: RefusalReason
REFUSAL_REASON_TOO_LARGE: RefusalReason
REFUSAL_REASON_LOG_FULL: RefusalReason
REFUSAL_REASON_IDENTITY_TWICE: RefusalReason
REFUSAL_REASON_NO_DEVICE: RefusalReason
REFUSAL_REASON_TOO_MANY: RefusalReason
REFUSAL_REASON_TOO_SLOW: RefusalReason
DURABILITY_UNSPECIFIED: Durability
DURABILITY_ON_DISK: Durability
DURABILITY_IN_REGION: Durability

class TelemetryFrame(_message.Message):
    __slots__ = ("relay_id", "boot_id", "frame_number", "base_time_ms", "tracker", "time_offset_ms", "latitude_e7", "longitude_e7", "speed_mmps", "accuracy_cm")
    RELAY_ID_FIELD_NUMBER: _ClassVar[int]
    BOOT_ID_FIELD_NUMBER: _ClassVar[int]
    FRAME_NUMBER_FIELD_NUMBER: _ClassVar[int]
    BASE_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    TRACKER_FIELD_NUMBER: _ClassVar[int]
    TIME_OFFSET_MS_FIELD_NUMBER: _ClassVar[int]
    LATITUDE_E7_FIELD_NUMBER: _ClassVar[int]
    LONGITUDE_E7_FIELD_NUMBER: _ClassVar[int]
    SPEED_MMPS_FIELD_NUMBER: _ClassVar[int]
    ACCURACY_CM_FIELD_NUMBER: _ClassVar[int]
    relay_id: str
    boot_id: int
    frame_number: int
    base_time_ms: int
    tracker: _containers.RepeatedScalarFieldContainer[int]
    time_offset_ms: _containers.RepeatedScalarFieldContainer[int]
    latitude_e7: _containers.RepeatedScalarFieldContainer[int]
    longitude_e7: _containers.RepeatedScalarFieldContainer[int]
    speed_mmps: _containers.RepeatedScalarFieldContainer[int]
    accuracy_cm: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, relay_id: _Optional[str] = ..., boot_id: _Optional[int] = ..., frame_number: _Optional[int] = ..., base_time_ms: _Optional[int] = ..., tracker: _Optional[_Iterable[int]] = ..., time_offset_ms: _Optional[_Iterable[int]] = ..., latitude_e7: _Optional[_Iterable[int]] = ..., longitude_e7: _Optional[_Iterable[int]] = ..., speed_mmps: _Optional[_Iterable[int]] = ..., accuracy_cm: _Optional[_Iterable[int]] = ...) -> None: ...

class RefusedFix(_message.Message):
    __slots__ = ("index", "reason")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    index: int
    reason: RefusalReason
    def __init__(self, index: _Optional[int] = ..., reason: _Optional[_Union[RefusalReason, str]] = ...) -> None: ...

class FrameAcknowledgement(_message.Message):
    __slots__ = ("frame_number", "position", "durability", "refused", "clock_behind_ms")
    FRAME_NUMBER_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    DURABILITY_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    CLOCK_BEHIND_MS_FIELD_NUMBER: _ClassVar[int]
    frame_number: int
    position: _common_pb2.ResumeToken
    durability: Durability
    refused: _containers.RepeatedCompositeFieldContainer[RefusedFix]
    clock_behind_ms: int
    def __init__(self, frame_number: _Optional[int] = ..., position: _Optional[_Union[_common_pb2.ResumeToken, _Mapping]] = ..., durability: _Optional[_Union[Durability, str]] = ..., refused: _Optional[_Iterable[_Union[RefusedFix, _Mapping]]] = ..., clock_behind_ms: _Optional[int] = ...) -> None: ...

class FrameRefusal(_message.Message):
    __slots__ = ("frame_number", "reason", "detail", "retry_after_ms")
    FRAME_NUMBER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_MS_FIELD_NUMBER: _ClassVar[int]
    frame_number: int
    reason: RefusalReason
    detail: str
    retry_after_ms: int
    def __init__(self, frame_number: _Optional[int] = ..., reason: _Optional[_Union[RefusalReason, str]] = ..., detail: _Optional[str] = ..., retry_after_ms: _Optional[int] = ...) -> None: ...

class RelayRequest(_message.Message):
    __slots__ = ("frame",)
    FRAME_FIELD_NUMBER: _ClassVar[int]
    frame: TelemetryFrame
    def __init__(self, frame: _Optional[_Union[TelemetryFrame, _Mapping]] = ...) -> None: ...

class RelayResponse(_message.Message):
    __slots__ = ("acknowledgement", "refusal")
    ACKNOWLEDGEMENT_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    acknowledgement: FrameAcknowledgement
    refusal: FrameRefusal
    def __init__(self, acknowledgement: _Optional[_Union[FrameAcknowledgement, _Mapping]] = ..., refusal: _Optional[_Union[FrameRefusal, _Mapping]] = ...) -> None: ...

class BiometricFrame(_message.Message):
    __slots__ = ("relay_id", "boot_id", "frame_number", "base_time_ms", "tracker", "time_offset_ms", "heart_rate_bpm", "power_w", "cadence_rpm")
    RELAY_ID_FIELD_NUMBER: _ClassVar[int]
    BOOT_ID_FIELD_NUMBER: _ClassVar[int]
    FRAME_NUMBER_FIELD_NUMBER: _ClassVar[int]
    BASE_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    TRACKER_FIELD_NUMBER: _ClassVar[int]
    TIME_OFFSET_MS_FIELD_NUMBER: _ClassVar[int]
    HEART_RATE_BPM_FIELD_NUMBER: _ClassVar[int]
    POWER_W_FIELD_NUMBER: _ClassVar[int]
    CADENCE_RPM_FIELD_NUMBER: _ClassVar[int]
    relay_id: str
    boot_id: int
    frame_number: int
    base_time_ms: int
    tracker: _containers.RepeatedScalarFieldContainer[int]
    time_offset_ms: _containers.RepeatedScalarFieldContainer[int]
    heart_rate_bpm: _containers.RepeatedScalarFieldContainer[int]
    power_w: _containers.RepeatedScalarFieldContainer[int]
    cadence_rpm: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, relay_id: _Optional[str] = ..., boot_id: _Optional[int] = ..., frame_number: _Optional[int] = ..., base_time_ms: _Optional[int] = ..., tracker: _Optional[_Iterable[int]] = ..., time_offset_ms: _Optional[_Iterable[int]] = ..., heart_rate_bpm: _Optional[_Iterable[int]] = ..., power_w: _Optional[_Iterable[int]] = ..., cadence_rpm: _Optional[_Iterable[int]] = ...) -> None: ...

class RelayBiometricsRequest(_message.Message):
    __slots__ = ("frame",)
    FRAME_FIELD_NUMBER: _ClassVar[int]
    frame: BiometricFrame
    def __init__(self, frame: _Optional[_Union[BiometricFrame, _Mapping]] = ...) -> None: ...

class RelayBiometricsResponse(_message.Message):
    __slots__ = ("acknowledgement", "refusal")
    ACKNOWLEDGEMENT_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    acknowledgement: FrameAcknowledgement
    refusal: FrameRefusal
    def __init__(self, acknowledgement: _Optional[_Union[FrameAcknowledgement, _Mapping]] = ..., refusal: _Optional[_Union[FrameRefusal, _Mapping]] = ...) -> None: ...
