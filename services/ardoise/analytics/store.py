"""Writes predictions down: rows of the table `prediction`, each once, whoever else writes them too."""

import asyncio
from collections import deque
from datetime import UTC, datetime

import structlog
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError

from ardoise.chassis.store import Store, StoreUnavailable
from ardoise.chassis.tables import Prediction
from ardoise.chassis.telemetry import counter
from ardoise.pb import analytics_pb2

MOST_WAITING = 20_000
"""Predictions kept while the database is away: over an hour of a race with four groups ahead."""
BATCH_ROWS = 500
FLUSH_EVERY_S = 1.0
LONGEST_RETRY_S = 10.0
UNDEFINED_TABLE = "42P01"

_written = counter("analytics.rows_written", "1", "Predictions handed to the database.")
_dropped = counter("analytics.rows_dropped", "1", "Predictions that were not stored, by reason.")
_log = structlog.get_logger(__name__)

Row = dict[str, object]


class PredictionStore:
    """A bounded buffer before the database. Nobody who predicts ever waits for it."""

    def __init__(self, store: Store, most_waiting: int = MOST_WAITING) -> None:
        self._store = store
        self._waiting: deque[Row] = deque()
        self._most_waiting = most_waiting
        self._writing = asyncio.Lock()

    @property
    def waiting(self) -> int:
        """Rows that are not in the database yet."""
        return len(self._waiting)

    def offer(self, predictions: analytics_pb2.PredictionSet) -> None:
        """Takes predictions in; the oldest give way when the buffer is full."""
        for row in rows_of(predictions):
            if len(self._waiting) >= self._most_waiting:
                self._waiting.popleft()
                _dropped.add(1, {"reason": "buffer_full"})
            self._waiting.append(row)

    async def flush_forever(self) -> None:
        """Writes what waits, a batch a transaction."""
        pause_s = FLUSH_EVERY_S
        while True:
            await asyncio.sleep(pause_s)
            try:
                await self.flush()
                pause_s = FLUSH_EVERY_S
            except StoreUnavailable as error:
                pause_s = min(2 * pause_s, LONGEST_RETRY_S)
                _log.warning("predictions_wait", waiting=self.waiting, retry_s=pause_s, error=str(error))

    async def flush(self) -> None:
        """Writes all that waits now. Raises StoreUnavailable; what was not written waits on."""
        async with self._writing:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(BATCH_ROWS, len(self._waiting)))]
                try:
                    async with self._store.transaction() as connection:
                        await connection.execute(insert(Prediction).on_conflict_do_nothing(), batch)
                except StoreUnavailable:
                    self._waiting.extendleft(reversed(batch))
                    raise
                except DBAPIError as error:
                    if getattr(error.orig, "sqlstate", None) == UNDEFINED_TABLE:
                        self._waiting.extendleft(reversed(batch))
                        raise StoreUnavailable("positioning's recorder has not migrated it yet") from error
                    # The database is there and refuses these rows: said again, they would be refused again.
                    _dropped.add(len(batch), {"reason": "refused"})
                    _log.error("predictions_refused", rows=len(batch), error=str(error.orig))
                    continue
                _written.add(len(batch))


def rows_of(predictions: analytics_pb2.PredictionSet) -> list[Row]:
    """One row for each prediction of a set."""
    rows = [_row(predictions, catch, catch.group_id) for catch in predictions.catches]
    if predictions.HasField("finish_type"):
        rows.append(_row(predictions, predictions.finish_type, 0))
    return rows


def _row(
    predictions: analytics_pb2.PredictionSet,
    prediction: analytics_pb2.CatchPrediction | analytics_pb2.FinishTypePrediction,
    group_id: int,
) -> Row:
    return {
        "prediction_id": prediction.prediction_id,
        "epoch": predictions.snapshot.epoch,
        "sequence": predictions.snapshot.sequence,
        "time": datetime.fromtimestamp(predictions.race_time_ms / 1000, UTC),
        "kind": prediction.DESCRIPTOR.name,
        "model_version": predictions.model_version,
        "group_id": group_id,
        "body": _json(prediction),
    }


def _json(message: Message) -> dict:
    return MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
