"""What kopf is told to do, and what it must not."""

import itertools

from ardoise_operator.watching import LONGEST_RETRY_S, ForEver, Objects, registry, settings

MOST_DEAD_WATCH_S = 75


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


def test_kopf_asks_for_no_right_of_the_whole_cluster():
    assert settings().scanning.disabled
