"""Makes the predictions of each second of the race and keeps the minutes that they are made from."""

import time
from collections import deque

from ardoise.analytics.contract import prediction_set, road_of, view_of
from ardoise.analytics.domain.closing import WINDOW_S
from ardoise.analytics.domain.forecast import forecast
from ardoise.analytics.domain.pursuit import PursuitModel
from ardoise.analytics.domain.view import RaceView, Road
from ardoise.analytics.newest_of_stages import NewestOfStages
from ardoise.chassis.telemetry import counter, gauge, histogram
from ardoise.pb import analytics_pb2, common_pb2, race_pb2, setup_pb2

MOST_VIEWS = int(WINDOW_S) + 1
"""One a second of the race; what is older than the window is not looked at."""

_made = counter("analytics.predictions", "1", "Predictions made, by kind.")
_age = gauge("analytics.data_age", "ms", "Age of the oldest fix that the newest predictions lean on.")
_lasting = histogram("analytics.forecast_duration", "ms", "Time that the predictions of one second took.")


class Predictor(NewestOfStages[analytics_pb2.PredictionSet]):
    """State of one watcher of the race. Not for several threads."""

    def __init__(self) -> None:
        super().__init__()
        self._model = PursuitModel()
        self._epoch = 0
        self._road: Road | None = None
        self._views: deque[RaceView] = deque(maxlen=MOST_VIEWS)

    def knows_stage(self, epoch: int) -> bool:
        """Whether the road of that log is here."""
        return epoch == self._epoch and self._road is not None

    def begin_stage(self, epoch: int, setup: setup_pb2.StageSetup) -> None:
        """Another stage: its road, and nothing seen on it yet."""
        self._epoch, self._road = epoch, road_of(setup.route)
        self._views.clear()

    def take(self, snapshot: race_pb2.Snapshot) -> analytics_pb2.PredictionSet | None:
        """Predicts from a snapshot of the stage that was begun and publishes it.

        None: this second of the race was predicted already.
        """
        assert self._road is not None
        self.reached(snapshot.name.epoch, snapshot.name.sequence)
        # Ticks close more often; live this is the tick of the whole second, the same one at every site.
        if self._views and snapshot.race_time_ms // 1000 <= int(self._views[-1].race_time_s):
            return None
        self._views.append(view_of(snapshot))
        started = time.perf_counter()
        racing = snapshot.race_state in (common_pb2.RACE_STATE_RACING, common_pb2.RACE_STATE_FINISHED)
        made = forecast(self._views, self._road, self._model) if racing else None
        result = prediction_set(snapshot, made)
        _lasting.record(1000 * (time.perf_counter() - started))
        _made.add(len(result.catches), {"kind": "catch"})
        _made.add(int(result.HasField("finish_type")), {"kind": "finish_type"})
        _age.set(result.data_age_ms)
        self.publish(self._epoch, result)
        return result
