"""kill -9 between every two steps of what leaves the platform: never twice, and each alert has an end."""

import random
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from ardoise.chassis.decisions import DecisionStore
from ardoise.chassis.store import Store
from ardoise.security.domain.outgoing import OutboxState
from ardoise.security.store import AlertStore
from sqlalchemy import text

from tests.support.forks import Forks
from tests.support.receiver import Receiver

pytestmark = pytest.mark.slow

KILLS = 40
SEED = 20_161_125
FAILPOINTS = (
    "before_offer",
    "after_offer",
    "before_claim",
    "in_claim",
    "after_claim",
    "after_send",
    "in_outcome",
    "after_outcome",
)
# What a life reaches several times: it sends what is new in it.
SEVERAL_TIMES = ("after_send", "in_outcome", "after_outcome")
NEW_ALERTS = 3
A_MINUTE_LATER = "UPDATE outbox SET claimed = claimed - INTERVAL '61 s'"


@pytest.mark.timeout(300)  # 15 s on two idle cores
async def test_killed_between_any_two_steps_nothing_is_sent_twice_and_nothing_is_forgotten(
    plain_url: str, tmp_path: Path, record_property: Callable[[str, object], None]
):
    record_property("outbox kills, seed", SEED)
    draw = random.Random(SEED)
    planned = [(name, 1) for name in FAILPOINTS]
    for name in draw.choices(FAILPOINTS, k=KILLS - len(planned)):
        planned.append((name, draw.randint(1, NEW_ALERTS) if name in SEVERAL_TIMES else 1))
    hits: Counter[str] = Counter()
    with Receiver() as receiver:
        with Forks(
            "outbox_forks", plain_url, receiver.url, "guarded", log=tmp_path / "security.log"
        ) as forks:
            for life, (name, times) in enumerate(planned, 1):
                if forks.run(name, times, NEW_ALERTS * life) == signal.SIGKILL:
                    hits[name] += 1
            alerts = NEW_ALERTS * len(planned)
            assert forks.run("-", 0, alerts) == 0
        received = Counter(receiver.alert_ids)
    assert hits.total() == KILLS, hits
    assert set(hits) == set(FAILPOINTS)
    assert max(received.values()) == 1, "sent twice"
    store = Store(plain_url, "test")
    async with store.transaction() as connection:
        await connection.execute(text(A_MINUTE_LATER))
    states = {
        entry.alert_id: entry.state
        for entry in await AlertStore(DecisionStore(store)).outgoing(2 * alerts, None)
    }
    await store.close()
    assert len(states) == alerts, "forgotten"
    assert set(states.values()) == {OutboxState.DELIVERED, OutboxState.IN_DOUBT}
    delivered = {alert for alert, state in states.items() if state is OutboxState.DELIVERED}
    assert delivered <= set(received)
    assert set(states) - delivered, "no kill left a sender dead between claim and outcome"
    record_property("outbox: alerts, received, in doubt", (alerts, len(received), alerts - len(delivered)))


async def test_sent_before_it_is_claimed_the_same_kill_sends_it_twice(plain_url: str, tmp_path: Path):
    """The negative control: the test above can fail."""
    with Receiver() as receiver:
        with Forks(
            "outbox_forks", plain_url, receiver.url, "unguarded", log=tmp_path / "security.log"
        ) as forks:
            assert forks.run("in_claim", 1, NEW_ALERTS) == signal.SIGKILL
            assert forks.run("-", 0, NEW_ALERTS) == 0
        assert max(Counter(receiver.alert_ids).values()) == 2
