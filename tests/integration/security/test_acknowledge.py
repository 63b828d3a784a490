"""An acknowledgement holds or is refused; it is never thought to hold and lost."""

import asyncio
import contextlib
import json
import signal
import time
from pathlib import Path

import grpc
import psutil
import pytest
from ardoise.chassis.decisions import LIMIT_S as DECISION_LIMIT_S
from ardoise.chassis.postgres import EmbeddedPostgres
from ardoise.chassis.rpc import Reason, failure_of
from ardoise.chassis.store import Store
from ardoise.pb.security_pb2 import AcknowledgeRequest, AcknowledgeResponse, Alert, ListAlertsRequest
from ardoise.positioning.migrations import migrate
from ardoise.security import journal
from grpc.aio import AioRpcError
from sqlalchemy import text

from tests.support.attack import START_MS
from tests.support.security import INVALID, LIMIT_S, eventually, failure, malformed, raised


async def rows(store: Store, table: str) -> list[dict]:
    async with store.transaction() as connection:
        found = await connection.execute(text(f"SELECT * FROM {table}"))
        return [dict(row._mapping) for row in found]


async def recorded(store: Store, count: int) -> dict | None:
    """The row of an alert that was seen so often."""
    return next((row for row in await rows(store, "alert") if row["count"] == count), None)


async def test_the_same_request_twice_is_one_acknowledgement(platform, reporter, guard):
    async with platform.security():
        alert = await raised(platform, reporter)
        request = AcknowledgeRequest(request_id="r1", alert_id=alert.alert_id, note="seen to")
        first = await guard.Acknowledge(request)
        again = await guard.Acknowledge(request)
        later = await guard.Acknowledge(AcknowledgeRequest(request_id="r2", alert_id=alert.alert_id))
        assert first == again == later
        assert not (await guard.ListAlerts(ListAlertsRequest(open_only=True))).alerts
        await reporter.refused(malformed(1, source="moto-3", count=20))
        other = await platform.alert(lambda alert: alert.subject == "source:moto-3")
        reused = AcknowledgeRequest(request_id="r1", alert_id=other.alert_id)
        assert await failure(guard.Acknowledge(reused)) == INVALID


async def test_an_acknowledged_alert_that_becomes_worse_is_open_again(platform, reporter, guard):
    async with platform.security():
        alert = await raised(platform, reporter)
        await guard.Acknowledge(AcknowledgeRequest(request_id="r1", alert_id=alert.alert_id))
        await reporter.refused(malformed(1, start_ms=START_MS + 1000, count=980))
        worse = await platform.alert(lambda alert: alert.count == 1000)
        assert not worse.acknowledged_by
        answer = await guard.Acknowledge(AcknowledgeRequest(request_id="r2", alert_id=alert.alert_id))
    assert answer.alert.acknowledged_by == "guard"


async def test_every_acknowledgement_leaves_a_line_for_the_auditor(platform, reporter, guard, capfd):
    async with platform.security():
        alert = await raised(platform, reporter)
        await guard.Acknowledge(AcknowledgeRequest(request_id="r1", alert_id=alert.alert_id, note="done"))
        missing = AcknowledgeRequest(request_id="r2", alert_id="no\nsuch")
        assert (await failure(guard.Acknowledge(missing)))[0] is grpc.StatusCode.NOT_FOUND
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
    audit, refused = [line for line in lines if line.get("audit")]
    expected = {
        "event": "alert_acknowledged",
        "author": "guard",
        "via": "guard",
        "note": "done",
        "request_id": "r1",
    }
    assert expected.items() <= audit.items()
    assert (audit["alert_id"], audit["rule"]) == (alert.alert_id, "malformed-flood")
    assert {
        "event": "alert_not_acknowledged",
        "via": "guard",
        "reason": "NOT_FOUND",
    }.items() <= refused.items()


async def test_an_acknowledgement_in_the_file_outlives_a_restart(platform, reporter, guard):
    await outlives_a_restart(platform, reporter, guard, database_url="")


async def test_an_acknowledgement_in_the_database_outlives_a_restart(
    platform, reporter, guard, database, plain_url
):
    await outlives_a_restart(platform, reporter, guard, database_url=plain_url)


