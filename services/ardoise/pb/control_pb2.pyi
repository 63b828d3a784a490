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

class IncidentKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INCIDENT_KIND_UNSPECIFIED: _ClassVar[IncidentKind]
    INCIDENT_KIND_FALL: _ClassVar[IncidentKind]
    INCIDENT_KIND_PUNCTURE: _ClassVar[IncidentKind]
    INCIDENT_KIND_MECHANICAL: _ClassVar[IncidentKind]
INCIDENT_KIND_UNSPECIFIED: IncidentKind
INCIDENT_KIND_FALL: IncidentKind
INCIDENT_KIND_PUNCTURE: IncidentKind
INCIDENT_KIND_MECHANICAL: IncidentKind

class Decision(_message.Message):
    __slots__ = ("decision_id", "author", "reason", "effective_time_ms", "start", "neutralise", "stop", "resume", "abandon", "finish", "assign", "correct", "undo", "incident")
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    NEUTRALISE_FIELD_NUMBER: _ClassVar[int]
    STOP_FIELD_NUMBER: _ClassVar[int]
    RESUME_FIELD_NUMBER: _ClassVar[int]
    ABANDON_FIELD_NUMBER: _ClassVar[int]
    FINISH_FIELD_NUMBER: _ClassVar[int]
    ASSIGN_FIELD_NUMBER: _ClassVar[int]
    CORRECT_FIELD_NUMBER: _ClassVar[int]
    UNDO_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    author: str
    reason: str
    effective_time_ms: int
    start: StartRace
    neutralise: NeutraliseRace
    stop: StopRace
    resume: ResumeRace
    abandon: AbandonRider
    finish: FinishRace
    assign: AssignTracker
    correct: CorrectResult
    undo: UndoDecision
    incident: RecordIncident
    def __init__(self, decision_id: _Optional[str] = ..., author: _Optional[str] = ..., reason: _Optional[str] = ..., effective_time_ms: _Optional[int] = ..., start: _Optional[_Union[StartRace, _Mapping]] = ..., neutralise: _Optional[_Union[NeutraliseRace, _Mapping]] = ..., stop: _Optional[_Union[StopRace, _Mapping]] = ..., resume: _Optional[_Union[ResumeRace, _Mapping]] = ..., abandon: _Optional[_Union[AbandonRider, _Mapping]] = ..., finish: _Optional[_Union[FinishRace, _Mapping]] = ..., assign: _Optional[_Union[AssignTracker, _Mapping]] = ..., correct: _Optional[_Union[CorrectResult, _Mapping]] = ..., undo: _Optional[_Union[UndoDecision, _Mapping]] = ..., incident: _Optional[_Union[RecordIncident, _Mapping]] = ...) -> None: ...

