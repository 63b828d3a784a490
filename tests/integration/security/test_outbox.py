"""What leaves the platform: once, whoever raised it how often, with its outcome for operators to see."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from ardoise.chassis.decisions import DecisionStore
from ardoise.chassis.store import Store
from ardoise.pb.security_pb2 import (
    OUTBOX_STATE_DELIVERED,
    OUTBOX_STATE_FAILED,
    OUTBOX_STATE_IN_DOUBT,
    OUTBOX_STATE_WAITING,
    ListOutboxRequest,
    OutboxEntry,
)
from ardoise.positioning.migrations import migrate
from ardoise.security import outbox, webhook
from ardoise.security.courier import Courier
from ardoise.security.domain.alert import Alert, Severity
from ardoise.security.domain.outgoing import OutboxState
from ardoise.security.outbox import Outbox
from ardoise.security.settings import SecuritySettings
from ardoise.security.store import AlertStore
from ardoise.security.webhook import Webhook
from sqlalchemy import text

from tests.support.attack import START_MS
from tests.support.receiver import Receiver
from tests.support.regions import TwoRegions
from tests.support.security import EPOCH, LIMIT_S, eventually, jumps, malformed


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who takes webhooks."""
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
async def store(plain_url: str) -> AsyncIterator[Store]:
    """A migrated database."""
    store = Store(plain_url, "test")
    await migrate(store)
    yield store
    await store.close()


def alert(number: int, severity: Severity = Severity.CRITICAL) -> Alert:
    return Alert(
        f"a{number}", "rule", f"tracker:{number}", severity, f"Title {number}", "Do", 1, 1, 2, 7, number
    )


async def ended(guard, count: int) -> list[OutboxEntry] | None:
    """The entries once there are so many and each has an end."""
    entries = (await guard.ListOutbox(ListOutboxRequest(), wait_for_ready=True)).entries
    over = all(entry.HasField("settled_ms") for entry in entries)
    return list(entries) if over and len(entries) == count else None


async def test_two_regions_that_raise_one_alert_are_one_row_and_send_one_webhook(
    platform, reporter, guard, database, plain_url, process, receiver, free_port, tmp_path: Path
):
    everywhere = {
        "database_url": plain_url,
        "security_webhook_url": receiver.url,
        "security_webhook_severity": "info",
    }
    processes = [
        await process(**everywhere, site=site, state_dir=tmp_path / site, grpc_listen=f"127.0.0.1:{port}")
        for site, port in (("amsterdam", platform.port), ("london", free_port()))
    ]
    await reporter.odd(jumps(5))
    await reporter.refused(malformed(20))
    entries = await eventually(lambda: ended(guard, 2))
    for running in processes:
        running.terminate()
        assert await asyncio.wait_for(running.wait(), LIMIT_S) == 0
    for site in ("amsterdam", "london"):
        kept = (tmp_path / site / "security" / "checkpoint.json").read_text()
        assert all(entry.alert_id in kept for entry in entries), f"{site} raised both"
    assert sorted(receiver.alert_ids) == sorted(entry.alert_id for entry in entries)
    async with database.transaction() as connection:
        rows = (await connection.execute(text("SELECT alert_id FROM alert"))).scalars().all()
    assert sorted(rows) == sorted(receiver.alert_ids)
    jump = next(entry for entry in entries if entry.subject == "tracker:9123")
    assert (jump.epoch, jump.state, jump.detail) == (EPOCH, OUTBOX_STATE_DELIVERED, "answered 204")
    assert jump.sequence == 100, "where it was first seen"
    flood = next(entry for entry in entries if entry is not jump)
    assert (flood.epoch, flood.sequence) == (0, START_MS)


async def test_the_body_says_what_is_wrong_and_what_to_do(
    platform, reporter, guard, database, plain_url, receiver
):
    async with platform.security(
        database_url=plain_url, security_webhook_url=receiver.url, security_webhook_severity="info"
    ):
        await reporter.odd(jumps(5))
        [entry] = await eventually(lambda: ended(guard, 1))
    [body] = receiver.bodies
    assert {
        "version": 1,
        "alert_id": entry.alert_id,
        "subject": "tracker:9123",
        "severity": "info",
        "first_seen_ms": START_MS,
        "epoch": EPOCH,
        "sequence": entry.sequence,
    }.items() <= body.items()
    assert body["action"]
    assert entry.title == body["title"]