async def outlives_a_restart(platform, reporter, guard, database_url: str) -> None:
    async with platform.security(database_url=database_url):
        alert = await raised(platform, reporter)
        answer = await guard.Acknowledge(AcknowledgeRequest(request_id="r1", alert_id=alert.alert_id))
    async with platform.security(database_url=database_url):
        again = await eventually(lambda: first_acknowledged(guard))
        assert not (await guard.ListAlerts(ListAlertsRequest(open_only=True))).alerts
    assert again == answer.alert


async def first_acknowledged(guard) -> Alert | None:
    listed = (await guard.ListAlerts(ListAlertsRequest(), wait_for_ready=True)).alerts
    return next((alert for alert in listed if alert.acknowledged_by), None)


async def test_a_full_disk_refuses_and_acknowledges_nothing(platform, reporter, guard, monkeypatch):
    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    async with platform.security():
        alert = await raised(platform, reporter)
        request = AcknowledgeRequest(request_id="r1", alert_id=alert.alert_id)
        with monkeypatch.context() as patched:
            patched.setattr(journal.os, "fsync", full)
            with pytest.raises(AioRpcError) as refused:
                await guard.Acknowledge(request)
        assert failure_of(refused.value).reason == Reason.ERROR_REASON_STORE_UNAVAILABLE
        assert len((await guard.ListAlerts(ListAlertsRequest(open_only=True))).alerts) == 1
    assert (platform.state_dir / "security" / "acknowledgements.jsonl").read_bytes() == b""


async def test_a_line_half_written_in_a_power_cut_was_never_acknowledged(platform, reporter, guard):
    async with platform.security():
        alert = await raised(platform, reporter)
        await guard.Acknowledge(AcknowledgeRequest(request_id="r1", alert_id=alert.alert_id))
    path = platform.state_dir / "security" / "acknowledgements.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:30])
    async with platform.security():
        answer = await guard.Acknowledge(AcknowledgeRequest(request_id="r2", alert_id=alert.alert_id))
    assert answer.alert.acknowledged_by == "guard"
    assert [json.loads(line)["request_id"] for line in path.read_text().splitlines()] == ["r1", "r2"]


async def test_alerts_and_acknowledgements_are_rows(platform, reporter, guard, database, plain_url):
    async with platform.security(database_url=plain_url):
        alert = await raised(platform, reporter)
        await guard.Acknowledge(AcknowledgeRequest(request_id="r1", alert_id=alert.alert_id, note="seen to"))
        await reporter.refused(malformed(5, start_ms=START_MS + 1000))
        row = await eventually(lambda: recorded(database, 25))
    assert len(await rows(database, "alert")) == 1
    (acknowledgement,) = await rows(database, "alert_acknowledgement")
    assert (row["alert_id"], row["rule"], row["severity"]) == (alert.alert_id, alert.rule, alert.severity)
    assert len(row["evidence"]) == 10
    assert round(row["first_seen"].timestamp() * 1000) == START_MS
    assert (acknowledgement["author"], acknowledgement["note"]) == ("guard", "seen to")


async def test_what_the_other_region_acknowledges_is_acknowledged_here(
    platform, reporter, guard, database, plain_url
):
    async with platform.security(database_url=plain_url):
        alert = await raised(platform, reporter)
        async with database.transaction() as connection:
            await connection.execute(
                text(
                    "INSERT INTO alert_acknowledgement (request_id, alert_id, author, note, severity, acknowledged)"
                    " VALUES ('elsewhere', :alert_id, 'london', '', 2, now())"
                ),
                {"alert_id": alert.alert_id},
            )
        known = await platform.alert(lambda alert: alert.acknowledged_by == "london")
        reused = AcknowledgeRequest(request_id="elsewhere", alert_id=alert.alert_id)
        assert await failure(guard.Acknowledge(reused)) == INVALID
    assert known.alert_id == alert.alert_id