class StartRace(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class NeutraliseRace(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class StopRace(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ResumeRace(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class FinishRace(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class AbandonRider(_message.Message):
    __slots__ = ("bib",)
    BIB_FIELD_NUMBER: _ClassVar[int]
    bib: int
    def __init__(self, bib: _Optional[int] = ...) -> None: ...

class AssignTracker(_message.Message):
    __slots__ = ("tracker", "bib")
    TRACKER_FIELD_NUMBER: _ClassVar[int]
    BIB_FIELD_NUMBER: _ClassVar[int]
    tracker: int
    bib: int
    def __init__(self, tracker: _Optional[int] = ..., bib: _Optional[int] = ...) -> None: ...

class CorrectResult(_message.Message):
    __slots__ = ("bib", "finish_time_ms")
    BIB_FIELD_NUMBER: _ClassVar[int]
    FINISH_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    bib: int
    finish_time_ms: int
    def __init__(self, bib: _Optional[int] = ..., finish_time_ms: _Optional[int] = ...) -> None: ...

class RecordIncident(_message.Message):
    __slots__ = ("bib", "kind")
    BIB_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    bib: int
    kind: IncidentKind
    def __init__(self, bib: _Optional[int] = ..., kind: _Optional[_Union[IncidentKind, str]] = ...) -> None: ...

class UndoDecision(_message.Message):
    __slots__ = ("decision_id",)
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    def __init__(self, decision_id: _Optional[str] = ...) -> None: ...

class LoadStageRequest(_message.Message):
    __slots__ = ("request_id", "setup")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    SETUP_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    setup: _setup_pb2.StageSetup
    def __init__(self, request_id: _Optional[str] = ..., setup: _Optional[_Union[_setup_pb2.StageSetup, _Mapping]] = ...) -> None: ...

class LoadStageResponse(_message.Message):
    __slots__ = ("epoch",)
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    def __init__(self, epoch: _Optional[int] = ...) -> None: ...

class ActivateStageRequest(_message.Message):
    __slots__ = ("request_id", "epoch")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    epoch: int
    def __init__(self, request_id: _Optional[str] = ..., epoch: _Optional[int] = ...) -> None: ...

class ActivateStageResponse(_message.Message):
    __slots__ = ("position",)
    POSITION_FIELD_NUMBER: _ClassVar[int]
    position: _common_pb2.ResumeToken
    def __init__(self, position: _Optional[_Union[_common_pb2.ResumeToken, _Mapping]] = ...) -> None: ...

class ListStagesRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class StageLog(_message.Message):
    __slots__ = ("epoch", "stage_id", "stage_name", "active", "last_sequence")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    STAGE_ID_FIELD_NUMBER: _ClassVar[int]
    STAGE_NAME_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    LAST_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    stage_id: str
    stage_name: str
    active: bool
    last_sequence: int
    def __init__(self, epoch: _Optional[int] = ..., stage_id: _Optional[str] = ..., stage_name: _Optional[str] = ..., active: _Optional[bool] = ..., last_sequence: _Optional[int] = ...) -> None: ...

class ListStagesResponse(_message.Message):
    __slots__ = ("stages", "next_page_token")
    STAGES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    stages: _containers.RepeatedCompositeFieldContainer[StageLog]
    next_page_token: str
    def __init__(self, stages: _Optional[_Iterable[_Union[StageLog, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RecordDecisionRequest(_message.Message):
    __slots__ = ("request_id", "epoch", "decision")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    epoch: int
    decision: Decision
    def __init__(self, request_id: _Optional[str] = ..., epoch: _Optional[int] = ..., decision: _Optional[_Union[Decision, _Mapping]] = ...) -> None: ...

class RecordDecisionResponse(_message.Message):
    __slots__ = ("decision", "position")
    DECISION_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    decision: Decision
    position: _common_pb2.ResumeToken
    def __init__(self, decision: _Optional[_Union[Decision, _Mapping]] = ..., position: _Optional[_Union[_common_pb2.ResumeToken, _Mapping]] = ...) -> None: ...

class ListDecisionsRequest(_message.Message):
    __slots__ = ("epoch", "page_size", "page_token")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    page_size: int
    page_token: str
    def __init__(self, epoch: _Optional[int] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class RecordedDecision(_message.Message):
    __slots__ = ("decision", "position", "undone_by")
    DECISION_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    UNDONE_BY_FIELD_NUMBER: _ClassVar[int]
    decision: Decision
    position: _common_pb2.ResumeToken
    undone_by: str
    def __init__(self, decision: _Optional[_Union[Decision, _Mapping]] = ..., position: _Optional[_Union[_common_pb2.ResumeToken, _Mapping]] = ..., undone_by: _Optional[str] = ...) -> None: ...

class ListDecisionsResponse(_message.Message):
    __slots__ = ("decisions", "next_page_token")
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    decisions: _containers.RepeatedCompositeFieldContainer[RecordedDecision]
    next_page_token: str
    def __init__(self, decisions: _Optional[_Iterable[_Union[RecordedDecision, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListAssignmentsRequest(_message.Message):
    __slots__ = ("epoch", "page_size", "page_token")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    page_size: int
    page_token: str
    def __init__(self, epoch: _Optional[int] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListAssignmentsResponse(_message.Message):
    __slots__ = ("assignments", "next_page_token")
    ASSIGNMENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    assignments: _containers.RepeatedCompositeFieldContainer[_setup_pb2.TrackerAssignment]
    next_page_token: str
    def __init__(self, assignments: _Optional[_Iterable[_Union[_setup_pb2.TrackerAssignment, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RecordWeatherRequest(_message.Message):
    __slots__ = ("request_id", "epoch", "report")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    epoch: int
    report: _weather_pb2.WeatherReport
    def __init__(self, request_id: _Optional[str] = ..., epoch: _Optional[int] = ..., report: _Optional[_Union[_weather_pb2.WeatherReport, _Mapping]] = ...) -> None: ...

class RecordWeatherResponse(_message.Message):
    __slots__ = ("report", "position")
    REPORT_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    report: _weather_pb2.WeatherReport
    position: _common_pb2.ResumeToken
    def __init__(self, report: _Optional[_Union[_weather_pb2.WeatherReport, _Mapping]] = ..., position: _Optional[_Union[_common_pb2.ResumeToken, _Mapping]] = ...) -> None: ...
