"""AnalyticsService between snapshots: heartbeats, slow readers, limits."""

import asyncio

import pytest
from ardoise.analytics import rpc
from ardoise.analytics.predictor import Predictor
from ardoise.analytics.rpc import AnalyticsService
from ardoise.chassis.rpc import Failure, Reason
from ardoise.pb import analytics_pb2, common_pb2


def made(sequence: int) -> analytics_pb2.PredictionSet:
    return analytics_pb2.PredictionSet(snapshot=common_pb2.SnapshotName(epoch=7, sequence=sequence))


def watch(service: AnalyticsService):
    return service.WatchPredictions(analytics_pb2.WatchPredictionsRequest(), None)


async def test_with_nothing_new_a_watch_is_told_how_far_the_log_is():
    predictor = Predictor()
    predictor.reached(7, 300)
    predictor.newest.set(made(200))
    stream = watch(AnalyticsService(predictor, asyncio.Event(), heartbeat_s=0.01))
    assert (await anext(stream)).predictions == made(200)
    beat = await anext(stream)
    assert beat.resume == common_pb2.ResumeToken(epoch=7, sequence=200)
    assert beat.heartbeat.position == common_pb2.ResumeToken(epoch=7, sequence=300)
    await stream.aclose()


async def test_a_caller_who_has_the_newest_is_not_sent_it_again():
    predictor = Predictor()
    predictor.newest.set(made(200))
    service = AnalyticsService(predictor, asyncio.Event(), heartbeat_s=0.01)
    after = common_pb2.ResumeToken(epoch=7, sequence=200)
    stream = service.WatchPredictions(analytics_pb2.WatchPredictionsRequest(after=after), None)
    assert (await anext(stream)).HasField("heartbeat")
    predictor.newest.set(made(201))
    assert (await anext(stream)).predictions == made(201)
    await stream.aclose()


async def test_a_slow_reader_gets_the_newest_next():
    predictor = Predictor()
    predictor.newest.set(made(1))
    stream = watch(AnalyticsService(predictor, asyncio.Event()))
    await anext(stream)
    for sequence in range(2, 50):
        predictor.newest.set(made(sequence))
    assert (await anext(stream)).predictions == made(49)
    await stream.aclose()


async def test_watches_are_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rpc, "MOST_WATCHERS", 1)
    predictor = Predictor()
    predictor.newest.set(made(1))
    service = AnalyticsService(predictor, asyncio.Event())
    first = watch(service)
    await anext(first)
    with pytest.raises(Failure) as refused:
        await anext(watch(service))
    assert refused.value.reason == Reason.ERROR_REASON_LIMIT_EXCEEDED
    await first.aclose()
    await anext(second := watch(service))
    await second.aclose()
