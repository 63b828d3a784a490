"""Makes the predictions of each second of the race and keeps the minutes that they are made from."""

import time
from collections import OrderedDict, deque

from ardoise.analytics.contract import prediction_set, road_of, view_of
from ardoise.analytics.domain.closing import WINDOW_S
from ardoise.analytics.domain.forecast import forecast
from ardoise.analytics.domain.pursuit import PursuitModel
from ardoise.analytics.domain.view import RaceView, Road
from ardoise.chassis.newest import Newest
from ardoise.chassis.telemetry import counter, gauge, histogram
from ardoise.pb import analytics_pb2, common_pb2, race_pb2, setup_pb2

MOST_VIEWS = int(WINDOW_S) + 1
"""One a second of the race; what is older than the window is not looked at."""
EPOCHS_KEPT = 4
"""The newest predictions of so many stages can still be asked for."""

_made = counter("analytics.predictions", "1", "Predictions made, by kind.")
_age = gauge("analytics.data_age", "ms", "Age of the oldest fix that the newest predictions lean on.")
_lasting = histogram("analytics.forecast_duration", "ms", "Time that the predictions of one second took.")


class Predictor:
    """State of one watcher of the race. Not for several threads.

    `newest` is what is published; `position` is the newest place in the log that was seen, predictions or not.
    """

    def __init__(self) -> None:
        self.newest: Newest[analytics_pb2.PredictionSet] = Newest()
        self.position = common_pb2.ResumeToken()
        self._model = PursuitModel()
        self._epoch = 0
        self._road: Road | None = None
        self._views: deque[RaceView] = deque(maxlen=MOST_VIEWS)
        self._by_epoch: OrderedDict[int, analytics_pb2.PredictionSet] = OrderedDict()

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
        self._by_epoch[self._epoch] = result
        self._by_epoch.move_to_end(self._epoch)
        while len(self._by_epoch) > EPOCHS_KEPT:
            self._by_epoch.popitem(last=False)
        self.newest.set(result)
        return result

    def reached(self, epoch: int, sequence: int) -> None:
        """The log goes on, also where no second of the race closes."""
        self.position = common_pb2.ResumeToken(epoch=epoch, sequence=sequence)

    def of_epoch(self, epoch: int) -> analytics_pb2.PredictionSet | None:
        """The newest predictions of a stage; epoch 0: of the live one."""
        return self.newest.value if epoch == 0 else self._by_epoch.get(epoch)
