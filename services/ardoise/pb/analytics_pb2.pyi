from ardoise.pb import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PredictionReason(_message.Message):
    __slots__ = ("code", "value", "unit")
    CODE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    code: str
    value: float
    unit: str
    def __init__(self, code: _Optional[str] = ..., value: _Optional[float] = ..., unit: _Optional[str] = ...) -> None: ...

class CatchPrediction(_message.Message):
    __slots__ = ("prediction_id", "group_id", "bibs", "gap_ms", "to_go_cm", "catch_probability", "catch_to_go_m", "gap_at_line_s", "reasons")
    PREDICTION_ID_FIELD_NUMBER: _ClassVar[int]
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    BIBS_FIELD_NUMBER: _ClassVar[int]
    GAP_MS_FIELD_NUMBER: _ClassVar[int]
    TO_GO_CM_FIELD_NUMBER: _ClassVar[int]
    CATCH_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    CATCH_TO_GO_M_FIELD_NUMBER: _ClassVar[int]
    GAP_AT_LINE_S_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    prediction_id: str
    group_id: int
    bibs: _containers.RepeatedScalarFieldContainer[int]
    gap_ms: int
    to_go_cm: int
    catch_probability: float
    catch_to_go_m: _containers.RepeatedScalarFieldContainer[float]
    gap_at_line_s: _containers.RepeatedScalarFieldContainer[float]
    reasons: _containers.RepeatedCompositeFieldContainer[PredictionReason]
    def __init__(self, prediction_id: _Optional[str] = ..., group_id: _Optional[int] = ..., bibs: _Optional[_Iterable[int]] = ..., gap_ms: _Optional[int] = ..., to_go_cm: _Optional[int] = ..., catch_probability: _Optional[float] = ..., catch_to_go_m: _Optional[_Iterable[float]] = ..., gap_at_line_s: _Optional[_Iterable[float]] = ..., reasons: _Optional[_Iterable[_Union[PredictionReason, _Mapping]]] = ...) -> None: ...

class FinishTypePrediction(_message.Message):
    __slots__ = ("prediction_id", "solo", "small_group", "bunch_sprint", "reasons")
    PREDICTION_ID_FIELD_NUMBER: _ClassVar[int]
    SOLO_FIELD_NUMBER: _ClassVar[int]
    SMALL_GROUP_FIELD_NUMBER: _ClassVar[int]
    BUNCH_SPRINT_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    prediction_id: str
    solo: float
    small_group: float
    bunch_sprint: float
    reasons: _containers.RepeatedCompositeFieldContainer[PredictionReason]
    def __init__(self, prediction_id: _Optional[str] = ..., solo: _Optional[float] = ..., small_group: _Optional[float] = ..., bunch_sprint: _Optional[float] = ..., reasons: _Optional[_Iterable[_Union[PredictionReason, _Mapping]]] = ...) -> None: ...

class PredictionSet(_message.Message):
    __slots__ = ("snapshot", "race_time_ms", "data_age_ms", "model_version", "catches", "finish_type")
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    RACE_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    DATA_AGE_MS_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    CATCHES_FIELD_NUMBER: _ClassVar[int]
    FINISH_TYPE_FIELD_NUMBER: _ClassVar[int]
    snapshot: _common_pb2.SnapshotName
    race_time_ms: int
    data_age_ms: int
    model_version: str
    catches: _containers.RepeatedCompositeFieldContainer[CatchPrediction]
    finish_type: FinishTypePrediction
    def __init__(self, snapshot: _Optional[_Union[_common_pb2.SnapshotName, _Mapping]] = ..., race_time_ms: _Optional[int] = ..., data_age_ms: _Optional[int] = ..., model_version: _Optional[str] = ..., catches: _Optional[_Iterable[_Union[CatchPrediction, _Mapping]]] = ..., finish_type: _Optional[_Union[FinishTypePrediction, _Mapping]] = ...) -> None: ...

class GetPredictionsRequest(_message.Message):
    __slots__ = ("epoch",)
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    def __init__(self, epoch: _Optional[int] = ...) -> None: ...

class GetPredictionsResponse(_message.Message):
    __slots__ = ("predictions",)
    PREDICTIONS_FIELD_NUMBER: _ClassVar[int]
    predictions: PredictionSet
    def __init__(self, predictions: _Optional[_Union[PredictionSet, _Mapping]] = ...) -> None: ...

class WatchPredictionsRequest(_message.Message):
    __slots__ = ("after",)
    AFTER_FIELD_NUMBER: _ClassVar[int]
    after: _common_pb2.ResumeToken
    def __init__(self, after: _Optional[_Union[_common_pb2.ResumeToken, _Mapping]] = ...) -> None: ...

class PredictionHeartbeat(_message.Message):
    __slots__ = ("position",)
    POSITION_FIELD_NUMBER: _ClassVar[int]
    position: _common_pb2.ResumeToken
    def __init__(self, position: _Optional[_Union[_common_pb2.ResumeToken, _Mapping]] = ...) -> None: ...

class WatchPredictionsResponse(_message.Message):
    __slots__ = ("resume", "predictions", "heartbeat")
    RESUME_FIELD_NUMBER: _ClassVar[int]
    PREDICTIONS_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    resume: _common_pb2.ResumeToken
    predictions: PredictionSet
    heartbeat: PredictionHeartbeat
    def __init__(self, resume: _Optional[_Union[_common_pb2.ResumeToken, _Mapping]] = ..., predictions: _Optional[_Union[PredictionSet, _Mapping]] = ..., heartbeat: _Optional[_Union[PredictionHeartbeat, _Mapping]] = ...) -> None: ...
