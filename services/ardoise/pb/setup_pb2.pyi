from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FeatureKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FEATURE_KIND_UNSPECIFIED: _ClassVar[FeatureKind]
    FEATURE_KIND_CLIMB: _ClassVar[FeatureKind]
    FEATURE_KIND_SPRINT: _ClassVar[FeatureKind]
    FEATURE_KIND_TIME_CHECK: _ClassVar[FeatureKind]
    FEATURE_KIND_FEED: _ClassVar[FeatureKind]

class Jersey(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    JERSEY_UNSPECIFIED: _ClassVar[Jersey]
    JERSEY_GENERAL: _ClassVar[Jersey]
    JERSEY_POINTS: _ClassVar[Jersey]
    JERSEY_MOUNTAINS: _ClassVar[Jersey]
    JERSEY_YOUNG: _ClassVar[Jersey]

class PointsClassification(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    POINTS_CLASSIFICATION_UNSPECIFIED: _ClassVar[PointsClassification]
    POINTS_CLASSIFICATION_POINTS: _ClassVar[PointsClassification]
    POINTS_CLASSIFICATION_MOUNTAINS: _ClassVar[PointsClassification]

class ClockSource(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CLOCK_SOURCE_UNSPECIFIED: _ClassVar[ClockSource]
    CLOCK_SOURCE_WALL: _ClassVar[ClockSource]
    CLOCK_SOURCE_FEED: _ClassVar[ClockSource]
FEATURE_KIND_UNSPECIFIED: FeatureKind
FEATURE_KIND_CLIMB: FeatureKind
FEATURE_KIND_SPRINT: FeatureKind
FEATURE_KIND_TIME_CHECK: FeatureKind
FEATURE_KIND_FEED: FeatureKind
JERSEY_UNSPECIFIED: Jersey
JERSEY_GENERAL: Jersey
JERSEY_POINTS: Jersey
JERSEY_MOUNTAINS: Jersey
JERSEY_YOUNG: Jersey
POINTS_CLASSIFICATION_UNSPECIFIED: PointsClassification
POINTS_CLASSIFICATION_POINTS: PointsClassification
POINTS_CLASSIFICATION_MOUNTAINS: PointsClassification
CLOCK_SOURCE_UNSPECIFIED: ClockSource
CLOCK_SOURCE_WALL: ClockSource
CLOCK_SOURCE_FEED: ClockSource

class Feature(_message.Message):
    __slots__ = ("kind", "name", "distance_cm", "length_cm", "category")
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_CM_FIELD_NUMBER: _ClassVar[int]
    LENGTH_CM_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    kind: FeatureKind
    name: str
    distance_cm: int
    length_cm: int
    category: str
    def __init__(self, kind: _Optional[_Union[FeatureKind, str]] = ..., name: _Optional[str] = ..., distance_cm: _Optional[int] = ..., length_cm: _Optional[int] = ..., category: _Optional[str] = ...) -> None: ...

class Route(_message.Message):
    __slots__ = ("content_hash", "latitude_e7", "longitude_e7", "elevation_cm", "distance_cm", "finish_cm", "features", "longitude_scale_e9")
    CONTENT_HASH_FIELD_NUMBER: _ClassVar[int]
    LATITUDE_E7_FIELD_NUMBER: _ClassVar[int]
    LONGITUDE_E7_FIELD_NUMBER: _ClassVar[int]
    ELEVATION_CM_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_CM_FIELD_NUMBER: _ClassVar[int]
    FINISH_CM_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    LONGITUDE_SCALE_E9_FIELD_NUMBER: _ClassVar[int]
    content_hash: str
    latitude_e7: _containers.RepeatedScalarFieldContainer[int]
    longitude_e7: _containers.RepeatedScalarFieldContainer[int]
    elevation_cm: _containers.RepeatedScalarFieldContainer[int]
    distance_cm: _containers.RepeatedScalarFieldContainer[int]
    finish_cm: int
    features: _containers.RepeatedCompositeFieldContainer[Feature]
    longitude_scale_e9: int
    def __init__(self, content_hash: _Optional[str] = ..., latitude_e7: _Optional[_Iterable[int]] = ..., longitude_e7: _Optional[_Iterable[int]] = ..., elevation_cm: _Optional[_Iterable[int]] = ..., distance_cm: _Optional[_Iterable[int]] = ..., finish_cm: _Optional[int] = ..., features: _Optional[_Iterable[_Union[Feature, _Mapping]]] = ..., longitude_scale_e9: _Optional[int] = ...) -> None: ...

class Team(_message.Message):
    __slots__ = ("code", "name", "colour")
    CODE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    COLOUR_FIELD_NUMBER: _ClassVar[int]
    code: str
    name: str
    colour: str
    def __init__(self, code: _Optional[str] = ..., name: _Optional[str] = ..., colour: _Optional[str] = ...) -> None: ...

class Rider(_message.Message):
    __slots__ = ("bib", "family_name", "given_name", "team_code", "nationality", "jerseys", "young")
    BIB_FIELD_NUMBER: _ClassVar[int]
    FAMILY_NAME_FIELD_NUMBER: _ClassVar[int]
    GIVEN_NAME_FIELD_NUMBER: _ClassVar[int]
    TEAM_CODE_FIELD_NUMBER: _ClassVar[int]
    NATIONALITY_FIELD_NUMBER: _ClassVar[int]
    JERSEYS_FIELD_NUMBER: _ClassVar[int]
    YOUNG_FIELD_NUMBER: _ClassVar[int]
    bib: int
    family_name: str
    given_name: str
    team_code: str
    nationality: str
    jerseys: _containers.RepeatedScalarFieldContainer[Jersey]
    young: bool
    def __init__(self, bib: _Optional[int] = ..., family_name: _Optional[str] = ..., given_name: _Optional[str] = ..., team_code: _Optional[str] = ..., nationality: _Optional[str] = ..., jerseys: _Optional[_Iterable[_Union[Jersey, str]]] = ..., young: _Optional[bool] = ...) -> None: ...

class TrackerAssignment(_message.Message):
    __slots__ = ("tracker", "bib", "valid_from_ms", "valid_until_ms")
    TRACKER_FIELD_NUMBER: _ClassVar[int]
    BIB_FIELD_NUMBER: _ClassVar[int]
    VALID_FROM_MS_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_MS_FIELD_NUMBER: _ClassVar[int]
    tracker: int
    bib: int
    valid_from_ms: int
    valid_until_ms: int
    def __init__(self, tracker: _Optional[int] = ..., bib: _Optional[int] = ..., valid_from_ms: _Optional[int] = ..., valid_until_ms: _Optional[int] = ...) -> None: ...

class Award(_message.Message):
    __slots__ = ("name", "distance_cm", "classification", "points", "bonus_s")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_CM_FIELD_NUMBER: _ClassVar[int]
    CLASSIFICATION_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    BONUS_S_FIELD_NUMBER: _ClassVar[int]
    name: str
    distance_cm: int
    classification: PointsClassification
    points: _containers.RepeatedScalarFieldContainer[int]
    bonus_s: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, name: _Optional[str] = ..., distance_cm: _Optional[int] = ..., classification: _Optional[_Union[PointsClassification, str]] = ..., points: _Optional[_Iterable[int]] = ..., bonus_s: _Optional[_Iterable[int]] = ...) -> None: ...

class StageRules(_message.Message):
    __slots__ = ("bunch_sprint", "last_km_cm", "awards")
    BUNCH_SPRINT_FIELD_NUMBER: _ClassVar[int]
    LAST_KM_CM_FIELD_NUMBER: _ClassVar[int]
    AWARDS_FIELD_NUMBER: _ClassVar[int]
    bunch_sprint: bool
    last_km_cm: int
    awards: _containers.RepeatedCompositeFieldContainer[Award]
    def __init__(self, bunch_sprint: _Optional[bool] = ..., last_km_cm: _Optional[int] = ..., awards: _Optional[_Iterable[_Union[Award, _Mapping]]] = ...) -> None: ...

class StandingBefore(_message.Message):
    __slots__ = ("bib", "team_code", "general_s", "points", "mountains")
    BIB_FIELD_NUMBER: _ClassVar[int]
    TEAM_CODE_FIELD_NUMBER: _ClassVar[int]
    GENERAL_S_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    MOUNTAINS_FIELD_NUMBER: _ClassVar[int]
    bib: int
    team_code: str
    general_s: int
    points: int
    mountains: int
    def __init__(self, bib: _Optional[int] = ..., team_code: _Optional[str] = ..., general_s: _Optional[int] = ..., points: _Optional[int] = ..., mountains: _Optional[int] = ...) -> None: ...

class StageSetup(_message.Message):
    __slots__ = ("stage_id", "event_name", "stage_name", "planned_start_ms", "route", "teams", "riders", "assignments", "signal_timeout_ms", "clock_source", "event_file_hash", "rules", "standings_before")
    STAGE_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_NAME_FIELD_NUMBER: _ClassVar[int]
    STAGE_NAME_FIELD_NUMBER: _ClassVar[int]
    PLANNED_START_MS_FIELD_NUMBER: _ClassVar[int]
    ROUTE_FIELD_NUMBER: _ClassVar[int]
    TEAMS_FIELD_NUMBER: _ClassVar[int]
    RIDERS_FIELD_NUMBER: _ClassVar[int]
    ASSIGNMENTS_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    CLOCK_SOURCE_FIELD_NUMBER: _ClassVar[int]
    EVENT_FILE_HASH_FIELD_NUMBER: _ClassVar[int]
    RULES_FIELD_NUMBER: _ClassVar[int]
    STANDINGS_BEFORE_FIELD_NUMBER: _ClassVar[int]
    stage_id: str
    event_name: str
    stage_name: str
    planned_start_ms: int
    route: Route
    teams: _containers.RepeatedCompositeFieldContainer[Team]
    riders: _containers.RepeatedCompositeFieldContainer[Rider]
    assignments: _containers.RepeatedCompositeFieldContainer[TrackerAssignment]
    signal_timeout_ms: int
    clock_source: ClockSource
    event_file_hash: str
    rules: StageRules
    standings_before: _containers.RepeatedCompositeFieldContainer[StandingBefore]
    def __init__(self, stage_id: _Optional[str] = ..., event_name: _Optional[str] = ..., stage_name: _Optional[str] = ..., planned_start_ms: _Optional[int] = ..., route: _Optional[_Union[Route, _Mapping]] = ..., teams: _Optional[_Iterable[_Union[Team, _Mapping]]] = ..., riders: _Optional[_Iterable[_Union[Rider, _Mapping]]] = ..., assignments: _Optional[_Iterable[_Union[TrackerAssignment, _Mapping]]] = ..., signal_timeout_ms: _Optional[int] = ..., clock_source: _Optional[_Union[ClockSource, str]] = ..., event_file_hash: _Optional[str] = ..., rules: _Optional[_Union[StageRules, _Mapping]] = ..., standings_before: _Optional[_Iterable[_Union[StandingBefore, _Mapping]]] = ...) -> None: ...