@pytest.mark.slow
async def test_a_database_that_hangs_is_answered_for_in_five_seconds_and_acknowledges_nothing(
    platform, reporter, guard, tmp_path: Path
):
    server = EmbeddedPostgres(tmp_path / "postgres", fsync="off")
    url = server.start()
    store = Store(url, "test")
    await migrate(store)
    try:
        async with platform.security(database_url=url):
            alert = await raised(platform, reporter)
            await eventually(lambda: recorded(store, 20))
            signal_all(server, signal.SIGSTOP)
            request = AcknowledgeRequest(request_id="r1", alert_id=alert.alert_id)
            started = time.monotonic()
            with pytest.raises(AioRpcError) as refused:
                await guard.Acknowledge(request)
            elapsed_s = time.monotonic() - started
            still_open = (await guard.ListAlerts(ListAlertsRequest(open_only=True))).alerts
            signal_all(server, signal.SIGCONT)
            answer = await eventually(lambda: retried(guard, request))
    finally:
        signal_all(server, signal.SIGCONT)
        await store.close()
        server.stop()
    doubt = failure_of(refused.value)
    assert (doubt.reason, doubt.code) == (
        Reason.ERROR_REASON_DECISION_IN_DOUBT,
        grpc.StatusCode.UNAVAILABLE,
    )
    assert "ask again with the same request_id" in doubt.message
    assert doubt.metadata == {"request_id": "r1"}
    assert doubt.retry_after_ms > 0
    assert elapsed_s < DECISION_LIMIT_S + 1.5
    assert len(still_open) == 1
    assert answer.alert.acknowledged_by == "guard"


def signal_all(server: EmbeddedPostgres, number: signal.Signals) -> None:
    """To the postmaster first, so that it starts no new process meanwhile."""
    postmaster = psutil.Process(server.pid)
    for process in (postmaster, *postmaster.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)


async def retried(guard, request: AcknowledgeRequest) -> AcknowledgeResponse | None:
    """As a client does that follows the advice, only sooner."""
    try:
        return await guard.Acknowledge(request)
    except AioRpcError as error:
        if failure_of(error).reason in (
            Reason.ERROR_REASON_STORE_UNAVAILABLE,
            Reason.ERROR_REASON_DECISION_IN_DOUBT,
        ):
            return None
        raise


async def test_a_database_that_is_away_keeps_nobody_from_seeing_alerts(platform, reporter, guard):
    async with platform.security(database_url="postgresql://nobody@127.0.0.1:1/nothing"):
        alert = await raised(platform, reporter)
        with pytest.raises(AioRpcError) as refused:
            await guard.Acknowledge(AcknowledgeRequest(request_id="r1", alert_id=alert.alert_id))
        listed = (await guard.ListAlerts(ListAlertsRequest())).alerts
    assert failure_of(refused.value).reason == Reason.ERROR_REASON_STORE_UNAVAILABLE
    assert [(a.alert_id, a.acknowledged_by) for a in listed] == [(alert.alert_id, "")]


async def test_killed_at_any_moment_it_counts_everything_once_and_keeps_what_was_acknowledged(
    platform, reporter, guard, process
):
    sent = 0
    for life in range(3):
        security = await process()
        await reporter.refused(malformed(20, start_ms=START_MS + life * 1000))
        sent += 20
        # Listed, not watched: a watch begins with open alerts, and this one is acknowledged in its third life.
        alert = await eventually(lambda: first_counted(guard, sent))  # noqa: B023
        if life == 1:
            await guard.Acknowledge(AcknowledgeRequest(request_id="r1", alert_id=alert.alert_id))
        security.send_signal(signal.SIGKILL)
        await security.wait()
    security = await process()
    alert = await eventually(lambda: first_acknowledged(guard))
    security.terminate()
    assert await asyncio.wait_for(security.wait(), LIMIT_S) == 0
    assert (alert.count, alert.acknowledged_by) == (sent, "guard")


async def first_counted(guard, count: int):
    try:
        listed = await guard.ListAlerts(ListAlertsRequest(), wait_for_ready=True)
    except grpc.aio.AioRpcError:
        return None  # begun on the connection that died with the process before
    return next((alert for alert in listed.alerts if alert.count >= count), None)
