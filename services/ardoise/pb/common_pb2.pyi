from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class RaceState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RACE_STATE_UNSPECIFIED: _ClassVar[RaceState]
    RACE_STATE_PREPARED: _ClassVar[RaceState]
    RACE_STATE_NEUTRALISED: _ClassVar[RaceState]
    RACE_STATE_RACING: _ClassVar[RaceState]
    RACE_STATE_STOPPED: _ClassVar[RaceState]
    RACE_STATE_FINISHED: _ClassVar[RaceState]

class RiderStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RIDER_STATUS_UNSPECIFIED: _ClassVar[RiderStatus]
    RIDER_STATUS_RACING: _ClassVar[RiderStatus]
    RIDER_STATUS_NEUTRAL: _ClassVar[RiderStatus]
    RIDER_STATUS_STOPPED: _ClassVar[RiderStatus]
    RIDER_STATUS_OFF_ROUTE: _ClassVar[RiderStatus]
    RIDER_STATUS_NO_SIGNAL: _ClassVar[RiderStatus]
    RIDER_STATUS_FINISHED: _ClassVar[RiderStatus]
    RIDER_STATUS_ABANDONED: _ClassVar[RiderStatus]

class ErrorReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ERROR_REASON_UNSPECIFIED: _ClassVar[ErrorReason]
    ERROR_REASON_ROLE_MISSING: _ClassVar[ErrorReason]
    ERROR_REASON_EPOCH_UNKNOWN: _ClassVar[ErrorReason]
    ERROR_REASON_NO_ACTIVE_STAGE: _ClassVar[ErrorReason]
    ERROR_REASON_RIDER_UNKNOWN: _ClassVar[ErrorReason]
    ERROR_REASON_PAGE_TOKEN_INVALID: _ClassVar[ErrorReason]
    ERROR_REASON_FIELD_INVALID: _ClassVar[ErrorReason]
    ERROR_REASON_LOG_FULL: _ClassVar[ErrorReason]
    ERROR_REASON_LOG_UNAVAILABLE: _ClassVar[ErrorReason]
    ERROR_REASON_STORE_UNAVAILABLE: _ClassVar[ErrorReason]
    ERROR_REASON_DECISION_REJECTED: _ClassVar[ErrorReason]
    ERROR_REASON_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_LIMIT_EXCEEDED: _ClassVar[ErrorReason]
    ERROR_REASON_DRAINING: _ClassVar[ErrorReason]
    ERROR_REASON_SETUP_INVALID: _ClassVar[ErrorReason]
    ERROR_REASON_DECISION_IN_DOUBT: _ClassVar[ErrorReason]
    ERROR_REASON_SWITCHOVER_REFUSED: _ClassVar[ErrorReason]
    ERROR_REASON_BREAK_GLASS_REFUSED: _ClassVar[ErrorReason]
    ERROR_REASON_WITNESS_REFUSED: _ClassVar[ErrorReason]
    ERROR_REASON_SWITCHOVER_CAME_TO_NOTHING: _ClassVar[ErrorReason]
RACE_STATE_UNSPECIFIED: RaceState
RACE_STATE_PREPARED: RaceState
RACE_STATE_NEUTRALISED: RaceState
RACE_STATE_RACING: RaceState
RACE_STATE_STOPPED: RaceState
RACE_STATE_FINISHED: RaceState
RIDER_STATUS_UNSPECIFIED: RiderStatus
RIDER_STATUS_RACING: RiderStatus
RIDER_STATUS_NEUTRAL: RiderStatus
RIDER_STATUS_STOPPED: RiderStatus
RIDER_STATUS_OFF_ROUTE: RiderStatus
RIDER_STATUS_NO_SIGNAL: RiderStatus
RIDER_STATUS_FINISHED: RiderStatus
RIDER_STATUS_ABANDONED: RiderStatus
ERROR_REASON_UNSPECIFIED: ErrorReason
ERROR_REASON_ROLE_MISSING: ErrorReason
ERROR_REASON_EPOCH_UNKNOWN: ErrorReason
ERROR_REASON_NO_ACTIVE_STAGE: ErrorReason
ERROR_REASON_RIDER_UNKNOWN: ErrorReason
ERROR_REASON_PAGE_TOKEN_INVALID: ErrorReason
ERROR_REASON_FIELD_INVALID: ErrorReason
ERROR_REASON_LOG_FULL: ErrorReason
ERROR_REASON_LOG_UNAVAILABLE: ErrorReason
ERROR_REASON_STORE_UNAVAILABLE: ErrorReason
ERROR_REASON_DECISION_REJECTED: ErrorReason
ERROR_REASON_NOT_FOUND: ErrorReason
ERROR_REASON_LIMIT_EXCEEDED: ErrorReason
ERROR_REASON_DRAINING: ErrorReason
ERROR_REASON_SETUP_INVALID: ErrorReason
ERROR_REASON_DECISION_IN_DOUBT: ErrorReason
ERROR_REASON_SWITCHOVER_REFUSED: ErrorReason
ERROR_REASON_BREAK_GLASS_REFUSED: ErrorReason
ERROR_REASON_WITNESS_REFUSED: ErrorReason
ERROR_REASON_SWITCHOVER_CAME_TO_NOTHING: ErrorReason

class ResumeToken(_message.Message):
    __slots__ = ("epoch", "sequence")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    sequence: int
    def __init__(self, epoch: _Optional[int] = ..., sequence: _Optional[int] = ...) -> None: ...

class SnapshotName(_message.Message):
    __slots__ = ("engine_version", "epoch", "sequence")
    ENGINE_VERSION_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    engine_version: str
    epoch: int
    sequence: int
    def __init__(self, engine_version: _Optional[str] = ..., epoch: _Optional[int] = ..., sequence: _Optional[int] = ...) -> None: ...