async def test_without_a_url_nothing_leaves_and_less_severe_alerts_never_do(
    platform, reporter, guard, database, plain_url, receiver
):
    async with platform.security(database_url=plain_url):
        await reporter.refused(malformed(1000))
        await platform.alert(lambda alert: alert.count == 1000)
        await eventually(lambda: recorded(database, 1))
    # Set up now: alerts of before stay where they are.
    async with platform.security(database_url=plain_url, security_webhook_url=receiver.url):
        await reporter.odd(jumps(5))
        await eventually(lambda: recorded(database, 2))
        await reporter.refused(malformed(1, source="moto-3", count=1000))
        [entry] = await eventually(lambda: ended(guard, 1))
    assert entry.subject == "source:moto-3"
    assert receiver.alert_ids == [entry.alert_id]


async def recorded(database: Store, count: int) -> bool:
    async with database.transaction() as connection:
        return await connection.scalar(text("SELECT count(*) FROM alert")) == count


async def test_an_alert_that_becomes_worse_leaves_once_when_it_is_bad_enough(store: Store):
    security = AlertStore(DecisionStore(store), Severity.CRITICAL)
    await security.settle([alert(1, Severity.WARNING)], [])
    assert await security.outgoing(10, None) == []
    for _ in range(2):
        await security.settle([alert(1)], [])
    assert [entry.alert_id for entry in await security.outgoing(10, None)] == ["a1"]


async def test_two_regions_that_record_an_alert_in_the_same_instant_offer_it_once(
    store: Store, plain_url: str
):
    stores = [Store(plain_url, site) for site in ("amsterdam", "london")]

    async def both_wait() -> bool:
        async with store.transaction() as connection:
            waiting = (
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = :name"
            )
            name = await connection.scalar(text("SELECT current_database()"))
            return await connection.scalar(text(waiting), {"name": name}) == len(stores)

    # Held up where each has seen that there is no such alert yet.
    async with store.engine.connect() as held:
        await held.execute(text("INSERT INTO alert VALUES ('a1', '', '', 1, '', '', '[]', 1, now(), now())"))
        recording = [
            asyncio.create_task(AlertStore(DecisionStore(one), Severity.CRITICAL).settle([alert(1)], []))
            for one in stores
        ]
        await eventually(both_wait)
        await held.rollback()
    await asyncio.gather(*recording)
    assert len(await AlertStore(DecisionStore(store)).outgoing(10, None)) == 1
    for one in stores:
        await one.close()


async def test_the_list_comes_in_pages_that_meet_end_to_end(platform, guard, database, plain_url):
    security = AlertStore(DecisionStore(database), Severity.CRITICAL)
    for number in range(5):
        await security.settle([alert(number)], [])
    async with platform.security(database_url=plain_url):
        first = await guard.ListOutbox(ListOutboxRequest(page_size=2), wait_for_ready=True)
        second = await guard.ListOutbox(ListOutboxRequest(page_size=9, page_token=first.next_page_token))
    assert [entry.alert_id for entry in (*first.entries, *second.entries)] == ["a4", "a3", "a2", "a1", "a0"]
    assert {entry.state for entry in first.entries} == {OUTBOX_STATE_WAITING}
    assert second.next_page_token == ""


async def test_a_site_without_a_database_has_sent_nothing(platform, guard):
    async with platform.security():
        assert not (await guard.ListOutbox(ListOutboxRequest(), wait_for_ready=True)).entries


def test_a_webhook_without_a_database_does_not_start():
    with pytest.raises(ValueError, match="ARDOISE_DATABASE_URL"):
        SecuritySettings(security_webhook_url="https://receiver.example/alerts")


@pytest.mark.parametrize(
    ("status", "state", "detail"),
    [
        (204, OutboxState.DELIVERED, "answered 204"),
        (503, OutboxState.FAILED, "answered 503"),
        (302, OutboxState.FAILED, "answered 302"),
        (None, OutboxState.IN_DOUBT, "no answer: "),
    ],
)
async def test_an_outcome_says_what_is_known_of_the_delivery(
    receiver, monkeypatch, status: int | None, state: OutboxState, detail: str
):
    monkeypatch.setattr(webhook, "SEND_LIMIT_S", 0.5)
    receiver.status = status
    sender = Webhook(receiver.url)
    outcome = await sender.send({"alert_id": "a1"})
    await sender.close()
    assert outcome.state is state
    assert outcome.detail.startswith(detail)
    assert receiver.alert_ids == ["a1"], "once"


async def test_where_nobody_listens_it_has_failed(free_port):
    sender = Webhook(f"http://127.0.0.1:{free_port()}/secret-token")
    outcome = await sender.send({"alert_id": "a1"})
    await sender.close()
    assert outcome.state is OutboxState.FAILED
    assert "secret-token" not in outcome.detail


