"""Race control against a real log."""

import grpc
import pytest
from ardoise.chassis.log import LogReader
from ardoise.chassis.rpc import Reason, failure_of
from ardoise.pb import control_pb2
from ardoise.pb.control_pb2_grpc import RaceControlServiceStub
from ardoise.pb.weather_pb2 import WeatherReport

from tests.support.platform import activate
from tests.support.stage import small_stage


def request(key: str, **action: object) -> control_pb2.RecordDecisionRequest:
    return control_pb2.RecordDecisionRequest(
        request_id=key, decision=control_pb2.Decision(reason="because", **action)
    )


async def test_a_decision_is_a_message_in_the_log_with_author_reason_and_second(platform, free_port):
    port = free_port()
    async with platform.ingest(port):
        epoch = await activate(platform, port)
        async with platform.channel(port, "director") as channel:
            control = RaceControlServiceStub(channel)
            answer = await control.RecordDecision(request("a", start=control_pb2.StartRace()))
            again = await control.RecordDecision(request("a", start=control_pb2.StartRace()))
        bus = await platform.bus("positioning")
        entry = await LogReader(bus).get(epoch, answer.position.sequence)
        await bus.close()
    assert again == answer, "the same request is one decision"
    assert entry.record.decision == answer.decision
    assert (entry.record.decision.author, entry.record.decision.reason) == ("director", "because")
    assert abs(entry.record.decision.effective_time_ms - entry.record.log_time_ms) < 1_000


async def test_decisions_survive_a_restart_of_ingest_and_are_listed_in_pages(platform, free_port):
    port = free_port()
    async with platform.ingest(port):
        await activate(platform, port)
        async with platform.channel(port, "director") as channel:
            control = RaceControlServiceStub(channel)
            await control.RecordDecision(request("a", start=control_pb2.StartRace()))
            gone = await control.RecordDecision(request("b", abandon=control_pb2.AbandonRider(bib=2)))
            undo = control_pb2.UndoDecision(decision_id=gone.decision.decision_id)
            undone = await control.RecordDecision(request("c", undo=undo))
    async with platform.ingest(port), platform.channel(port, "director") as channel:
        control = RaceControlServiceStub(channel)
        first = await control.ListDecisions(control_pb2.ListDecisionsRequest(page_size=2))
        second = await control.ListDecisions(
            control_pb2.ListDecisionsRequest(page_size=2, page_token=first.next_page_token)
        )
        repeated = await control.RecordDecision(request("b", abandon=control_pb2.AbandonRider(bib=2)))
        with pytest.raises(grpc.aio.AioRpcError) as wrong:
            await control.ListStages(control_pb2.ListStagesRequest(page_token=first.next_page_token))
    actions = [entry.decision.WhichOneof("action") for entry in (*first.decisions, *second.decisions)]
    assert actions == ["start", "abandon", "undo"]
    assert second.next_page_token == ""
    assert first.decisions[1].undone_by == undone.decision.decision_id
    assert repeated.position == gone.position
    assert failure_of(wrong.value).reason == Reason.ERROR_REASON_PAGE_TOKEN_INVALID


async def test_the_next_stage_is_prepared_while_the_last_is_live(platform, free_port):
    port = free_port()
    async with platform.ingest(port):
        today = await activate(platform, port)
        async with platform.channel(port, "director") as channel:
            control = RaceControlServiceStub(channel)
            setup = small_stage(stage_id="test-2")
            loaded = await control.LoadStage(control_pb2.LoadStageRequest(request_id="x", setup=setup))
            stages = (await control.ListStages(control_pb2.ListStagesRequest())).stages
            assert [(stage.epoch, stage.active) for stage in stages] == [(loaded.epoch, False), (today, True)]
            await control.ActivateStage(control_pb2.ActivateStageRequest(request_id="y", epoch=loaded.epoch))
            stages = (await control.ListStages(control_pb2.ListStagesRequest())).stages
        bus = await platform.bus("positioning")
        opened = (await LogReader(bus).get(loaded.epoch, 1)).record.epoch_opened
        await bus.close()
    assert [(stage.stage_id, stage.active) for stage in stages] == [("test-2", True), ("test-1", False)]
    assert opened.previous.epoch == today
    assert opened.previous.sequence >= 3


