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

class RiderValues(_message.Message):
    __slots__ = ("bib", "speed_kmh", "acceleration_mps2", "speed_60s_kmh", "speed_1km_kmh", "speed_5km_kmh", "speed_20km_kmh", "speed_race_kmh", "speed_max_kmh", "distance_km", "standing_s", "followed_s", "data_age_s", "gradient_percent", "gradient_next_km_percent", "steepest_next_km_percent", "elevation_m", "ascent_done_m", "ascent_left_m", "descent_left_m", "heading_deg", "to_go_km", "time_to_go_s", "arrival_time_ms", "next_feature", "next_feature_km", "next_feature_s", "next_sprint_km", "next_climb_km", "climb_to_top_km", "climb_done_percent", "climb_gradient_left_percent", "climb_ascent_left_m", "climb_time_s", "climb_vam_m_per_h", "climb_top_s", "vam_5min_m_per_h", "place", "riders_ahead", "to_head_m", "gap_s", "gap_trend_s_per_min", "group_number", "group_place", "group_riders", "group_teammates", "group_s", "group_front_m", "gap_ahead_s", "gap_ahead_trend_s_per_min", "gap_behind_s", "gap_behind_trend_s_per_min", "gap_peloton_s", "gap_peloton_trend_s_per_min", "won_1km_s", "won_5km_s", "won_20km_s", "won_peloton_1km_s", "won_peloton_5km_s", "won_peloton_20km_s", "power_low_w", "power_high_w", "power_low_wpkg", "power_high_wpkg", "work_low_kj", "work_high_kj", "effort_low_percent", "effort_high_percent", "drag_low_percent", "drag_high_percent", "front_s", "front_peloton_s", "alone_s", "breakaway_s", "wind_along_mps", "wind_across_mps", "wind_along_5km_mps", "air_speed_mps", "temperature_c", "air_density_kgpm3", "wbgt_c")
    BIB_FIELD_NUMBER: _ClassVar[int]
    SPEED_KMH_FIELD_NUMBER: _ClassVar[int]
    ACCELERATION_MPS2_FIELD_NUMBER: _ClassVar[int]
    SPEED_60S_KMH_FIELD_NUMBER: _ClassVar[int]
    SPEED_1KM_KMH_FIELD_NUMBER: _ClassVar[int]
    SPEED_5KM_KMH_FIELD_NUMBER: _ClassVar[int]
    SPEED_20KM_KMH_FIELD_NUMBER: _ClassVar[int]
    SPEED_RACE_KMH_FIELD_NUMBER: _ClassVar[int]
    SPEED_MAX_KMH_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_KM_FIELD_NUMBER: _ClassVar[int]
    STANDING_S_FIELD_NUMBER: _ClassVar[int]
    FOLLOWED_S_FIELD_NUMBER: _ClassVar[int]
    DATA_AGE_S_FIELD_NUMBER: _ClassVar[int]
    GRADIENT_PERCENT_FIELD_NUMBER: _ClassVar[int]
    GRADIENT_NEXT_KM_PERCENT_FIELD_NUMBER: _ClassVar[int]
    STEEPEST_NEXT_KM_PERCENT_FIELD_NUMBER: _ClassVar[int]
    ELEVATION_M_FIELD_NUMBER: _ClassVar[int]
    ASCENT_DONE_M_FIELD_NUMBER: _ClassVar[int]
    ASCENT_LEFT_M_FIELD_NUMBER: _ClassVar[int]
    DESCENT_LEFT_M_FIELD_NUMBER: _ClassVar[int]
    HEADING_DEG_FIELD_NUMBER: _ClassVar[int]
    TO_GO_KM_FIELD_NUMBER: _ClassVar[int]
    TIME_TO_GO_S_FIELD_NUMBER: _ClassVar[int]
    ARRIVAL_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    NEXT_FEATURE_FIELD_NUMBER: _ClassVar[int]
    NEXT_FEATURE_KM_FIELD_NUMBER: _ClassVar[int]
    NEXT_FEATURE_S_FIELD_NUMBER: _ClassVar[int]
    NEXT_SPRINT_KM_FIELD_NUMBER: _ClassVar[int]
    NEXT_CLIMB_KM_FIELD_NUMBER: _ClassVar[int]
    CLIMB_TO_TOP_KM_FIELD_NUMBER: _ClassVar[int]
    CLIMB_DONE_PERCENT_FIELD_NUMBER: _ClassVar[int]
    CLIMB_GRADIENT_LEFT_PERCENT_FIELD_NUMBER: _ClassVar[int]
    CLIMB_ASCENT_LEFT_M_FIELD_NUMBER: _ClassVar[int]
    CLIMB_TIME_S_FIELD_NUMBER: _ClassVar[int]
    CLIMB_VAM_M_PER_H_FIELD_NUMBER: _ClassVar[int]
    CLIMB_TOP_S_FIELD_NUMBER: _ClassVar[int]
    VAM_5MIN_M_PER_H_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    RIDERS_AHEAD_FIELD_NUMBER: _ClassVar[int]
    TO_HEAD_M_FIELD_NUMBER: _ClassVar[int]
    GAP_S_FIELD_NUMBER: _ClassVar[int]
    GAP_TREND_S_PER_MIN_FIELD_NUMBER: _ClassVar[int]
    GROUP_NUMBER_FIELD_NUMBER: _ClassVar[int]
    GROUP_PLACE_FIELD_NUMBER: _ClassVar[int]
    GROUP_RIDERS_FIELD_NUMBER: _ClassVar[int]
    GROUP_TEAMMATES_FIELD_NUMBER: _ClassVar[int]
    GROUP_S_FIELD_NUMBER: _ClassVar[int]
    GROUP_FRONT_M_FIELD_NUMBER: _ClassVar[int]
    GAP_AHEAD_S_FIELD_NUMBER: _ClassVar[int]
    GAP_AHEAD_TREND_S_PER_MIN_FIELD_NUMBER: _ClassVar[int]
    GAP_BEHIND_S_FIELD_NUMBER: _ClassVar[int]
    GAP_BEHIND_TREND_S_PER_MIN_FIELD_NUMBER: _ClassVar[int]
    GAP_PELOTON_S_FIELD_NUMBER: _ClassVar[int]
    GAP_PELOTON_TREND_S_PER_MIN_FIELD_NUMBER: _ClassVar[int]
    WON_1KM_S_FIELD_NUMBER: _ClassVar[int]
    WON_5KM_S_FIELD_NUMBER: _ClassVar[int]
    WON_20KM_S_FIELD_NUMBER: _ClassVar[int]
    WON_PELOTON_1KM_S_FIELD_NUMBER: _ClassVar[int]
    WON_PELOTON_5KM_S_FIELD_NUMBER: _ClassVar[int]
    WON_PELOTON_20KM_S_FIELD_NUMBER: _ClassVar[int]
    POWER_LOW_W_FIELD_NUMBER: _ClassVar[int]
    POWER_HIGH_W_FIELD_NUMBER: _ClassVar[int]
    POWER_LOW_WPKG_FIELD_NUMBER: _ClassVar[int]
    POWER_HIGH_WPKG_FIELD_NUMBER: _ClassVar[int]
    WORK_LOW_KJ_FIELD_NUMBER: _ClassVar[int]
    WORK_HIGH_KJ_FIELD_NUMBER: _ClassVar[int]
    EFFORT_LOW_PERCENT_FIELD_NUMBER: _ClassVar[int]
    EFFORT_HIGH_PERCENT_FIELD_NUMBER: _ClassVar[int]
    DRAG_LOW_PERCENT_FIELD_NUMBER: _ClassVar[int]
    DRAG_HIGH_PERCENT_FIELD_NUMBER: _ClassVar[int]
    FRONT_S_FIELD_NUMBER: _ClassVar[int]
    FRONT_PELOTON_S_FIELD_NUMBER: _ClassVar[int]
    ALONE_S_FIELD_NUMBER: _ClassVar[int]
    BREAKAWAY_S_FIELD_NUMBER: _ClassVar[int]
    WIND_ALONG_MPS_FIELD_NUMBER: _ClassVar[int]
    WIND_ACROSS_MPS_FIELD_NUMBER: _ClassVar[int]
    WIND_ALONG_5KM_MPS_FIELD_NUMBER: _ClassVar[int]
    AIR_SPEED_MPS_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURE_C_FIELD_NUMBER: _ClassVar[int]
    AIR_DENSITY_KGPM3_FIELD_NUMBER: _ClassVar[int]
    WBGT_C_FIELD_NUMBER: _ClassVar[int]
    bib: int
    speed_kmh: float
    acceleration_mps2: float
    speed_60s_kmh: float
    speed_1km_kmh: float
    speed_5km_kmh: float
    speed_20km_kmh: float
    speed_race_kmh: float
    speed_max_kmh: float
    distance_km: float
    standing_s: int
    followed_s: int
    data_age_s: float
    gradient_percent: float
    gradient_next_km_percent: float
    steepest_next_km_percent: float
    elevation_m: int
    ascent_done_m: int
    ascent_left_m: int
    descent_left_m: int
    heading_deg: int
    to_go_km: float
    time_to_go_s: int
    arrival_time_ms: int
    next_feature: int
    next_feature_km: float
    next_feature_s: int
    next_sprint_km: float
    next_climb_km: float
    climb_to_top_km: float
    climb_done_percent: int
    climb_gradient_left_percent: float
    climb_ascent_left_m: int
    climb_time_s: int
    climb_vam_m_per_h: int
    climb_top_s: int
    vam_5min_m_per_h: int
    place: int
    riders_ahead: int
    to_head_m: int
    gap_s: float
    gap_trend_s_per_min: float
    group_number: int
    group_place: int
    group_riders: int
    group_teammates: int
    group_s: int
    group_front_m: int
    gap_ahead_s: float
    gap_ahead_trend_s_per_min: float
    gap_behind_s: float
    gap_behind_trend_s_per_min: float
    gap_peloton_s: float
    gap_peloton_trend_s_per_min: float
    won_1km_s: float
    won_5km_s: float
    won_20km_s: float
    won_peloton_1km_s: float
    won_peloton_5km_s: float
    won_peloton_20km_s: float
    power_low_w: int
    power_high_w: int
    power_low_wpkg: float
    power_high_wpkg: float
    work_low_kj: int
    work_high_kj: int
    effort_low_percent: int
    effort_high_percent: int
    drag_low_percent: int
    drag_high_percent: int
    front_s: int
    front_peloton_s: int
    alone_s: int
    breakaway_s: int
    wind_along_mps: float
    wind_across_mps: float
    wind_along_5km_mps: float
    air_speed_mps: float
    temperature_c: float
    air_density_kgpm3: float
    wbgt_c: int
    def __init__(self, bib: _Optional[int] = ..., speed_kmh: _Optional[float] = ..., acceleration_mps2: _Optional[float] = ..., speed_60s_kmh: _Optional[float] = ..., speed_1km_kmh: _Optional[float] = ..., speed_5km_kmh: _Optional[float] = ..., speed_20km_kmh: _Optional[float] = ..., speed_race_kmh: _Optional[float] = ..., speed_max_kmh: _Optional[float] = ..., distance_km: _Optional[float] = ..., standing_s: _Optional[int] = ..., followed_s: _Optional[int] = ..., data_age_s: _Optional[float] = ..., gradient_percent: _Optional[float] = ..., gradient_next_km_percent: _Optional[float] = ..., steepest_next_km_percent: _Optional[float] = ..., elevation_m: _Optional[int] = ..., ascent_done_m: _Optional[int] = ..., ascent_left_m: _Optional[int] = ..., descent_left_m: _Optional[int] = ..., heading_deg: _Optional[int] = ..., to_go_km: _Optional[float] = ..., time_to_go_s: _Optional[int] = ..., arrival_time_ms: _Optional[int] = ..., next_feature: _Optional[int] = ..., next_feature_km: _Optional[float] = ..., next_feature_s: _Optional[int] = ..., next_sprint_km: _Optional[float] = ..., next_climb_km: _Optional[float] = ..., climb_to_top_km: _Optional[float] = ..., climb_done_percent: _Optional[int] = ..., climb_gradient_left_percent: _Optional[float] = ..., climb_ascent_left_m: _Optional[int] = ..., climb_time_s: _Optional[int] = ..., climb_vam_m_per_h: _Optional[int] = ..., climb_top_s: _Optional[int] = ..., vam_5min_m_per_h: _Optional[int] = ..., place: _Optional[int] = ..., riders_ahead: _Optional[int] = ..., to_head_m: _Optional[int] = ..., gap_s: _Optional[float] = ..., gap_trend_s_per_min: _Optional[float] = ..., group_number: _Optional[int] = ..., group_place: _Optional[int] = ..., group_riders: _Optional[int] = ..., group_teammates: _Optional[int] = ..., group_s: _Optional[int] = ..., group_front_m: _Optional[int] = ..., gap_ahead_s: _Optional[float] = ..., gap_ahead_trend_s_per_min: _Optional[float] = ..., gap_behind_s: _Optional[float] = ..., gap_behind_trend_s_per_min: _Optional[float] = ..., gap_peloton_s: _Optional[float] = ..., gap_peloton_trend_s_per_min: _Optional[float] = ..., won_1km_s: _Optional[float] = ..., won_5km_s: _Optional[float] = ..., won_20km_s: _Optional[float] = ..., won_peloton_1km_s: _Optional[float] = ..., won_peloton_5km_s: _Optional[float] = ..., won_peloton_20km_s: _Optional[float] = ..., power_low_w: _Optional[int] = ..., power_high_w: _Optional[int] = ..., power_low_wpkg: _Optional[float] = ..., power_high_wpkg: _Optional[float] = ..., work_low_kj: _Optional[int] = ..., work_high_kj: _Optional[int] = ..., effort_low_percent: _Optional[int] = ..., effort_high_percent: _Optional[int] = ..., drag_low_percent: _Optional[int] = ..., drag_high_percent: _Optional[int] = ..., front_s: _Optional[int] = ..., front_peloton_s: _Optional[int] = ..., alone_s: _Optional[int] = ..., breakaway_s: _Optional[int] = ..., wind_along_mps: _Optional[float] = ..., wind_across_mps: _Optional[float] = ..., wind_along_5km_mps: _Optional[float] = ..., air_speed_mps: _Optional[float] = ..., temperature_c: _Optional[float] = ..., air_density_kgpm3: _Optional[float] = ..., wbgt_c: _Optional[int] = ...) -> None: ...

