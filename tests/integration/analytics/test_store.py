"""Predictions in a real PostgreSQL: once each, and never in the way of the next prediction."""

import asyncio

import pytest
from ardoise.analytics.contract import prediction_set, road_of, view_of
from ardoise.analytics.domain.forecast import forecast
from ardoise.analytics.domain.pursuit import MODEL_VERSION, PursuitModel
from ardoise.analytics.store import BATCH_ROWS, PredictionStore
from ardoise.chassis.store import Store, StoreUnavailable
from ardoise.chassis.tables import Prediction
from ardoise.pb import analytics_pb2
from ardoise.positioning.migrations import migrate
from sqlalchemy import func, select

from tests.integration.analytics.race_service import EPOCH, START_MS, snapshot
from tests.support.stage import small_stage

NOBODY_THERE = "postgresql://nobody@127.0.0.1:1/nothing"


def predicted(second: int) -> analytics_pb2.PredictionSet:
    road = road_of(small_stage(22).route)
    return prediction_set(snapshot(second), forecast([view_of(snapshot(second))], road, PursuitModel()))


async def stored(store: Store, statement):
    async with store.transaction() as connection:
        return (await connection.execute(statement)).all()


async def test_each_prediction_is_a_row(plain_url: str):
    database = Store(plain_url, "test")
    await migrate(database)
    predictions = PredictionStore(database)
    predictions.offer(predicted(3))
    await predictions.flush()
    catch, finish = await stored(database, select(Prediction.__table__).order_by(Prediction.group_id.desc()))
    assert (catch.kind, catch.group_id) == ("CatchPrediction", 1)
    assert (finish.kind, finish.group_id) == ("FinishTypePrediction", 0)
    assert (catch.epoch, catch.sequence, catch.model_version) == (EPOCH, 103, MODEL_VERSION)
    assert catch.time.timestamp() * 1000 == START_MS + 3000
    assert catch.body["catch_probability"] == pytest.approx(predicted(3).catches[0].catch_probability)
    assert catch.body["reasons"][0]["code"] == "chapatte"
    await database.close()


async def test_two_sites_that_write_the_same_predictions_write_them_once(plain_url: str):
    stores = [Store(plain_url, f"site-{number}") for number in range(2)]
    await migrate(stores[0])
    sites = [PredictionStore(store) for store in stores]
    sets = [predicted(second) for second in range(400)]
    for site, seen in zip(sites, (sets[:300], sets[100:]), strict=True):
        for made in seen:
            site.offer(made)
    assert sites[0].waiting > BATCH_ROWS
    await asyncio.gather(*(site.flush() for site in sites))
    assert await stored(stores[0], select(func.count()).select_from(Prediction)) == [(800,)]
    for store in stores:
        await store.close()


async def test_rows_wait_for_the_recorder_to_make_the_table(plain_url: str):
    database = Store(plain_url, "test")
    predictions = PredictionStore(database)
    predictions.offer(predicted(1))
    with pytest.raises(StoreUnavailable):
        await predictions.flush()
    assert predictions.waiting == 2
    await migrate(database)
    await predictions.flush()
    assert predictions.waiting == 0
    assert await stored(database, select(func.count()).select_from(Prediction)) == [(2,)]
    await database.close()


async def test_with_the_database_away_the_newest_wait_and_the_oldest_give_way():
    database = Store(NOBODY_THERE, "test")
    predictions = PredictionStore(database, most_waiting=5)
    for second in range(10):
        predictions.offer(predicted(second))
    assert predictions.waiting == 5
    with pytest.raises(StoreUnavailable):
        await predictions.flush()
    assert predictions.waiting == 5
    await database.close()
