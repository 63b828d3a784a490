"""What kopf is told to do, and what it must not."""

import asyncio
import itertools

import pytest
from ardoise_operator.watching import (
    LONGEST_RETRY_S,
    ForEver,
    Object,
    Objects,
    WatchEnded,
    heed_watchers,
    registry,
    settings,
)
from kopf._cogs.aiokits.aiotasks import create_guarded_task
from kopf._core.reactor import orchestration

MOST_DEAD_WATCH_S = 75
LIMIT_S = 10.0


def race(uid: str, minute: int) -> Object:
    return Object("Replication", "race", uid, 1, {}, {}, f"2026-07-07T12:{minute:02}:00Z")


def uids(objects: Objects) -> list[str]:
    return [one.uid for one in objects.all_replications()]


def test_kopf_keeps_objects_and_has_no_handler_that_writes_into_them():
    made = registry(Objects(), lambda: "")
    # By these names the startup handler is given what it remembers.
    assert {one.id for one in made._indexing.get_all_handlers()} == {"sites", "replications", "drills"}
    for writing in (made._changing, made._spawning, made._webhooks):
        assert list(writing.get_all_handlers()) == []


def test_a_dead_watch_is_noticed_in_time_and_no_refusal_is_the_last():
    made = settings()
    watching = made.watching
    assert max(watching.client_timeout, watching.inactivity_timeout) < MOST_DEAD_WATCH_S
    assert watching.server_timeout < watching.client_timeout
    assert list(itertools.islice(ForEver(), 100))[-1] == LONGEST_RETRY_S
    # Each request counts anew.
    waits = made.networking.error_backoffs
    assert list(itertools.islice(waits, 2)) == list(itertools.islice(waits, 2))


async def test_a_watch_that_kopf_gave_up_ends_the_operator_and_one_that_it_stopped_does_not():
    async def watches(goes_on: asyncio.Event) -> None:
        await goes_on.wait()
        raise RuntimeError("415")

    def watch(kind: str, refused: asyncio.Event) -> asyncio.Task:
        """As kopf begins it."""
        return create_guarded_task(
            watches(refused), f"watcher for {kind}", cancellable=True, logger=orchestration.logger
        )

    refused = asyncio.Event()
    heeding = asyncio.create_task(heed_watchers())
    stopped, given_up = watch("drills", asyncio.Event()), watch("sites", refused)
    await asyncio.sleep(0)
    stopped.cancel()
    await asyncio.wait({stopped})
    refused.set()
    with pytest.raises(WatchEnded, match="Watcher for sites has failed: 415"):
        await asyncio.wait_for(heeding, LIMIT_S)
    await asyncio.wait({given_up})
    assert isinstance(given_up.exception(), RuntimeError)


def test_kopf_asks_for_no_right_of_the_whole_cluster():
    assert settings().scanning.disabled


def test_of_one_name_the_newest_counts_and_no_older_one_comes_back():
    objects = Objects(replications={"race": [race("new", 5), race("old", 1)]})
    assert uids(objects) == ["new"]
    objects.replications = {"race": [race("old", 1)]}
    assert uids(objects) == []


def test_of_one_second_what_was_heard_of_last_counts():
    assert uids(Objects(replications={"race": [race("old", 1), race("new", 1)]})) == ["new"]


def test_what_the_api_server_has_counts_whatever_clocks_say():
    objects = Objects(replications={"race": [race("old", 5), race("new", 1)]})
    assert uids(objects) == ["old"]
    objects.looked_for("old", {"new"})
    assert uids(objects) == ["new"]


def test_what_was_looked_for_and_is_there_stays():
    objects = Objects(replications={"race": [race("race", 1)]})
    objects.looked_for("race", {"race", "another"})
    assert uids(objects) == ["race"]