async def test_a_failure_is_shown_and_not_sent_again(
    platform, reporter, guard, database, plain_url, receiver
):
    receiver.status = 500
    settings = {"database_url": plain_url, "security_webhook_url": receiver.url}
    async with platform.security(**settings):
        await reporter.refused(malformed(1000))
        [failed] = await eventually(lambda: ended(guard, 1))
    receiver.status = 204
    async with platform.security(**settings):
        await reporter.refused(malformed(1, source="moto-3", count=1000))
        await eventually(lambda: ended(guard, 2))
    assert (failed.state, failed.detail) == (OUTBOX_STATE_FAILED, "answered 500")
    assert receiver.alert_ids.count(failed.alert_id) == 1


@pytest.mark.slow
async def test_a_sender_killed_while_the_receiver_has_it_leaves_it_in_doubt_and_nobody_sends_it_again(
    platform, reporter, guard, database, plain_url, process, receiver
):
    receiver.status = None
    settings = {"database_url": plain_url, "security_webhook_url": receiver.url}
    security = await process(**settings)
    await reporter.refused(malformed(1000))
    await eventually(lambda: arrived(receiver))
    security.send_signal(signal.SIGKILL)
    await security.wait()
    receiver.status = 204
    async with database.transaction() as connection:
        await connection.execute(text("UPDATE outbox SET claimed = claimed - INTERVAL '61 s'"))
    await process(**settings)
    await reporter.refused(malformed(1, source="moto-3", count=1000))
    newer, older = await eventually(lambda: both(guard))
    assert newer.state == OUTBOX_STATE_DELIVERED
    assert (older.state, older.HasField("settled_ms")) == (OUTBOX_STATE_IN_DOUBT, False)
    assert "died" in older.detail
    assert receiver.alert_ids == [older.alert_id, newer.alert_id]


async def arrived(receiver: Receiver) -> bool:
    return bool(receiver.bodies)


async def both(guard) -> list[OutboxEntry] | None:
    entries = (await guard.ListOutbox(ListOutboxRequest(), wait_for_ready=True)).entries
    return list(entries) if len(entries) == 2 and entries[0].HasField("settled_ms") else None


@pytest.mark.slow
async def test_what_was_claimed_on_one_region_only_is_not_sent_before_both_know(receiver, tmp_path: Path):
    with TwoRegions(tmp_path) as regions:
        store = Store(regions.url, "test")
        await migrate(store)
        decisions = DecisionStore(store)
        await AlertStore(decisions, Severity.CRITICAL).settle([alert(1)], [])
        regions.cut()
        sender = Webhook(receiver.url)
        courier = asyncio.create_task(Courier(Outbox(decisions), sender.send).run())
        await eventually(lambda: claimed(regions))
        assert receiver.bodies == [], "claimed here, and perhaps not there"
        regions.mend()
        await eventually(lambda: arrived(receiver))
        courier.cancel()
        await asyncio.wait({courier})
        await sender.close()
        await store.close()
    assert receiver.alert_ids == ["a1"]


async def claimed(regions: TwoRegions) -> bool:
    """On Amsterdam, whose commit has given up waiting for London: there it is for everybody to read."""
    store = Store(regions.amsterdam.url, "looks")
    async with store.transaction() as connection:
        found = await connection.scalar(text("SELECT count(*) FROM outbox WHERE state = 2"))
    await store.close()
    return bool(found)


async def test_past_the_bound_of_what_waits_an_alert_fails_at_once_and_says_so(store: Store, monkeypatch):
    monkeypatch.setattr(outbox, "MOST_WAITING", 2)
    security = AlertStore(DecisionStore(store), Severity.CRITICAL)
    for number in range(3):
        await security.settle([alert(number)], [])
    newest, *_ = await security.outgoing(10, None)
    assert (newest.state, newest.detail) == (OutboxState.FAILED, "not sent: 2 others are waiting")


async def test_what_has_ended_is_kept_up_to_a_bound_and_never_sent_again(store: Store, monkeypatch):
    monkeypatch.setattr(outbox, "MOST_ROWS", 3)
    decisions = DecisionStore(store)
    security = AlertStore(decisions, Severity.CRITICAL)
    for number in range(6):
        await security.settle([alert(number)], [])
        for parcel in await Outbox(decisions).claim(f"claim-{number}"):
            await Outbox(decisions).settle(
                f"claim-{number}", parcel.number, outbox.Outcome(OutboxState.DELIVERED, "")
            )
    kept = [entry.alert_id for entry in await security.outgoing(10, None)]
    assert kept == ["a5", "a4", "a3"]
    await security.settle([alert(number) for number in range(6)], [])
    assert await Outbox(decisions).claim("another") == []
