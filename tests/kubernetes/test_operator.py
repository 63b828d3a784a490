"""The operator, as it is installed, in front of a real API server and a `sites` that says what a test wants."""

import signal
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from ardoise_operator.api import GONE, THERE, About, Api, ApiTrouble
from ardoise_operator.events import Note
from ardoise_operator.sight import instant

from tests.kubernetes.alone import serving
from tests.kubernetes.bed.cluster import eventually
from tests.kubernetes.operator_bench import NAMESPACE, SHOWN_LIMIT_S, STOP_LIMIT_S, Bench, Operator
from tests.support.operator_looks import reports, status
from tests.support.own_kinds import example_objects

pytestmark = pytest.mark.timeout(400)
AWAY_S = 15.0
"""Longer than every limit of a request."""
QUIET_S = 12.0
"""A status that says the same is written again within 10 s."""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with serving(tmp_path_factory.mktemp("api-server"), "the operator at a real API server") as server:
        made = Bench(server, tmp_path_factory.mktemp("bench"))
        try:
            made.start()
            yield made
        finally:
            made.stop()


@pytest.fixture(scope="module")
def started(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    made = Operator(bench.kubeconfig(), bench.sites_file(), tmp_path_factory.mktemp("operator"))
    try:
        made.start()
        bench.await_looked()
        yield made
    finally:
        made.close()


@pytest.fixture
def operator(bench: Bench, started: Operator) -> Iterator[Operator]:
    """It runs, in front of objects that it shows."""
    bench.sites.status = status(reports())
    if not started.runs:
        started.start()
    bench.await_well()
    yield started
    assert started.runs, started.last_words


def test_a_good_day_is_told_on_one_screen(bench: Bench, operator: Operator):
    told = bench.server.cluster.kubectl("get", "sites,replications", f"--namespace={NAMESPACE}")
    lines = [" ".join(line.split()) for line in told.splitlines() if line]
    assert lines[1].startswith("site.ardoise.dev/amsterdam Region Primary True Answers 7 4178 2")
    assert lines[2].startswith("site.ardoise.dev/london Region SynchronousStandby True Answers 7 4178 2")
    assert lines[3].startswith("site.ardoise.dev/truck Edge Origin True Answers 4180")
    assert "amsterdam amsterdam Automatic" in lines[5]
    assert bench.shown("site", "london")["lag"]["walBytes"] == 352
    assert operator.healthy()
    assert 'operator_objects{kind="Site"' in operator.metrics()


def test_nothing_of_the_operator_is_left_in_an_object_but_its_status(bench: Bench, operator: Operator):
    for name, one in example_objects().items():
        about = bench.server.cluster.get(one["kind"], name, f"--namespace={NAMESPACE}")["metadata"]
        assert "finalizers" not in about
        kubectls = {"kubectl.kubernetes.io/last-applied-configuration"}
        assert set(about.get("annotations", {})) <= kubectls


def test_sites_that_falls_silent_is_shown_and_told_once(bench: Bench, operator: Operator):
    before = bench.events()
    bench.sites.status = None
    bench.await_why("replication", "race", "Protected", "SitesSilent")
    bench.await_why("site", "truck", "Ready", "SitesSilent")
    assert bench.shown("site", "truck")["log"]["lastSequence"] == "Unknown"
    bench.sites.status = status(reports())
    bench.await_why("replication", "race", "Protected", "RegionReady")
    time.sleep(QUIET_S)
    new = list(bench.events())
    for one in before:
        new.remove(one)
    names = ("amsterdam", "london", "race", "truck")
    expected = [
        *((name, reason) for name in names for reason in ("SeenAgain", "SitesSilent")),
        ("race", "PrimarySeen"),
    ]
    assert sorted(new) == sorted(expected)


def test_a_new_start_repeats_no_event_and_a_sigterm_ends_it_at_once(bench: Bench, operator: Operator):
    before = bench.events()
    began = time.monotonic()
    assert operator.end(signal.SIGTERM) == 0
    assert time.monotonic() - began < STOP_LIMIT_S / 2
    operator.start()
    bench.await_looked()
    assert bench.events() == before


def test_with_the_operator_away_an_object_is_deleted_and_made_anew(bench: Bench, operator: Operator):
    operator.end(signal.SIGKILL)
    bench.server.cluster.kubectl("delete", "site", "london", f"--namespace={NAMESPACE}", "--timeout=10s")
    operator.start()
    bench.make_objects()
    bench.await_why("site", "london", "Ready", "Answers")


async def test_of_an_object_that_is_gone_or_was_made_anew_the_api_server_says_so(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("KUBECONFIG", str(bench.kubeconfig()))
    race = bench.server.cluster.get("replication", "race", f"--namespace={NAMESPACE}")
    uid, status = race["metadata"]["uid"], {"observedAt": instant(datetime.now(UTC))}
    api = Api("")
    try:
        await api.write_status(About("Replication", "race", uid), status)
        for name, cause in (("race", THERE), ("nobody", GONE)):
            with pytest.raises(ApiTrouble) as refused:
                await api.write_status(About("Replication", name, str(uuid.uuid4())), status)
            assert refused.value.cause == cause
        assert await api.uids("Replication") == {uid}
    finally:
        await api.close()


async def test_an_event_is_taken_once(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KUBECONFIG", str(bench.kubeconfig()))
    before, at = bench.events(), datetime.now(UTC)
    api = Api("")
    try:
        for _ in range(2):
            await api.post_event(
                About("Site", "london", "uid"), Note("Normal", "Twice", "posted"), at, "test"
            )
    finally:
        await api.close()
    new = bench.events()
    for one in before:
        new.remove(one)
    assert new == [("london", "Twice")]


@pytest.mark.parametrize("how", ["silent", "killed"])
@pytest.mark.slow
def test_an_api_server_that_is_away_stops_no_look_and_is_written_to_when_it_is_back(
    how: str, bench: Bench, operator: Operator
):
    def away() -> None:
        bench.server.signal(signal.SIGSTOP)
        time.sleep(AWAY_S)
        bench.server.signal(signal.SIGCONT)

    asked = bench.sites.asked
    if how == "silent":
        away()
        assert bench.sites.asked - asked >= AWAY_S / 2 - 3
    else:
        bench.server.restart()
    assert operator.healthy()
    bench.sites.status = status(reports("london"))
    bench.await_primary("london")
    # It still hears of new objects: its watches are alive, or alive again.
    bench.server.cluster.kubectl("delete", "site", "truck", f"--namespace={NAMESPACE}")
    bench.make_objects()
    eventually(lambda: bench.why("site", "truck", "Ready") == "Answers", "new object", 2 * SHOWN_LIMIT_S)


@pytest.mark.slow
def test_a_secret_that_is_deleted_is_said_and_used_again_when_it_is_back(bench: Bench, operator: Operator):
    bench.server.cluster.kubectl("delete", "secret", "ardoise-identity", f"--namespace={NAMESPACE}")
    try:
        bench.await_why("site", "amsterdam", "Ready", "SecretMissing")
    finally:
        bench.make_secrets("ardoise-identity")
    bench.await_why("site", "amsterdam", "Ready", "Answers")
