from ardoise.pb import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Severity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SEVERITY_UNSPECIFIED: _ClassVar[Severity]
    SEVERITY_INFO: _ClassVar[Severity]
    SEVERITY_WARNING: _ClassVar[Severity]
    SEVERITY_CRITICAL: _ClassVar[Severity]

class KeptAt(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    KEPT_AT_UNSPECIFIED: _ClassVar[KeptAt]
    KEPT_AT_BOTH_REGIONS: _ClassVar[KeptAt]
    KEPT_AT_ONE_REGION: _ClassVar[KeptAt]
    KEPT_AT_SITE: _ClassVar[KeptAt]

class OutboxState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OUTBOX_STATE_UNSPECIFIED: _ClassVar[OutboxState]
    OUTBOX_STATE_WAITING: _ClassVar[OutboxState]
    OUTBOX_STATE_CLAIMED: _ClassVar[OutboxState]
    OUTBOX_STATE_DELIVERED: _ClassVar[OutboxState]
    OUTBOX_STATE_FAILED: _ClassVar[OutboxState]
    OUTBOX_STATE_IN_DOUBT: _ClassVar[OutboxState]
SEVERITY_UNSPECIFIED: Severity
SEVERITY_INFO: Severity
SEVERITY_WARNING: Severity
SEVERITY_CRITICAL: Severity
KEPT_AT_UNSPECIFIED: KeptAt
KEPT_AT_BOTH_REGIONS: KeptAt
KEPT_AT_ONE_REGION: KeptAt
KEPT_AT_SITE: KeptAt
OUTBOX_STATE_UNSPECIFIED: OutboxState
OUTBOX_STATE_WAITING: OutboxState
OUTBOX_STATE_CLAIMED: OutboxState
OUTBOX_STATE_DELIVERED: OutboxState
OUTBOX_STATE_FAILED: OutboxState
OUTBOX_STATE_IN_DOUBT: OutboxState

class Evidence(_message.Message):
    __slots__ = ("time_ms", "source", "detail")
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    time_ms: int
    source: str
    detail: str
    def __init__(self, time_ms: _Optional[int] = ..., source: _Optional[str] = ..., detail: _Optional[str] = ...) -> None: ...

class Alert(_message.Message):
    __slots__ = ("alert_id", "rule", "subject", "severity", "title", "action", "evidence", "count", "first_seen_ms", "last_seen_ms", "acknowledged_by", "acknowledged_ms", "epoch", "sequence")
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    FIRST_SEEN_MS_FIELD_NUMBER: _ClassVar[int]
    LAST_SEEN_MS_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGED_BY_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGED_MS_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    alert_id: str
    rule: str
    subject: str
    severity: Severity
    title: str
    action: str
    evidence: _containers.RepeatedCompositeFieldContainer[Evidence]
    count: int
    first_seen_ms: int
    last_seen_ms: int
    acknowledged_by: str
    acknowledged_ms: int
    epoch: int
    sequence: int
    def __init__(self, alert_id: _Optional[str] = ..., rule: _Optional[str] = ..., subject: _Optional[str] = ..., severity: _Optional[_Union[Severity, str]] = ..., title: _Optional[str] = ..., action: _Optional[str] = ..., evidence: _Optional[_Iterable[_Union[Evidence, _Mapping]]] = ..., count: _Optional[int] = ..., first_seen_ms: _Optional[int] = ..., last_seen_ms: _Optional[int] = ..., acknowledged_by: _Optional[str] = ..., acknowledged_ms: _Optional[int] = ..., epoch: _Optional[int] = ..., sequence: _Optional[int] = ...) -> None: ...

class ListAlertsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "open_only")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    OPEN_ONLY_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    open_only: bool
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., open_only: _Optional[bool] = ...) -> None: ...

class ListAlertsResponse(_message.Message):
    __slots__ = ("alerts", "next_page_token")
    ALERTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    alerts: _containers.RepeatedCompositeFieldContainer[Alert]
    next_page_token: str
    def __init__(self, alerts: _Optional[_Iterable[_Union[Alert, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class WatchAlertsRequest(_message.Message):
    __slots__ = ("after",)
    AFTER_FIELD_NUMBER: _ClassVar[int]
    after: _common_pb2.ResumeToken
    def __init__(self, after: _Optional[_Union[_common_pb2.ResumeToken, _Mapping]] = ...) -> None: ...

class AlertHeartbeat(_message.Message):
    __slots__ = ("time_ms",)
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    time_ms: int
    def __init__(self, time_ms: _Optional[int] = ...) -> None: ...

class WatchAlertsResponse(_message.Message):
    __slots__ = ("resume", "alert", "heartbeat", "kept_at")
    RESUME_FIELD_NUMBER: _ClassVar[int]
    ALERT_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    KEPT_AT_FIELD_NUMBER: _ClassVar[int]
    resume: _common_pb2.ResumeToken
    alert: Alert
    heartbeat: AlertHeartbeat
    kept_at: KeptAt
    def __init__(self, resume: _Optional[_Union[_common_pb2.ResumeToken, _Mapping]] = ..., alert: _Optional[_Union[Alert, _Mapping]] = ..., heartbeat: _Optional[_Union[AlertHeartbeat, _Mapping]] = ..., kept_at: _Optional[_Union[KeptAt, str]] = ...) -> None: ...

class AcknowledgeRequest(_message.Message):
    __slots__ = ("request_id", "alert_id", "note")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    alert_id: str
    note: str
    def __init__(self, request_id: _Optional[str] = ..., alert_id: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...

class AcknowledgeResponse(_message.Message):
    __slots__ = ("alert", "kept_at")
    ALERT_FIELD_NUMBER: _ClassVar[int]
    KEPT_AT_FIELD_NUMBER: _ClassVar[int]
    alert: Alert
    kept_at: KeptAt
    def __init__(self, alert: _Optional[_Union[Alert, _Mapping]] = ..., kept_at: _Optional[_Union[KeptAt, str]] = ...) -> None: ...

class OutboxEntry(_message.Message):
    __slots__ = ("rule", "subject", "epoch", "sequence", "alert_id", "title", "state", "detail", "offered_ms", "claimed_ms", "settled_ms")
    RULE_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    OFFERED_MS_FIELD_NUMBER: _ClassVar[int]
    CLAIMED_MS_FIELD_NUMBER: _ClassVar[int]
    SETTLED_MS_FIELD_NUMBER: _ClassVar[int]
    rule: str
    subject: str
    epoch: int
    sequence: int
    alert_id: str
    title: str
    state: OutboxState
    detail: str
    offered_ms: int
    claimed_ms: int
    settled_ms: int
    def __init__(self, rule: _Optional[str] = ..., subject: _Optional[str] = ..., epoch: _Optional[int] = ..., sequence: _Optional[int] = ..., alert_id: _Optional[str] = ..., title: _Optional[str] = ..., state: _Optional[_Union[OutboxState, str]] = ..., detail: _Optional[str] = ..., offered_ms: _Optional[int] = ..., claimed_ms: _Optional[int] = ..., settled_ms: _Optional[int] = ...) -> None: ...

class ListOutboxRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListOutboxResponse(_message.Message):
    __slots__ = ("entries", "next_page_token")
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[OutboxEntry]
    next_page_token: str
    def __init__(self, entries: _Optional[_Iterable[_Union[OutboxEntry, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
