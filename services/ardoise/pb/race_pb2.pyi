from ardoise.pb import common_pb2 as _common_pb2
from ardoise.pb import setup_pb2 as _setup_pb2
from ardoise.pb import weather_pb2 as _weather_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GroupRole(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GROUP_ROLE_UNSPECIFIED: _ClassVar[GroupRole]
    GROUP_ROLE_HEAD: _ClassVar[GroupRole]
    GROUP_ROLE_CHASE: _ClassVar[GroupRole]
    GROUP_ROLE_PELOTON: _ClassVar[GroupRole]
    GROUP_ROLE_DROPPED: _ClassVar[GroupRole]
    GROUP_ROLE_GRUPPETTO: _ClassVar[GroupRole]

class RiderTrouble(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RIDER_TROUBLE_UNSPECIFIED: _ClassVar[RiderTrouble]
    RIDER_TROUBLE_FROZEN: _ClassVar[RiderTrouble]
    RIDER_TROUBLE_JUMP: _ClassVar[RiderTrouble]
    RIDER_TROUBLE_CLOCK: _ClassVar[RiderTrouble]
    RIDER_TROUBLE_TWO_PLACES: _ClassVar[RiderTrouble]
    RIDER_TROUBLE_SPEED: _ClassVar[RiderTrouble]
    RIDER_TROUBLE_LATE: _ClassVar[RiderTrouble]
    RIDER_TROUBLE_DRIVEN: _ClassVar[RiderTrouble]
    RIDER_TROUBLE_LEG: _ClassVar[RiderTrouble]

class RaceEventKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RACE_EVENT_KIND_UNSPECIFIED: _ClassVar[RaceEventKind]
    RACE_EVENT_KIND_RACE_STATE: _ClassVar[RaceEventKind]
    RACE_EVENT_KIND_RIDER_STATUS: _ClassVar[RaceEventKind]
    RACE_EVENT_KIND_GROUP_SPLIT: _ClassVar[RaceEventKind]
    RACE_EVENT_KIND_GROUP_MERGE: _ClassVar[RaceEventKind]
    RACE_EVENT_KIND_FINISH: _ClassVar[RaceEventKind]

class OddityKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ODDITY_KIND_UNSPECIFIED: _ClassVar[OddityKind]
    ODDITY_KIND_JUMP: _ClassVar[OddityKind]
    ODDITY_KIND_TWO_PLACES: _ClassVar[OddityKind]
    ODDITY_KIND_CLOCK: _ClassVar[OddityKind]
    ODDITY_KIND_FROZEN: _ClassVar[OddityKind]
    ODDITY_KIND_PICTURES_DIFFER: _ClassVar[OddityKind]
    ODDITY_KIND_LOG_FILLING: _ClassVar[OddityKind]
    ODDITY_KIND_LOG_GIVEN_UP: _ClassVar[OddityKind]
GROUP_ROLE_UNSPECIFIED: GroupRole
GROUP_ROLE_HEAD: GroupRole
GROUP_ROLE_CHASE: GroupRole
GROUP_ROLE_PELOTON: GroupRole
GROUP_ROLE_DROPPED: GroupRole
GROUP_ROLE_GRUPPETTO: GroupRole
RIDER_TROUBLE_UNSPECIFIED: RiderTrouble
RIDER_TROUBLE_FROZEN: RiderTrouble
RIDER_TROUBLE_JUMP: RiderTrouble
RIDER_TROUBLE_CLOCK: RiderTrouble
RIDER_TROUBLE_TWO_PLACES: RiderTrouble
RIDER_TROUBLE_SPEED: RiderTrouble
RIDER_TROUBLE_LATE: RiderTrouble
RIDER_TROUBLE_DRIVEN: RiderTrouble
RIDER_TROUBLE_LEG: RiderTrouble
RACE_EVENT_KIND_UNSPECIFIED: RaceEventKind
RACE_EVENT_KIND_RACE_STATE: RaceEventKind
RACE_EVENT_KIND_RIDER_STATUS: RaceEventKind
RACE_EVENT_KIND_GROUP_SPLIT: RaceEventKind
RACE_EVENT_KIND_GROUP_MERGE: RaceEventKind
RACE_EVENT_KIND_FINISH: RaceEventKind
ODDITY_KIND_UNSPECIFIED: OddityKind
ODDITY_KIND_JUMP: OddityKind
ODDITY_KIND_TWO_PLACES: OddityKind
ODDITY_KIND_CLOCK: OddityKind
ODDITY_KIND_FROZEN: OddityKind
ODDITY_KIND_PICTURES_DIFFER: OddityKind
ODDITY_KIND_LOG_FILLING: OddityKind
ODDITY_KIND_LOG_GIVEN_UP: OddityKind

class Group(_message.Message):
    __slots__ = ("group_id", "role", "number", "bibs", "distance_cm", "gap_ms", "speed_mmps")
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    BIBS_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_CM_FIELD_NUMBER: _ClassVar[int]
    GAP_MS_FIELD_NUMBER: _ClassVar[int]
    SPEED_MMPS_FIELD_NUMBER: _ClassVar[int]
    group_id: int
    role: GroupRole
    number: int
    bibs: _containers.RepeatedScalarFieldContainer[int]
    distance_cm: int
    gap_ms: int
    speed_mmps: int
    def __init__(self, group_id: _Optional[int] = ..., role: _Optional[_Union[GroupRole, str]] = ..., number: _Optional[int] = ..., bibs: _Optional[_Iterable[int]] = ..., distance_cm: _Optional[int] = ..., gap_ms: _Optional[int] = ..., speed_mmps: _Optional[int] = ...) -> None: ...

class RiderState(_message.Message):
    __slots__ = ("bib", "status", "place", "distance_cm", "latitude_e7", "longitude_e7", "speed_mmps", "gradient_permille", "gap_ms", "group_id", "fix_time_ms", "finish_time_ms", "gap_within_ms", "trouble")
    BIB_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_CM_FIELD_NUMBER: _ClassVar[int]
    LATITUDE_E7_FIELD_NUMBER: _ClassVar[int]
    LONGITUDE_E7_FIELD_NUMBER: _ClassVar[int]
    SPEED_MMPS_FIELD_NUMBER: _ClassVar[int]
    GRADIENT_PERMILLE_FIELD_NUMBER: _ClassVar[int]
    GAP_MS_FIELD_NUMBER: _ClassVar[int]
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    FIX_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    FINISH_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    GAP_WITHIN_MS_FIELD_NUMBER: _ClassVar[int]
    TROUBLE_FIELD_NUMBER: _ClassVar[int]
    bib: int
    status: _common_pb2.RiderStatus
    place: int
    distance_cm: int
    latitude_e7: int
    longitude_e7: int
    speed_mmps: int
    gradient_permille: int
    gap_ms: int
    group_id: int
    fix_time_ms: int
    finish_time_ms: int
    gap_within_ms: int
    trouble: RiderTrouble
    def __init__(self, bib: _Optional[int] = ..., status: _Optional[_Union[_common_pb2.RiderStatus, str]] = ..., place: _Optional[int] = ..., distance_cm: _Optional[int] = ..., latitude_e7: _Optional[int] = ..., longitude_e7: _Optional[int] = ..., speed_mmps: _Optional[int] = ..., gradient_permille: _Optional[int] = ..., gap_ms: _Optional[int] = ..., group_id: _Optional[int] = ..., fix_time_ms: _Optional[int] = ..., finish_time_ms: _Optional[int] = ..., gap_within_ms: _Optional[int] = ..., trouble: _Optional[_Union[RiderTrouble, str]] = ...) -> None: ...

class Snapshot(_message.Message):
    __slots__ = ("name", "race_time_ms", "stage_id", "race_state", "riders", "groups", "digest", "weather")
    NAME_FIELD_NUMBER: _ClassVar[int]
    RACE_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    STAGE_ID_FIELD_NUMBER: _ClassVar[int]
    RACE_STATE_FIELD_NUMBER: _ClassVar[int]
    RIDERS_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    WEATHER_FIELD_NUMBER: _ClassVar[int]
    name: _common_pb2.SnapshotName
    race_time_ms: int
    stage_id: str
    race_state: _common_pb2.RaceState
    riders: _containers.RepeatedCompositeFieldContainer[RiderState]
    groups: _containers.RepeatedCompositeFieldContainer[Group]
    digest: bytes
    weather: WeatherNow
    def __init__(self, name: _Optional[_Union[_common_pb2.SnapshotName, _Mapping]] = ..., race_time_ms: _Optional[int] = ..., stage_id: _Optional[str] = ..., race_state: _Optional[_Union[_common_pb2.RaceState, str]] = ..., riders: _Optional[_Iterable[_Union[RiderState, _Mapping]]] = ..., groups: _Optional[_Iterable[_Union[Group, _Mapping]]] = ..., digest: _Optional[bytes] = ..., weather: _Optional[_Union[WeatherNow, _Mapping]] = ...) -> None: ...

class WeatherNow(_message.Message):
    __slots__ = ("report", "age_ms", "old")
    REPORT_FIELD_NUMBER: _ClassVar[int]
    AGE_MS_FIELD_NUMBER: _ClassVar[int]
    OLD_FIELD_NUMBER: _ClassVar[int]
    report: _weather_pb2.WeatherReport
    age_ms: int
    old: bool
    def __init__(self, report: _Optional[_Union[_weather_pb2.WeatherReport, _Mapping]] = ..., age_ms: _Optional[int] = ..., old: _Optional[bool] = ...) -> None: ...

class GetSnapshotRequest(_message.Message):
    __slots__ = ("epoch",)
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    def __init__(self, epoch: _Optional[int] = ...) -> None: ...

class GetSnapshotResponse(_message.Message):
    __slots__ = ("snapshot",)
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    snapshot: Snapshot
    def __init__(self, snapshot: _Optional[_Union[Snapshot, _Mapping]] = ...) -> None: ...

class WatchSnapshotsRequest(_message.Message):
    __slots__ = ("after",)
    AFTER_FIELD_NUMBER: _ClassVar[int]
    after: _common_pb2.ResumeToken
    def __init__(self, after: _Optional[_Union[_common_pb2.ResumeToken, _Mapping]] = ...) -> None: ...

class WatchHeartbeat(_message.Message):
    __slots__ = ("position", "log_time_ms")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    LOG_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    position: _common_pb2.ResumeToken
    log_time_ms: int
    def __init__(self, position: _Optional[_Union[_common_pb2.ResumeToken, _Mapping]] = ..., log_time_ms: _Optional[int] = ...) -> None: ...

class WatchSnapshotsResponse(_message.Message):
    __slots__ = ("resume", "snapshot", "heartbeat")
    RESUME_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    resume: _common_pb2.ResumeToken
    snapshot: Snapshot
    heartbeat: WatchHeartbeat
    def __init__(self, resume: _Optional[_Union[_common_pb2.ResumeToken, _Mapping]] = ..., snapshot: _Optional[_Union[Snapshot, _Mapping]] = ..., heartbeat: _Optional[_Union[WatchHeartbeat, _Mapping]] = ...) -> None: ...

class GetGapAtRequest(_message.Message):
    __slots__ = ("epoch", "distance_cm")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_CM_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    distance_cm: int
    def __init__(self, epoch: _Optional[int] = ..., distance_cm: _Optional[int] = ...) -> None: ...

class Passage(_message.Message):
    __slots__ = ("bib", "time_ms", "gap_ms", "gap_within_ms")
    BIB_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    GAP_MS_FIELD_NUMBER: _ClassVar[int]
    GAP_WITHIN_MS_FIELD_NUMBER: _ClassVar[int]
    bib: int
    time_ms: int
    gap_ms: int
    gap_within_ms: int
    def __init__(self, bib: _Optional[int] = ..., time_ms: _Optional[int] = ..., gap_ms: _Optional[int] = ..., gap_within_ms: _Optional[int] = ...) -> None: ...

class GetGapAtResponse(_message.Message):
    __slots__ = ("distance_cm", "passages")
    DISTANCE_CM_FIELD_NUMBER: _ClassVar[int]
    PASSAGES_FIELD_NUMBER: _ClassVar[int]
    distance_cm: int
    passages: _containers.RepeatedCompositeFieldContainer[Passage]
    def __init__(self, distance_cm: _Optional[int] = ..., passages: _Optional[_Iterable[_Union[Passage, _Mapping]]] = ...) -> None: ...

class GetStandingsRequest(_message.Message):
    __slots__ = ("epoch", "distance_cm")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_CM_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    distance_cm: int
    def __init__(self, epoch: _Optional[int] = ..., distance_cm: _Optional[int] = ...) -> None: ...

class Placing(_message.Message):
    __slots__ = ("place", "bib", "time_s", "gap_s", "passed", "credited")
    PLACE_FIELD_NUMBER: _ClassVar[int]
    BIB_FIELD_NUMBER: _ClassVar[int]
    TIME_S_FIELD_NUMBER: _ClassVar[int]
    GAP_S_FIELD_NUMBER: _ClassVar[int]
    PASSED_FIELD_NUMBER: _ClassVar[int]
    CREDITED_FIELD_NUMBER: _ClassVar[int]
    place: int
    bib: int
    time_s: int
    gap_s: int
    passed: bool
    credited: bool
    def __init__(self, place: _Optional[int] = ..., bib: _Optional[int] = ..., time_s: _Optional[int] = ..., gap_s: _Optional[int] = ..., passed: _Optional[bool] = ..., credited: _Optional[bool] = ...) -> None: ...

class TimeStanding(_message.Message):
    __slots__ = ("rank", "rank_before", "bib", "time_s", "gap_s", "before_s", "today_s", "bonus_s")
    RANK_FIELD_NUMBER: _ClassVar[int]
    RANK_BEFORE_FIELD_NUMBER: _ClassVar[int]
    BIB_FIELD_NUMBER: _ClassVar[int]
    TIME_S_FIELD_NUMBER: _ClassVar[int]
    GAP_S_FIELD_NUMBER: _ClassVar[int]
    BEFORE_S_FIELD_NUMBER: _ClassVar[int]
    TODAY_S_FIELD_NUMBER: _ClassVar[int]
    BONUS_S_FIELD_NUMBER: _ClassVar[int]
    rank: int
    rank_before: int
    bib: int
    time_s: int
    gap_s: int
    before_s: int
    today_s: int
    bonus_s: int
    def __init__(self, rank: _Optional[int] = ..., rank_before: _Optional[int] = ..., bib: _Optional[int] = ..., time_s: _Optional[int] = ..., gap_s: _Optional[int] = ..., before_s: _Optional[int] = ..., today_s: _Optional[int] = ..., bonus_s: _Optional[int] = ...) -> None: ...

class Gain(_message.Message):
    __slots__ = ("name", "distance_cm", "place", "points")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_CM_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    name: str
    distance_cm: int
    place: int
    points: int
    def __init__(self, name: _Optional[str] = ..., distance_cm: _Optional[int] = ..., place: _Optional[int] = ..., points: _Optional[int] = ...) -> None: ...

class PointsStanding(_message.Message):
    __slots__ = ("rank", "rank_before", "bib", "points", "before", "gains")
    RANK_FIELD_NUMBER: _ClassVar[int]
    RANK_BEFORE_FIELD_NUMBER: _ClassVar[int]
    BIB_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    GAINS_FIELD_NUMBER: _ClassVar[int]
    rank: int
    rank_before: int
    bib: int
    points: int
    before: int
    gains: _containers.RepeatedCompositeFieldContainer[Gain]
    def __init__(self, rank: _Optional[int] = ..., rank_before: _Optional[int] = ..., bib: _Optional[int] = ..., points: _Optional[int] = ..., before: _Optional[int] = ..., gains: _Optional[_Iterable[_Union[Gain, _Mapping]]] = ...) -> None: ...

class TeamStanding(_message.Message):
    __slots__ = ("rank", "rank_before", "team_code", "time_s", "gap_s", "before_s", "today_s", "bibs")
    RANK_FIELD_NUMBER: _ClassVar[int]
    RANK_BEFORE_FIELD_NUMBER: _ClassVar[int]
    TEAM_CODE_FIELD_NUMBER: _ClassVar[int]
    TIME_S_FIELD_NUMBER: _ClassVar[int]
    GAP_S_FIELD_NUMBER: _ClassVar[int]
    BEFORE_S_FIELD_NUMBER: _ClassVar[int]
    TODAY_S_FIELD_NUMBER: _ClassVar[int]
    BIBS_FIELD_NUMBER: _ClassVar[int]
    rank: int
    rank_before: int
    team_code: str
    time_s: int
    gap_s: int
    before_s: int
    today_s: int
    bibs: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, rank: _Optional[int] = ..., rank_before: _Optional[int] = ..., team_code: _Optional[str] = ..., time_s: _Optional[int] = ..., gap_s: _Optional[int] = ..., before_s: _Optional[int] = ..., today_s: _Optional[int] = ..., bibs: _Optional[_Iterable[int]] = ...) -> None: ...

class GetStandingsResponse(_message.Message):
    __slots__ = ("position", "race_time_ms", "distance_cm", "result", "general", "points", "mountains", "young", "teams")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    RACE_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_CM_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    GENERAL_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    MOUNTAINS_FIELD_NUMBER: _ClassVar[int]
    YOUNG_FIELD_NUMBER: _ClassVar[int]
    TEAMS_FIELD_NUMBER: _ClassVar[int]
    position: _common_pb2.ResumeToken
    race_time_ms: int
    distance_cm: int
    result: _containers.RepeatedCompositeFieldContainer[Placing]
    general: _containers.RepeatedCompositeFieldContainer[TimeStanding]
    points: _containers.RepeatedCompositeFieldContainer[PointsStanding]
    mountains: _containers.RepeatedCompositeFieldContainer[PointsStanding]
    young: _containers.RepeatedCompositeFieldContainer[TimeStanding]
    teams: _containers.RepeatedCompositeFieldContainer[TeamStanding]
    def __init__(self, position: _Optional[_Union[_common_pb2.ResumeToken, _Mapping]] = ..., race_time_ms: _Optional[int] = ..., distance_cm: _Optional[int] = ..., result: _Optional[_Iterable[_Union[Placing, _Mapping]]] = ..., general: _Optional[_Iterable[_Union[TimeStanding, _Mapping]]] = ..., points: _Optional[_Iterable[_Union[PointsStanding, _Mapping]]] = ..., mountains: _Optional[_Iterable[_Union[PointsStanding, _Mapping]]] = ..., young: _Optional[_Iterable[_Union[TimeStanding, _Mapping]]] = ..., teams: _Optional[_Iterable[_Union[TeamStanding, _Mapping]]] = ...) -> None: ...

class GetRiderTrackRequest(_message.Message):
    __slots__ = ("epoch", "bib", "page_size", "page_token")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    BIB_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    bib: int
    page_size: int
    page_token: str
    def __init__(self, epoch: _Optional[int] = ..., bib: _Optional[int] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class TrackPoint(_message.Message):
    __slots__ = ("distance_cm", "time_ms", "latitude_e7", "longitude_e7")
    DISTANCE_CM_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    LATITUDE_E7_FIELD_NUMBER: _ClassVar[int]
    LONGITUDE_E7_FIELD_NUMBER: _ClassVar[int]
    distance_cm: int
    time_ms: int
    latitude_e7: int
    longitude_e7: int
    def __init__(self, distance_cm: _Optional[int] = ..., time_ms: _Optional[int] = ..., latitude_e7: _Optional[int] = ..., longitude_e7: _Optional[int] = ...) -> None: ...

class GetRiderTrackResponse(_message.Message):
    __slots__ = ("points", "next_page_token")
    POINTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    points: _containers.RepeatedCompositeFieldContainer[TrackPoint]
    next_page_token: str
    def __init__(self, points: _Optional[_Iterable[_Union[TrackPoint, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetStageRequest(_message.Message):
    __slots__ = ("epoch",)
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    def __init__(self, epoch: _Optional[int] = ...) -> None: ...

class GetStageResponse(_message.Message):
    __slots__ = ("epoch", "setup")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    SETUP_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    setup: _setup_pb2.StageSetup
    def __init__(self, epoch: _Optional[int] = ..., setup: _Optional[_Union[_setup_pb2.StageSetup, _Mapping]] = ...) -> None: ...

class RaceEvent(_message.Message):
    __slots__ = ("event_id", "kind", "time_ms", "bibs", "distance_cm", "race_state", "rider_status", "group_id")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    BIBS_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_CM_FIELD_NUMBER: _ClassVar[int]
    RACE_STATE_FIELD_NUMBER: _ClassVar[int]
    RIDER_STATUS_FIELD_NUMBER: _ClassVar[int]
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    kind: RaceEventKind
    time_ms: int
    bibs: _containers.RepeatedScalarFieldContainer[int]
    distance_cm: int
    race_state: _common_pb2.RaceState
    rider_status: _common_pb2.RiderStatus
    group_id: int
    def __init__(self, event_id: _Optional[str] = ..., kind: _Optional[_Union[RaceEventKind, str]] = ..., time_ms: _Optional[int] = ..., bibs: _Optional[_Iterable[int]] = ..., distance_cm: _Optional[int] = ..., race_state: _Optional[_Union[_common_pb2.RaceState, str]] = ..., rider_status: _Optional[_Union[_common_pb2.RiderStatus, str]] = ..., group_id: _Optional[int] = ...) -> None: ...

class ListRaceEventsRequest(_message.Message):
    __slots__ = ("epoch", "page_size", "page_token")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    page_size: int
    page_token: str
    def __init__(self, epoch: _Optional[int] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListRaceEventsResponse(_message.Message):
    __slots__ = ("events", "next_page_token")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[RaceEvent]
    next_page_token: str
    def __init__(self, events: _Optional[_Iterable[_Union[RaceEvent, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class OddityRecord(_message.Message):
    __slots__ = ("oddity_id", "kind", "time_ms", "relay_id", "tracker", "bib", "distance_m", "clock_offset_ms", "epoch", "sequence")
    ODDITY_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    RELAY_ID_FIELD_NUMBER: _ClassVar[int]
    TRACKER_FIELD_NUMBER: _ClassVar[int]
    BIB_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_M_FIELD_NUMBER: _ClassVar[int]
    CLOCK_OFFSET_MS_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    oddity_id: str
    kind: OddityKind
    time_ms: int
    relay_id: str
    tracker: int
    bib: int
    distance_m: int
    clock_offset_ms: int
    epoch: int
    sequence: int
    def __init__(self, oddity_id: _Optional[str] = ..., kind: _Optional[_Union[OddityKind, str]] = ..., time_ms: _Optional[int] = ..., relay_id: _Optional[str] = ..., tracker: _Optional[int] = ..., bib: _Optional[int] = ..., distance_m: _Optional[int] = ..., clock_offset_ms: _Optional[int] = ..., epoch: _Optional[int] = ..., sequence: _Optional[int] = ...) -> None: ...
