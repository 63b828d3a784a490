from ardoise.pb import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DatabaseRole(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DATABASE_ROLE_UNSPECIFIED: _ClassVar[DatabaseRole]
    DATABASE_ROLE_PRIMARY: _ClassVar[DatabaseRole]
    DATABASE_ROLE_SYNCHRONOUS_STANDBY: _ClassVar[DatabaseRole]
    DATABASE_ROLE_STANDBY: _ClassVar[DatabaseRole]
    DATABASE_ROLE_STOPPED: _ClassVar[DatabaseRole]

class Truth(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRUTH_UNSPECIFIED: _ClassVar[Truth]
    TRUTH_YES: _ClassVar[Truth]
    TRUTH_NO: _ClassVar[Truth]
DATABASE_ROLE_UNSPECIFIED: DatabaseRole
DATABASE_ROLE_PRIMARY: DatabaseRole
DATABASE_ROLE_SYNCHRONOUS_STANDBY: DatabaseRole
DATABASE_ROLE_STANDBY: DatabaseRole
DATABASE_ROLE_STOPPED: DatabaseRole
TRUTH_UNSPECIFIED: Truth
TRUTH_YES: Truth
TRUTH_NO: Truth

class LogRange(_message.Message):
    __slots__ = ("epoch", "first_sequence", "last_sequence", "bytes", "max_bytes")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    FIRST_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    LAST_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_BYTES_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    first_sequence: int
    last_sequence: int
    bytes: int
    max_bytes: int
    def __init__(self, epoch: _Optional[int] = ..., first_sequence: _Optional[int] = ..., last_sequence: _Optional[int] = ..., bytes: _Optional[int] = ..., max_bytes: _Optional[int] = ...) -> None: ...

class LogsReport(_message.Message):
    __slots__ = ("logs",)
    LOGS_FIELD_NUMBER: _ClassVar[int]
    logs: _containers.RepeatedCompositeFieldContainer[LogRange]
    def __init__(self, logs: _Optional[_Iterable[_Union[LogRange, _Mapping]]] = ...) -> None: ...

class MirrorReport(_message.Message):
    __slots__ = ("stream", "state", "reason", "behind")
    STREAM_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    BEHIND_FIELD_NUMBER: _ClassVar[int]
    stream: str
    state: str
    reason: str
    behind: int
    def __init__(self, stream: _Optional[str] = ..., state: _Optional[str] = ..., reason: _Optional[str] = ..., behind: _Optional[int] = ...) -> None: ...

class Watermark(_message.Message):
    __slots__ = ("epoch", "sequence")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    sequence: int
    def __init__(self, epoch: _Optional[int] = ..., sequence: _Optional[int] = ...) -> None: ...

class WritePause(_message.Message):
    __slots__ = ("from_ms", "to_ms")
    FROM_MS_FIELD_NUMBER: _ClassVar[int]
    TO_MS_FIELD_NUMBER: _ClassVar[int]
    from_ms: int
    to_ms: int
    def __init__(self, from_ms: _Optional[int] = ..., to_ms: _Optional[int] = ...) -> None: ...

class WatermarksReport(_message.Message):
    __slots__ = ("watermarks", "pause")
    WATERMARKS_FIELD_NUMBER: _ClassVar[int]
    PAUSE_FIELD_NUMBER: _ClassVar[int]
    watermarks: _containers.RepeatedCompositeFieldContainer[Watermark]
    pause: WritePause
    def __init__(self, watermarks: _Optional[_Iterable[_Union[Watermark, _Mapping]]] = ..., pause: _Optional[_Union[WritePause, _Mapping]] = ...) -> None: ...

class DatabaseReport(_message.Message):
    __slots__ = ("role", "timeline", "state", "primary", "wal_position")
    ROLE_FIELD_NUMBER: _ClassVar[int]
    TIMELINE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PRIMARY_FIELD_NUMBER: _ClassVar[int]
    WAL_POSITION_FIELD_NUMBER: _ClassVar[int]
    role: DatabaseRole
    timeline: int
    state: str
    primary: str
    wal_position: int
    def __init__(self, role: _Optional[_Union[DatabaseRole, str]] = ..., timeline: _Optional[int] = ..., state: _Optional[str] = ..., primary: _Optional[str] = ..., wal_position: _Optional[int] = ...) -> None: ...

class EtcdMember(_message.Message):
    __slots__ = ("site", "healthy", "leader", "answers", "learner", "cluster_id")
    SITE_FIELD_NUMBER: _ClassVar[int]
    HEALTHY_FIELD_NUMBER: _ClassVar[int]
    LEADER_FIELD_NUMBER: _ClassVar[int]
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    LEARNER_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_ID_FIELD_NUMBER: _ClassVar[int]
    site: str
    healthy: bool
    leader: bool
    answers: bool
    learner: bool
    cluster_id: str
    def __init__(self, site: _Optional[str] = ..., healthy: _Optional[bool] = ..., leader: _Optional[bool] = ..., answers: _Optional[bool] = ..., learner: _Optional[bool] = ..., cluster_id: _Optional[str] = ...) -> None: ...

class StaleRows(_message.Message):
    __slots__ = ("timeline", "decisions", "time_ms")
    TIMELINE_FIELD_NUMBER: _ClassVar[int]
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    timeline: int
    decisions: int
    time_ms: int
    def __init__(self, timeline: _Optional[int] = ..., decisions: _Optional[int] = ..., time_ms: _Optional[int] = ...) -> None: ...

class LostMessages(_message.Message):
    __slots__ = ("epoch", "first_sequence", "last_sequence")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    FIRST_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    LAST_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    first_sequence: int
    last_sequence: int
    def __init__(self, epoch: _Optional[int] = ..., first_sequence: _Optional[int] = ..., last_sequence: _Optional[int] = ...) -> None: ...

class OperationStep(_message.Message):
    __slots__ = ("what", "time_ms")
    WHAT_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    what: str
    time_ms: int
    def __init__(self, what: _Optional[str] = ..., time_ms: _Optional[int] = ...) -> None: ...

class ForcedFailover(_message.Message):
    __slots__ = ("request_id", "region", "author", "begun_ms", "accepted_loss", "steps", "now", "timeline_before", "messages_lost", "lost", "messages_replayed", "decisions_lost", "generation", "watermarks_before", "logs_before", "rebuilt_ms", "promoted_ms", "leaves")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    BEGUN_MS_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_LOSS_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    NOW_FIELD_NUMBER: _ClassVar[int]
    TIMELINE_BEFORE_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_LOST_FIELD_NUMBER: _ClassVar[int]
    LOST_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_REPLAYED_FIELD_NUMBER: _ClassVar[int]
    DECISIONS_LOST_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    WATERMARKS_BEFORE_FIELD_NUMBER: _ClassVar[int]
    LOGS_BEFORE_FIELD_NUMBER: _ClassVar[int]
    REBUILT_MS_FIELD_NUMBER: _ClassVar[int]
    PROMOTED_MS_FIELD_NUMBER: _ClassVar[int]
    LEAVES_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    region: str
    author: str
    begun_ms: int
    accepted_loss: str
    steps: _containers.RepeatedCompositeFieldContainer[OperationStep]
    now: str
    timeline_before: int
    messages_lost: int
    lost: _containers.RepeatedCompositeFieldContainer[LostMessages]
    messages_replayed: int
    decisions_lost: int
    generation: int
    watermarks_before: WatermarksReport
    logs_before: LogsReport
    rebuilt_ms: int
    promoted_ms: int
    leaves: int
    def __init__(self, request_id: _Optional[str] = ..., region: _Optional[str] = ..., author: _Optional[str] = ..., begun_ms: _Optional[int] = ..., accepted_loss: _Optional[str] = ..., steps: _Optional[_Iterable[_Union[OperationStep, _Mapping]]] = ..., now: _Optional[str] = ..., timeline_before: _Optional[int] = ..., messages_lost: _Optional[int] = ..., lost: _Optional[_Iterable[_Union[LostMessages, _Mapping]]] = ..., messages_replayed: _Optional[int] = ..., decisions_lost: _Optional[int] = ..., generation: _Optional[int] = ..., watermarks_before: _Optional[_Union[WatermarksReport, _Mapping]] = ..., logs_before: _Optional[_Union[LogsReport, _Mapping]] = ..., rebuilt_ms: _Optional[int] = ..., promoted_ms: _Optional[int] = ..., leaves: _Optional[int] = ...) -> None: ...

class DigestReport(_message.Message):
    __slots__ = ("name", "digest", "race_time_ms")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    RACE_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    name: _common_pb2.SnapshotName
    digest: bytes
    race_time_ms: int
    def __init__(self, name: _Optional[_Union[_common_pb2.SnapshotName, _Mapping]] = ..., digest: _Optional[bytes] = ..., race_time_ms: _Optional[int] = ...) -> None: ...

class RaceReport(_message.Message):
    __slots__ = ("snapshots",)
    SNAPSHOTS_FIELD_NUMBER: _ClassVar[int]
    snapshots: _containers.RepeatedCompositeFieldContainer[DigestReport]
    def __init__(self, snapshots: _Optional[_Iterable[_Union[DigestReport, _Mapping]]] = ...) -> None: ...

class SiteReport(_message.Message):
    __slots__ = ("site", "time_ms", "logs", "mirrors", "database", "watermarks", "etcd", "race", "stale_rows", "forced")
    SITE_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    LOGS_FIELD_NUMBER: _ClassVar[int]
    MIRRORS_FIELD_NUMBER: _ClassVar[int]
    DATABASE_FIELD_NUMBER: _ClassVar[int]
    WATERMARKS_FIELD_NUMBER: _ClassVar[int]
    ETCD_FIELD_NUMBER: _ClassVar[int]
    RACE_FIELD_NUMBER: _ClassVar[int]
    STALE_ROWS_FIELD_NUMBER: _ClassVar[int]
    FORCED_FIELD_NUMBER: _ClassVar[int]
    site: str
    time_ms: int
    logs: LogsReport
    mirrors: _containers.RepeatedCompositeFieldContainer[MirrorReport]
    database: DatabaseReport
    watermarks: WatermarksReport
    etcd: _containers.RepeatedCompositeFieldContainer[EtcdMember]
    race: RaceReport
    stale_rows: _containers.RepeatedCompositeFieldContainer[StaleRows]
    forced: ForcedFailover
    def __init__(self, site: _Optional[str] = ..., time_ms: _Optional[int] = ..., logs: _Optional[_Union[LogsReport, _Mapping]] = ..., mirrors: _Optional[_Iterable[_Union[MirrorReport, _Mapping]]] = ..., database: _Optional[_Union[DatabaseReport, _Mapping]] = ..., watermarks: _Optional[_Union[WatermarksReport, _Mapping]] = ..., etcd: _Optional[_Iterable[_Union[EtcdMember, _Mapping]]] = ..., race: _Optional[_Union[RaceReport, _Mapping]] = ..., stale_rows: _Optional[_Iterable[_Union[StaleRows, _Mapping]]] = ..., forced: _Optional[_Union[ForcedFailover, _Mapping]] = ...) -> None: ...

class SiteStatus(_message.Message):
    __slots__ = ("site", "region", "report", "round_trip_ms", "silent_since_ms")
    SITE_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    ROUND_TRIP_MS_FIELD_NUMBER: _ClassVar[int]
    SILENT_SINCE_MS_FIELD_NUMBER: _ClassVar[int]
    site: str
    region: bool
    report: SiteReport
    round_trip_ms: int
    silent_since_ms: int
    def __init__(self, site: _Optional[str] = ..., region: _Optional[bool] = ..., report: _Optional[_Union[SiteReport, _Mapping]] = ..., round_trip_ms: _Optional[int] = ..., silent_since_ms: _Optional[int] = ...) -> None: ...

class PromotionStatus(_message.Message):
    __slots__ = ("region", "primary", "without_loss", "reasons")
    REGION_FIELD_NUMBER: _ClassVar[int]
    PRIMARY_FIELD_NUMBER: _ClassVar[int]
    WITHOUT_LOSS_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    region: str
    primary: bool
    without_loss: Truth
    reasons: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, region: _Optional[str] = ..., primary: _Optional[bool] = ..., without_loss: _Optional[_Union[Truth, str]] = ..., reasons: _Optional[_Iterable[str]] = ...) -> None: ...

class LossStatus(_message.Message):
    __slots__ = ("region", "messages", "race_ms", "decisions")
    REGION_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    RACE_MS_FIELD_NUMBER: _ClassVar[int]
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    region: str
    messages: int
    race_ms: int
    decisions: Truth
    def __init__(self, region: _Optional[str] = ..., messages: _Optional[int] = ..., race_ms: _Optional[int] = ..., decisions: _Optional[_Union[Truth, str]] = ...) -> None: ...

class DigestStatus(_message.Message):
    __slots__ = ("seconds", "seconds_compared", "differing")
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    SECONDS_COMPARED_FIELD_NUMBER: _ClassVar[int]
    DIFFERING_FIELD_NUMBER: _ClassVar[int]
    seconds: int
    seconds_compared: int
    differing: _containers.RepeatedCompositeFieldContainer[_common_pb2.SnapshotName]
    def __init__(self, seconds: _Optional[int] = ..., seconds_compared: _Optional[int] = ..., differing: _Optional[_Iterable[_Union[_common_pb2.SnapshotName, _Mapping]]] = ...) -> None: ...

class SitesCondition(_message.Message):
    __slots__ = ("type", "status", "message")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    type: str
    status: Truth
    message: str
    def __init__(self, type: _Optional[str] = ..., status: _Optional[_Union[Truth, str]] = ..., message: _Optional[str] = ...) -> None: ...

class SitesStatus(_message.Message):
    __slots__ = ("seen_from", "time_ms", "sites", "promotions", "loss", "digests", "conditions", "forced")
    SEEN_FROM_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    SITES_FIELD_NUMBER: _ClassVar[int]
    PROMOTIONS_FIELD_NUMBER: _ClassVar[int]
    LOSS_FIELD_NUMBER: _ClassVar[int]
    DIGESTS_FIELD_NUMBER: _ClassVar[int]
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    FORCED_FIELD_NUMBER: _ClassVar[int]
    seen_from: str
    time_ms: int
    sites: _containers.RepeatedCompositeFieldContainer[SiteStatus]
    promotions: _containers.RepeatedCompositeFieldContainer[PromotionStatus]
    loss: LossStatus
    digests: DigestStatus
    conditions: _containers.RepeatedCompositeFieldContainer[SitesCondition]
    forced: ForcedFailover
    def __init__(self, seen_from: _Optional[str] = ..., time_ms: _Optional[int] = ..., sites: _Optional[_Iterable[_Union[SiteStatus, _Mapping]]] = ..., promotions: _Optional[_Iterable[_Union[PromotionStatus, _Mapping]]] = ..., loss: _Optional[_Union[LossStatus, _Mapping]] = ..., digests: _Optional[_Union[DigestStatus, _Mapping]] = ..., conditions: _Optional[_Iterable[_Union[SitesCondition, _Mapping]]] = ..., forced: _Optional[_Union[ForcedFailover, _Mapping]] = ...) -> None: ...

class GetSiteRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetSiteResponse(_message.Message):
    __slots__ = ("report",)
    REPORT_FIELD_NUMBER: _ClassVar[int]
    report: SiteReport
    def __init__(self, report: _Optional[_Union[SiteReport, _Mapping]] = ...) -> None: ...

class GetSitesStatusRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetSitesStatusResponse(_message.Message):
    __slots__ = ("status",)
    STATUS_FIELD_NUMBER: _ClassVar[int]
    status: SitesStatus
    def __init__(self, status: _Optional[_Union[SitesStatus, _Mapping]] = ...) -> None: ...

class SwitchOverRequest(_message.Message):
    __slots__ = ("request_id", "target")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    target: str
    def __init__(self, request_id: _Optional[str] = ..., target: _Optional[str] = ...) -> None: ...

class SwitchOverResponse(_message.Message):
    __slots__ = ("message", "took_ms")
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    TOOK_MS_FIELD_NUMBER: _ClassVar[int]
    message: str
    took_ms: int
    def __init__(self, message: _Optional[str] = ..., took_ms: _Optional[int] = ...) -> None: ...

class BreakGlassRequest(_message.Message):
    __slots__ = ("request_id", "region", "accepted_loss")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_LOSS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    region: str
    accepted_loss: str
    def __init__(self, request_id: _Optional[str] = ..., region: _Optional[str] = ..., accepted_loss: _Optional[str] = ...) -> None: ...

class BreakGlassResponse(_message.Message):
    __slots__ = ("forced",)
    FORCED_FIELD_NUMBER: _ClassVar[int]
    forced: ForcedFailover
    def __init__(self, forced: _Optional[_Union[ForcedFailover, _Mapping]] = ...) -> None: ...

class MoveWitnessRequest(_message.Message):
    __slots__ = ("request_id", "witness")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    WITNESS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    witness: str
    def __init__(self, request_id: _Optional[str] = ..., witness: _Optional[str] = ...) -> None: ...

class MoveWitnessResponse(_message.Message):
    __slots__ = ("member",)
    MEMBER_FIELD_NUMBER: _ClassVar[int]
    member: str
    def __init__(self, member: _Optional[str] = ...) -> None: ...
