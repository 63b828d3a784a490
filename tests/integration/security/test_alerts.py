"""What is refused or odd becomes an alert that people see, once, across restarts of anything."""

import asyncio
import time

import nats.errors
import pytest
from ardoise.chassis.refusals import Refusals
from ardoise.chassis.rpc import DRAIN_GRACE_S, Reason, failure_of
from ardoise.pb.common_pb2 import ResumeToken
from ardoise.pb.log_pb2 import RefusalRecord
from ardoise.pb.security_pb2 import SEVERITY_WARNING, ListAlertsRequest, WatchAlertsRequest
from ardoise.security import rpc
from grpc.aio import AioRpcError
from nats.js.api import StorageType, StreamConfig

from tests.support.attack import START_MS, invented_trackers
from tests.support.security import LIMIT_S, MALFORMED, Reporter, jumps, malformed


async def test_what_ingest_refuses_and_positioning_finds_odd_becomes_alerts(platform, reporter, guard):
    async with platform.security():
        await reporter.refused(malformed(25))
        await reporter.odd(jumps(3))
        flood = await platform.alert(lambda alert: alert.rule == "malformed-flood" and alert.count == 25)
        jump = await platform.alert(lambda alert: alert.rule == "impossible-jump")
        listed = await guard.ListAlerts(ListAlertsRequest())
    assert (flood.subject, flood.severity, len(flood.evidence)) == ("source:moto-2", SEVERITY_WARNING, 10)
    assert flood.evidence[0].detail == "not a RelayRequest, peer ipv4:192.0.2.7:40112"
    assert flood.first_seen_ms == START_MS
    assert jump.subject == "tracker:9123"
    assert jump.evidence[0].detail == "tracker 9123 (bib 12): jumped 4100 m"
    assert {alert.alert_id for alert in listed.alerts} == {flood.alert_id, jump.alert_id}


async def test_what_a_real_ingest_refuses_becomes_an_alert(platform):
    bus = await platform.bus("ingest")
    refusals = Refusals(bus)
    await refusals.prepare()
    flushing = asyncio.create_task(refusals.flush_forever())
    async with platform.security():
        for _ in range(30):
            refusals.add(MALFORMED, "moto-3", "ipv4:192.0.2.9:1", detail="not a RelayRequest")
        alert = await platform.alert(lambda alert: alert.subject == "source:moto-3")
    flushing.cancel()
    await bus.close()
    assert (alert.rule, alert.count) == ("malformed-flood", 30)


async def test_security_waits_for_streams_that_are_not_there_yet(platform):
    async with platform.security():
        bus = await platform.bus("ingest")
        await bus.ensure_stream(StreamConfig(name="REFUSED", subjects=["refused.>"]))
        for record in malformed(20):
            await bus.nc.publish("refused.moto-2", record.SerializeToString())
        await bus.nc.flush()
        alert = await platform.alert(lambda alert: alert.count == 20)
        await bus.close()
    assert alert.rule == "malformed-flood"


async def test_a_restart_goes_on_where_it_stopped_and_raises_nothing_twice(platform, reporter):
    async with platform.security():
        await reporter.refused(malformed(20))
        before = await platform.alert(lambda alert: alert.count == 20)
    await reporter.refused(malformed(5, start_ms=START_MS + 1000))
    async with platform.security():
        after = await platform.alert(lambda alert: alert.count >= 25)
        async with platform.as_holder("director") as stub:
            listed = await stub.ListAlerts(ListAlertsRequest())
    assert (after.alert_id, after.count) == (before.alert_id, 25)
    assert len(listed.alerts) == 1


async def test_a_nats_server_that_restarts_costs_nothing(platform, reporter):
    async with platform.security():
        await reporter.refused(malformed(20))
        await platform.alert(lambda alert: alert.count == 20)
        await platform.server.stop()
        await platform.server.start()
        for record in malformed(5, start_ms=START_MS + 1000):
            await _publish(reporter, record)
        alert = await platform.alert(lambda alert: alert.count >= 25)
    assert alert.count == 25


