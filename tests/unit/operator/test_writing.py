"""Statuses reach an API server that is slow, refuses or is away, and their events come behind them, once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from ardoise_operator import api as api_module
from ardoise_operator import pacing, writer
from ardoise_operator.api import NO_ANSWER, About, Api, ApiTrouble
from ardoise_operator.events import Note
from ardoise_operator.watching import Objects
from ardoise_operator.writer import Writer

from tests.support.operator_looks import NOON
from tests.support.scripted_api import NAMESPACE, ScriptedApi, served, until

LONDON = About("Site", "london", "uid-1")
TRUCK = About("Site", "truck", "uid-2")
NOTE = Note("Warning", "SiteSilent", "Ready is Unknown: london does not answer amsterdam")


@pytest.fixture
def script() -> ScriptedApi:
    return ScriptedApi(uids={"sites/london": "uid-1", "sites/truck": "uid-2"})


@pytest.fixture
def objects() -> Objects:
    return Objects()


@pytest.fixture
async def api(script: ScriptedApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    """Paced as fast as a test wants it."""
    for module, name in ((pacing, "SOONEST_S"), (writer, "TURN_EVERY_S")):
        monkeypatch.setattr(module, name, 0.02)
    async with served(script, tmp_path / "kubeconfig", monkeypatch.setenv):
        api = Api("")
        monkeypatch.setattr(api_module, "REQUEST_LIMIT_S", 0.3)
        assert api.namespace == NAMESPACE
        try:
            yield api
        finally:
            await api.close()


@pytest.fixture
async def writing(api: Api, objects: Objects) -> AsyncIterator[Writer]:
    made = Writer(api, objects, "operator-amsterdam")
    task = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled(), task.exception()


def want(made: Writer, role: str, *notes: Note) -> None:
    made.want(LONDON, {"role": role, "observedAt": role}, {"role": "before"}, notes, NOON)


async def test_a_status_is_written_whole_for_the_object_that_was_seen(script: ScriptedApi, writing: Writer):
    want(writing, "Primary", NOTE)
    await until(lambda: script.events)
    (status,) = script.statuses
    assert status["metadata"] == {"name": "london", "uid": "uid-1"}
    assert status["status"] == {"role": "Primary", "observedAt": "Primary"}
    (event,) = script.events
    assert (event["reason"], event["type"], event["message"]) == (NOTE.reason, NOTE.type, NOTE.message)
    assert event["involvedObject"]["uid"] == "uid-1"
    assert event["source"] == {"component": "operator-amsterdam"}
    assert event["firstTimestamp"].startswith("2026-07-07T12:00:00")


@pytest.mark.parametrize("code", [409, 429, 500, 503, 0])
async def test_what_the_server_did_not_take_is_written_later_as_it_is_by_then(
    code: int, script: ScriptedApi, writing: Writer
):
    script.answers = [(code, {})] * 3
    want(writing, "Primary", NOTE)
    await until(lambda: script.asked)
    want(writing, "Standby")
    await until(lambda: script.events)
    assert script.statuses[-1]["status"]["role"] == "Standby"
    assert len(script.events) == 1


async def test_events_wait_for_the_status_that_they_come_from(script: ScriptedApi, writing: Writer):
    script.answers = [(503, {"Retry-After": "1"})]
    want(writing, "Primary", NOTE)
    await until(lambda: script.asked)
    await asyncio.sleep(0.2)
    assert script.events == []
    await until(lambda: script.events)
    assert len(script.statuses) == 1


async def test_an_event_that_was_taken_without_an_answer_is_not_told_twice(
    script: ScriptedApi, writing: Writer
):
    script.unheard = 1
    want(writing, "Primary", NOTE, NOTE._replace(reason="PrimaryChanged"))
    await until(lambda: script.events)
    want(writing, "Standby")
    await until(lambda: [event["reason"] for event in script.events][-1] == "PrimaryChanged")
    assert [event["reason"] for event in script.events] == [NOTE.reason, "PrimaryChanged"]


async def test_the_same_that_happens_again_is_told_again(script: ScriptedApi, api: Api):
    for at, uid in ((NOON, "uid-1"), (NOON + timedelta(seconds=2), "uid-1"), (NOON, "uid-2")):
        await api.post_event(About("Site", "london", uid), NOTE, at, "operator-amsterdam")
    assert len(script.events) == 3


async def test_an_event_that_is_never_taken_keeps_no_other(script: ScriptedApi, writing: Writer):
    script.answers = [(200, {}), (403, {})]
    want(writing, "Primary", NOTE, NOTE._replace(reason="PrimaryChanged"))
    await until(lambda: script.events)
    assert [event["reason"] for event in script.events] == ["PrimaryChanged"]


async def test_one_object_that_is_not_answered_keeps_no_other_waiting(
    script: ScriptedApi, writing: Writer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(api_module, "REQUEST_LIMIT_S", 60.0)
    script.answers = [(0, {})]
    want(writing, "Primary")
    writing.want(TRUCK, {"role": "Origin"}, {}, [], NOON)
    # One after the other it would take the client's own 5 s.
    async with asyncio.timeout(3.0):
        await until(lambda: script.statuses)
    assert script.statuses[0]["metadata"]["name"] == "truck"


async def test_an_event_that_is_not_answered_keeps_no_other_object_waiting(
    script: ScriptedApi, writing: Writer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(api_module, "REQUEST_LIMIT_S", 60.0)
    script.answers = [(200, {}), (0, {})]
    want(writing, "Primary", NOTE)
    await until(lambda: script.asked == 2)
    writing.want(TRUCK, {"role": "Origin"}, {}, [], NOON)
    async with asyncio.timeout(3.0):
        await until(lambda: len(script.statuses) == 2)
    assert script.statuses[-1]["metadata"]["name"] == "truck"


async def test_many_events_that_take_long_keep_no_status_waiting(script: ScriptedApi, writing: Writer):
    script.event_s = 0.05
    notes = [NOTE._replace(message=f"the {number}th") for number in range(20)]
    want(writing, "Primary", *notes)
    await until(lambda: script.events)
    want(writing, "Standby")
    await until(lambda: len(script.statuses) == 2)
    assert len(script.events) < 5
    # What is behind comes with the statuses that are written anyway.
    for turn in range(len(notes)):
        want(writing, f"Standby {turn}")
        await asyncio.sleep(script.event_s * 2)
    await until(lambda: len(script.events) == len(notes))
    assert [event["message"] for event in script.events] == [note.message for note in notes]


async def test_an_object_that_is_gone_is_forgotten(script: ScriptedApi, writing: Writer):
    script.answers = [(404, {})] * 50
    want(writing, "Primary")
    await until(lambda: script.asked)
    writing.keep(set())
    asked = script.asked
    await asyncio.sleep(0.3)
    assert script.asked <= asked + 1


async def test_an_object_whose_deletion_nobody_heard_of_is_known_to_be_gone(
    script: ScriptedApi, writing: Writer, objects: Objects
):
    del script.uids["sites/london"]
    want(writing, "Primary", NOTE)
    await until(lambda: objects.gone)
    assert objects.gone == {"uid-1"}
    assert script.events == []


async def test_an_object_that_was_made_anew_is_known_to_be_another(
    script: ScriptedApi, writing: Writer, objects: Objects
):
    script.uids["sites/london"] = "uid-3"
    want(writing, "Primary", NOTE)
    await until(lambda: objects.gone)
    assert objects.gone == {"uid-1"}
    assert script.events == [], "of the old one, at the new one"


@pytest.mark.parametrize("code", [404, 409])
async def test_a_refusal_alone_makes_no_object_gone(
    code: int, script: ScriptedApi, writing: Writer, objects: Objects
):
    # First with a list that is taken, then with one that is refused too.
    script.answers = [(code, {}), (200, {}), (code, {}), (code, {})]
    want(writing, "Primary")
    await until(lambda: script.statuses)
    assert not script.answers
    assert objects.gone == set()


async def test_trouble_says_its_code_and_how_long_to_wait(script: ScriptedApi, api: Api):
    script.answers = [(429, {"Retry-After": "7"}), (0, {})]
    with pytest.raises(ApiTrouble) as busy:
        await api.write_status(LONDON, {})
    assert (busy.value.cause, busy.value.asked_s, busy.value.passes) == ("429", 7, True)
    with pytest.raises(ApiTrouble) as away:
        await api.write_status(LONDON, {})
    assert (away.value.cause, away.value.passes) == (NO_ANSWER, True)