class RiderValuesSet(_message.Message):
    __slots__ = ("snapshot", "race_time_ms", "riders")
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    RACE_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    RIDERS_FIELD_NUMBER: _ClassVar[int]
    snapshot: _common_pb2.SnapshotName
    race_time_ms: int
    riders: _containers.RepeatedCompositeFieldContainer[RiderValues]
    def __init__(self, snapshot: _Optional[_Union[_common_pb2.SnapshotName, _Mapping]] = ..., race_time_ms: _Optional[int] = ..., riders: _Optional[_Iterable[_Union[RiderValues, _Mapping]]] = ...) -> None: ...

class GetRiderValuesRequest(_message.Message):
    __slots__ = ("epoch", "bib")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    BIB_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    bib: int
    def __init__(self, epoch: _Optional[int] = ..., bib: _Optional[int] = ...) -> None: ...

class GetRiderValuesResponse(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: RiderValuesSet
    def __init__(self, values: _Optional[_Union[RiderValuesSet, _Mapping]] = ...) -> None: ...

class WatchRiderValuesRequest(_message.Message):
    __slots__ = ("after", "bib")
    AFTER_FIELD_NUMBER: _ClassVar[int]
    BIB_FIELD_NUMBER: _ClassVar[int]
    after: _common_pb2.ResumeToken
    bib: int
    def __init__(self, after: _Optional[_Union[_common_pb2.ResumeToken, _Mapping]] = ..., bib: _Optional[int] = ...) -> None: ...

class WatchRiderValuesResponse(_message.Message):
    __slots__ = ("resume", "values", "heartbeat")
    RESUME_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    resume: _common_pb2.ResumeToken
    values: RiderValuesSet
    heartbeat: PredictionHeartbeat
    def __init__(self, resume: _Optional[_Union[_common_pb2.ResumeToken, _Mapping]] = ..., values: _Optional[_Union[RiderValuesSet, _Mapping]] = ..., heartbeat: _Optional[_Union[PredictionHeartbeat, _Mapping]] = ...) -> None: ...