async def _publish(reporter, record: RefusalRecord) -> None:
    """Until the client is connected again."""
    deadline = time.monotonic() + LIMIT_S
    while True:
        try:
            await reporter.bus.js.publish(f"refused.{record.source}", record.SerializeToString(), timeout=1)
            return
        except nats.errors.Error:
            assert time.monotonic() < deadline, "the reporter did not come back"


async def test_reports_that_were_discarded_unread_are_an_alert_themselves(platform, reporter):
    async with platform.security():
        await reporter.refused(malformed(3))
        async with platform.as_holder("guard") as stub:
            await stub.ListAlerts(ListAlertsRequest())
        await _position(platform, "REFUSED", 3)
    await reporter.refused(malformed(50, start_ms=START_MS + 1000))
    await reporter.bus.js.purge_stream("REFUSED", keep=10)
    async with platform.security():
        alert = await platform.alert(lambda alert: alert.rule == "records-missed")
    assert alert.subject == "source:REFUSED"
    assert alert.evidence[0].detail == "40 records of REFUSED discarded unread"


async def _position(platform, stream: str, sequence: int) -> None:
    """Until nothing of the stream is left to read for security's consumer."""
    bus = await platform.bus("positioning")
    async with asyncio.timeout(LIMIT_S):
        while True:
            consumers = await bus.js.consumers_info(stream)
            if any(info.delivered.stream_seq == sequence for info in consumers):
                break
            await asyncio.sleep(0)
    await bus.close()


async def test_a_record_that_cannot_be_read_is_set_aside(platform, reporter):
    async with platform.security():
        await reporter.bus.js.publish("refused.moto-2", b"\xff\xff\xff")
        await reporter.refused(malformed(20))
        alert = await platform.alert(lambda alert: alert.rule == "malformed-flood")
    assert alert.count == 20


async def test_a_watch_begins_with_open_alerts_and_resumes_behind_what_was_told(platform, reporter, guard):
    async with platform.security():
        await reporter.refused(malformed(20))
        await reporter.odd(jumps(3))
        watch = guard.WatchAlerts(WatchAlertsRequest())
        first, second = [await asyncio.wait_for(watch.read(), LIMIT_S) for _ in range(2)]
        watch.cancel()
        resumed = guard.WatchAlerts(WatchAlertsRequest(after=first.resume))
        again = await asyncio.wait_for(resumed.read(), LIMIT_S)
        resumed.cancel()
        elsewhere = ResumeToken(epoch=7, sequence=first.resume.sequence + 1000)
        everything = guard.WatchAlerts(WatchAlertsRequest(after=elsewhere))
        told = [await asyncio.wait_for(everything.read(), LIMIT_S) for _ in range(2)]
        everything.cancel()
    assert again.alert == second.alert
    assert {response.alert.alert_id for response in told} == {first.alert.alert_id, second.alert.alert_id}


async def test_a_quiet_watch_hears_heartbeats(platform, reporter, guard, monkeypatch):
    assert rpc.HEARTBEAT_S == 5
    monkeypatch.setattr(rpc, "HEARTBEAT_S", 0.05)
    async with platform.security():
        watch = guard.WatchAlerts(WatchAlertsRequest())
        beats = [await asyncio.wait_for(watch.read(), LIMIT_S) for _ in range(2)]
        watch.cancel()
    assert all(beat.HasField("heartbeat") for beat in beats)
    assert abs(beats[0].heartbeat.time_ms - time.time() * 1000) < 60_000


async def test_a_slow_reader_gets_the_newest_state_not_a_queue(platform, reporter, guard):
    async with platform.security():
        watch = guard.WatchAlerts(WatchAlertsRequest())
        await reporter.refused(malformed(20))
        first = await asyncio.wait_for(watch.read(), LIMIT_S)
        for start in range(1, 100):
            await reporter.refused(malformed(20, start_ms=START_MS + start * 200))
        await platform.alert(lambda alert: alert.count == 2000)
        told = 0
        while True:
            response = await asyncio.wait_for(watch.read(), LIMIT_S)
            told += 1
            if response.alert.count == 2000:
                break
        watch.cancel()
    assert first.alert.count >= 20
    assert told < 40