async def test_a_decision_that_cannot_be_says_why_in_a_way_machines_read(platform, free_port):
    port = free_port()
    async with platform.ingest(port), platform.channel(port, "director") as channel:
        control = RaceControlServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as nothing:
            await control.RecordDecision(request("a", start=control_pb2.StartRace()))
        await activate(platform, port)
        with pytest.raises(grpc.aio.AioRpcError) as early:
            await control.RecordDecision(request("b", stop=control_pb2.StopRace()))
        with pytest.raises(grpc.aio.AioRpcError) as keyless:
            await control.RecordDecision(request("", start=control_pb2.StartRace()))
    found = [failure_of(error.value) for error in (nothing, early, keyless)]
    assert [failure.reason for failure in found] == [
        Reason.ERROR_REASON_NO_ACTIVE_STAGE,
        Reason.ERROR_REASON_DECISION_REJECTED,
        Reason.ERROR_REASON_FIELD_INVALID,
    ]
    assert found[0].retry_after_ms > 0
    assert found[1].retry_after_ms is None
    assert found[2].metadata["field"] == "request_id"


def weather_request(key: str, **values: object) -> control_pb2.RecordWeatherRequest:
    report = WeatherReport(source="finish", **{"temperature_c_e2": 2_150, "wind_mmps": 4_000} | values)
    return control_pb2.RecordWeatherRequest(request_id=key, report=report)


async def test_a_weather_report_is_one_message_in_the_log_also_after_a_restart(platform, free_port):
    port = free_port()
    async with platform.ingest(port):
        epoch = await activate(platform, port)
        async with platform.channel(port, "director") as channel:
            answer = await RaceControlServiceStub(channel).RecordWeather(weather_request("a"))
    async with platform.ingest(port):
        async with platform.channel(port, "director") as channel:
            again = await RaceControlServiceStub(channel).RecordWeather(weather_request("a"))
        bus = await platform.bus("positioning")
        reader = LogReader(bus)
        entries = await reader.by_subject(epoch, f"log.{epoch}.weather")
        await bus.close()
    assert again == answer, "the same request is one report"
    [entry] = entries
    assert (entry.sequence, entry.record.weather) == (answer.position.sequence, answer.report)
    assert (answer.report.author, answer.report.temperature_c_e2) == ("director", 2_150)
    assert abs(answer.report.effective_time_ms - entry.record.log_time_ms) < 1_000


async def test_weather_that_cannot_be_or_comes_from_anybody_else_is_refused(platform, free_port):
    port = free_port()
    async with platform.ingest(port), platform.channel(port, "director") as channel:
        control = RaceControlServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as nothing:
            await control.RecordWeather(weather_request("a"))
        await activate(platform, port)
        with pytest.raises(grpc.aio.AioRpcError) as hot:
            await control.RecordWeather(weather_request("b", temperature_c_e2=6_001))
        with pytest.raises(grpc.aio.AioRpcError) as keyless:
            await control.RecordWeather(weather_request(""))
        async with platform.channel(port, "moto-1") as relay:
            with pytest.raises(grpc.aio.AioRpcError) as stranger:
                await RaceControlServiceStub(relay).RecordWeather(weather_request("c"))
    found = [failure_of(error.value) for error in (nothing, hot, keyless, stranger)]
    assert [failure.reason for failure in found] == [
        Reason.ERROR_REASON_NO_ACTIVE_STAGE,
        Reason.ERROR_REASON_FIELD_INVALID,
        Reason.ERROR_REASON_FIELD_INVALID,
        Reason.ERROR_REASON_ROLE_MISSING,
    ]
    assert found[1].metadata["field"] == "temperature_c_e2"
    assert found[1].retry_after_ms is None
