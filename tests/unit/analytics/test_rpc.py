"""AnalyticsService between snapshots: heartbeats, slow readers, limits."""

import asyncio

import pytest
from ardoise.analytics import rpc
from ardoise.analytics.deriver import Deriver
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
    stream = watch(AnalyticsService(predictor, Deriver(), asyncio.Event(), heartbeat_s=0.01))
    assert (await anext(stream)).predictions == made(200)
    beat = await anext(stream)
    assert beat.resume == common_pb2.ResumeToken(epoch=7, sequence=200)
    assert beat.heartbeat.position == common_pb2.ResumeToken(epoch=7, sequence=300)
    await stream.aclose()


async def test_a_caller_who_has_the_newest_is_not_sent_it_again():
    predictor = Predictor()
    predictor.newest.set(made(200))
    service = AnalyticsService(predictor, Deriver(), asyncio.Event(), heartbeat_s=0.01)
    after = common_pb2.ResumeToken(epoch=7, sequence=200)
    stream = service.WatchPredictions(analytics_pb2.WatchPredictionsRequest(after=after), None)
    assert (await anext(stream)).HasField("heartbeat")
    predictor.newest.set(made(201))
    assert (await anext(stream)).predictions == made(201)
    await stream.aclose()


async def test_a_slow_reader_gets_the_newest_next():
    predictor = Predictor()
    predictor.newest.set(made(1))
    stream = watch(AnalyticsService(predictor, Deriver(), asyncio.Event()))
    await anext(stream)
    for sequence in range(2, 50):
        predictor.newest.set(made(sequence))
    assert (await anext(stream)).predictions == made(49)
    await stream.aclose()


async def test_watches_are_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rpc, "MOST_WATCHERS", 1)
    predictor = Predictor()
    predictor.newest.set(made(1))
    service = AnalyticsService(predictor, Deriver(), asyncio.Event())
    first = watch(service)
    await anext(first)
    with pytest.raises(Failure) as refused:
        await anext(watch(service))
    assert refused.value.reason == Reason.ERROR_REASON_LIMIT_EXCEEDED
    await first.aclose()
    await anext(second := watch(service))
    await second.aclose()


def derived(sequence: int, bibs: tuple[int, ...] = (1, 2)) -> analytics_pb2.RiderValuesSet:
    riders = [analytics_pb2.RiderValues(bib=bib, place=bib) for bib in bibs]
    name = common_pb2.SnapshotName(epoch=7, sequence=sequence)
    return analytics_pb2.RiderValuesSet(snapshot=name, riders=riders)


async def test_values_are_given_of_all_riders_or_of_one():
    deriver = Deriver()
    service = AnalyticsService(Predictor(), deriver, asyncio.Event())
    deriver.publish(7, derived(1))
    ask = analytics_pb2.GetRiderValuesRequest
    assert (await service.GetRiderValues(ask(), None)).values == derived(1)
    assert (await service.GetRiderValues(ask(epoch=7, bib=2), None)).values == derived(1, (2,))


async def test_values_that_are_not_here_are_refused_by_name():
    deriver = Deriver()
    service = AnalyticsService(Predictor(), deriver, asyncio.Event())

    async def refusal(**asked: int) -> int:
        with pytest.raises(Failure) as refused:
            await service.GetRiderValues(analytics_pb2.GetRiderValuesRequest(**asked), None)
        return refused.value.reason

    assert await refusal() == Reason.ERROR_REASON_NO_ACTIVE_STAGE
    deriver.publish(7, derived(1))
    assert await refusal(epoch=8) == Reason.ERROR_REASON_EPOCH_UNKNOWN
    assert await refusal(bib=3) == Reason.ERROR_REASON_RIDER_UNKNOWN


async def test_a_slow_reader_of_values_gets_the_newest_next_and_heartbeats_in_between():
    deriver = Deriver()
    deriver.publish(7, derived(1))
    service = AnalyticsService(Predictor(), deriver, asyncio.Event(), heartbeat_s=0.01)
    stream = service.WatchRiderValues(analytics_pb2.WatchRiderValuesRequest(bib=2), None)
    assert (await anext(stream)).values == derived(1, (2,))
    deriver.reached(7, 40)
    beat = await anext(stream)
    assert beat.heartbeat.position.sequence == 40
    assert beat.resume.sequence == 1
    for sequence in range(2, 50):
        deriver.publish(7, derived(sequence))
    assert (await anext(stream)).values == derived(49, (2,))
    await stream.aclose()


async def test_watches_of_values_and_predictions_share_one_bound(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rpc, "MOST_WATCHERS", 1)
    predictor = Predictor()
    predictor.newest.set(made(1))
    service = AnalyticsService(predictor, Deriver(), asyncio.Event())
    first = watch(service)
    await anext(first)
    with pytest.raises(Failure) as refused:
        await anext(service.WatchRiderValues(analytics_pb2.WatchRiderValuesRequest(), None))
    assert refused.value.reason == Reason.ERROR_REASON_LIMIT_EXCEEDED
    await first.aclose()