async def test_a_watch_too_many_is_refused_with_advice(platform, reporter, guard, monkeypatch):
    monkeypatch.setattr(rpc, "MOST_WATCHERS", 1)
    monkeypatch.setattr(rpc, "HEARTBEAT_S", 0.05)
    async with platform.security():
        watch = guard.WatchAlerts(WatchAlertsRequest())
        await asyncio.wait_for(watch.read(), LIMIT_S)
        with pytest.raises(AioRpcError) as refused:
            await guard.WatchAlerts(WatchAlertsRequest()).read()
        watch.cancel()
    failure = failure_of(refused.value)
    assert failure.reason == Reason.ERROR_REASON_LIMIT_EXCEEDED
    assert failure.retry_after_ms > 0


async def test_lists_come_in_pages_and_a_token_is_good_for_its_own_list(platform, reporter, guard):
    async with platform.security():
        for number in range(5):
            await reporter.refused(malformed(1, source=f"moto-{number}", count=20))
        await platform.alert(lambda alert: alert.subject == "source:moto-4")
        pages, token = [], ""
        while True:
            page = await guard.ListAlerts(ListAlertsRequest(page_size=2, page_token=token))
            pages.append([alert.subject for alert in page.alerts])
            token = page.next_page_token
            if not token:
                break
        first = await guard.ListAlerts(ListAlertsRequest(page_size=2))
        for wrong in (
            ListAlertsRequest(page_token=first.next_page_token, open_only=True),
            ListAlertsRequest(page_token="made-up"),
        ):
            with pytest.raises(AioRpcError) as refused:
                await guard.ListAlerts(wrong)
            assert failure_of(refused.value).reason == Reason.ERROR_REASON_PAGE_TOKEN_INVALID
    assert pages == [[f"source:moto-{n}" for n in page] for page in ((4, 3), (2, 1), (0,))]


async def test_a_stop_does_not_wait_for_those_who_watch(platform, reporter, guard):
    async with platform.security():
        watch = guard.WatchAlerts(WatchAlertsRequest())
        await reporter.refused(malformed(20))
        await asyncio.wait_for(watch.read(), LIMIT_S)
        started = time.monotonic()
    stopped_s = time.monotonic() - started
    with pytest.raises(AioRpcError) as ended:
        await _read_to_the_end(watch)
    assert failure_of(ended.value).reason == Reason.ERROR_REASON_DRAINING
    assert stopped_s < DRAIN_GRACE_S


async def _read_to_the_end(watch) -> None:
    while True:
        await watch.read()


async def test_a_flood_of_invented_trackers_is_one_alert_and_delays_no_other(platform):
    number = 20_000
    bus = await platform.bus("ingest")
    # In memory: on the disk nats-server takes a thousand a second, which is no flood for the one who reads.
    await bus.ensure_stream(StreamConfig(name="REFUSED", subjects=["refused.>"], storage=StorageType.MEMORY))
    reporter = Reporter(bus)
    async with platform.security():
        started = time.monotonic()
        await reporter.refused(invented_trackers(number))
        await platform.alert(lambda alert: alert.rule == "tracker-scan")
        raised_s = time.monotonic() - started
        await reporter.refused(malformed(20, start_ms=START_MS + 60_000))
        await platform.alert(lambda alert: alert.rule == "malformed-flood")
        behind_s = time.monotonic() - started
        scan = await platform.alert(lambda alert: alert.rule == "tracker-scan" and alert.count == number)
        async with platform.as_holder("guard") as stub:
            listed = await stub.ListAlerts(ListAlertsRequest())
    await bus.close()
    rate = number / behind_s
    print(f"{number:,} refusals: alert in {raised_s:.2f} s, all judged at {rate:,.0f}/s")
    assert scan.subject == "source:moto-6"
    assert len(listed.alerts) == 2
    assert rate > 1_000
