"""`kubectl ardoise` at a real API server, where the test writes what an operator would."""

import copy
import json
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.kubernetes.alone import ApiServer, serving
from tests.kubernetes.bed.api import ApiRefused
from tests.kubernetes.plugin import (
    DRILL,
    NAMESPACE,
    POLL_S,
    SCREEN_COLUMNS,
    Operator,
    begun,
    done,
    kubeconfig,
    path_of,
)
from tests.support.operator_pictures import ended, running
from tests.support.own_kinds import GROUP, PLURALS, STATUS, definitions

pytestmark = pytest.mark.timeout(400)
NAMES = [f"{plural}.{GROUP}" for plural in PLURALS.values()]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """One that does not know our kinds yet."""
    with serving(tmp_path_factory.mktemp("api-server"), "kubectl ardoise at a real API server") as server:
        about = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
        server.api.create("/api/v1/namespaces", about)
        yield server


@pytest.fixture(scope="module")
def server(bare: ApiServer) -> ApiServer:
    """One that knows them."""
    bare.cluster.apply(*map(dict, definitions().values()))
    bare.cluster.await_kinds(*NAMES)
    return bare


@pytest.fixture
def operator(server: ApiServer) -> Operator:
    """On a good day, Amsterdam is primary."""
    operator = Operator(server)
    operator.write()
    return operator


def test_a_cluster_without_our_kinds_is_no_regions(bare: ApiServer):
    code, text = done(bare, "status", "-n", NAMESPACE)
    assert (code, text.count("\n")) == (1, 1)
    assert "knows no replications.ardoise.dev: it is no region's cluster" in text


def test_the_state_of_all_sites_is_one_screen(server: ApiServer, operator: Operator):
    operator.write(history=[ended("2026-07-06-london-1")])
    code, text = done(server, "status", "-n", NAMESPACE)
    assert code == 0, text
    for words in (
        "seen from amsterdam",
        "primary        amsterdam, timeline 7, as wished for (as-installed)",
        "can take over  london: yes",
        "2 messages (1.50 s of the race), no decisions, if london alone were left",
        "london     synchronous standby  7         4178  2 messages  352 B       14 ms",
        "2.45 s  0 messages, 0 decisions",
        "everything is as it should be",
    ):
        assert words in text
    assert max(map(len, text.splitlines())) <= SCREEN_COLUMNS


def test_what_is_not_ready_is_an_exit_code(server: ApiServer, operator: Operator):
    operator.say("Ready", "False", "FailedOver", "amsterdam is primary; london does not follow it yet")
    code, text = done(server, "status", "--namespace", NAMESPACE)
    assert code == 1
    assert "!  Ready  NO  amsterdam is primary; london does not follow it yet" in text


def test_a_watch_shows_what_changes(server: ApiServer, operator: Operator):
    with begun(server, "status", "-w", "-n", NAMESPACE) as said:
        said.until("everything is as it should be")
        operator.say("Degraded", "True", "NotWhole", "london does not answer")
        said.until("!  Degraded  yes  london does not answer")
        operator.beat()
        said.process.send_signal(signal.SIGINT)
        code, text = said.over()
    assert code == 0
    assert text.count("primary        amsterdam") == 2


def test_another_namespace_is_pointed_at(server: ApiServer, operator: Operator):
    assert operator.spec["primary"] == "amsterdam"
    code, text = done(server, "status")
    assert (code, text) == (2, "error: there is no Replication in namespace default: add -n race\n")


def test_a_dry_run_is_checked_by_the_server_and_does_nothing(server: ApiServer, operator: Operator):
    before = operator.spec
    code, text = done(server, "switchover", "london", "--dry-run", "-n", NAMESPACE)
    assert code == 0, text
    assert "dry run: the API server would take it; nothing was done" in text
    assert operator.spec == before


def test_nobody_who_does_not_answer_moves_anything(server: ApiServer, operator: Operator):
    before = operator.spec
    code, _ = done(server, "switchover", "london", "-n", NAMESPACE)
    assert code == 1
    with begun(server, "switchover", "london", "-n", NAMESPACE) as said:
        said.until("Move the primary to london?")
        said.answer("n")
        code, text = said.over()
    assert (code, "nothing was done" in text) == (1, True)
    assert operator.spec == before


def test_a_switchover_is_written_and_followed_to_its_end(server: ApiServer, operator: Operator):
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    operator.world.status["history"] = [ended(f"{today}-london-1")]
    operator.write()
    with begun(server, "switchover", "london", "-n", NAMESPACE) as said:
        said.until("Move the primary to london?")
        said.answer("y")
        said.until("Write the same into Git")
        wish = operator.spec["requestId"]
        assert wish == f"{today}-london-2"
        assert (operator.spec["primary"], "force" in operator.spec) == ("london", False)
        operator.world.say("Ready", "False", "OperationInProgress", "Switchover: Switching, to london")
        operator.write(acceptedRequestId=wish, acceptedPrimary="london", operation=running(wish))
        said.until("switching ...")
        operator.write(primary="london", operation=running(wish, "Rejoining", "Successfully switched over"))
        said.until("rejoining ...")
        operator.world.say("Ready", "True", "AsWished")
        del operator.world.status["operation"]
        operator.write(history=[ended(wish), *operator.world.status["history"]])
        code, text = said.over()
    assert code == 0, text
    for words in (
        f"primary: london\n    requestId: {wish}",
        "accepted",
        "switching, done after 3 s: Successfully switched over",
        "london is primary, amsterdam follows: 8 s in all, writes stood for 2.45 s",
        "lost: 0 messages, 0 decisions",
    ):
        assert words in text


def test_an_operator_that_writes_in_between_is_given_way_to(server: ApiServer, operator: Operator):
    """Again and again, for as long as the person answers and longer."""
    ending = threading.Event()

    def beat() -> None:
        while not ending.wait(POLL_S):
            operator.beat()

    beating = threading.Thread(target=beat)
    beating.start()
    try:
        with begun(server, "switchover", "london", "--yes", "--timeout=1s", "-n", NAMESPACE) as said:
            said.until("Write the same into Git")
    finally:
        ending.set()
        beating.join()
    assert operator.spec["primary"] == "london"


def test_what_is_confirmed_is_what_is_written_or_nothing(server: ApiServer, operator: Operator):
    with begun(server, "switchover", "london", "-n", NAMESPACE) as said:
        said.until("Move the primary to london?")
        server.api.merge(path_of("Replication", "race"), {"spec": {"mode": "Manual"}})
        said.answer("y")
        code, text = said.over()
    assert code == 1
    assert "somebody else changed the object meanwhile, nothing was done" in text
    assert operator.spec["primary"] == "amsterdam"


def test_a_change_that_would_lose_is_refused_before_it_is_written(server: ApiServer, operator: Operator):
    before = operator.spec
    verdict = {"site": "london", "status": "False", "reasons": ["no synchronous member"]}
    operator.write(canPromote=[operator.world.status["canPromote"][0], verdict])
    code, text = done(server, "switchover", "london", "--yes", "-n", NAMESPACE)
    assert code == 1
    assert text.endswith("error: refused, nothing was done: no synchronous member\n")
    assert operator.spec == before


def test_a_region_that_there_is_not_is_a_wrong_command(server: ApiServer, operator: Operator):
    assert operator.spec["primary"] == "amsterdam"
    code, text = done(server, "switchover", "paris", "-n", NAMESPACE)
    assert (code, text) == (2, "error: there is no region paris: there are amsterdam, london\n")


def test_a_wish_that_was_used_before_says_what_to_write(server: ApiServer, operator: Operator):
    with begun(server, "switchover", "london", "--yes", "-n", NAMESPACE) as said:
        said.until("Write the same into Git")
        operator.say("SpecDiverged", "True", "AnotherWasAccepted", "write primary: amsterdam")
        code, text = said.over()
    assert code == 1
    assert "not accepted: write primary: amsterdam" in text


def test_who_does_not_wait_is_told_what_goes_on(server: ApiServer, operator: Operator):
    with begun(server, "switchover", "london", "--yes", "-n", NAMESPACE) as said:
        said.until("Write the same into Git")
        wish = operator.spec["requestId"]
        operator.world.say("Ready", "False", "CoolingDown", "in 40 s: amsterdam was promoted a moment ago")
        operator.write(acceptedRequestId=wish, acceptedPrimary="london")
        said.until("waits: in 40 s")
        said.process.send_signal(signal.SIGINT)
        code, text = said.over()
    assert code == 130
    assert f"the wish {wish} stands" in text
    assert "take it back: kubectl ardoise switchover amsterdam" in text
    code, text = done(server, "switchover", "amsterdam", "--yes", "--timeout=1s", "-n", NAMESPACE)
    assert code == 1
    assert "not over after 1 s" in text
    assert operator.spec["primary"] == "amsterdam"


def test_a_forced_failover_is_asked_twice_and_names_its_loss(server: ApiServer, operator: Operator):
    operator.world.lose("amsterdam")
    operator.write()
    with begun(server, "failover", "london", "-n", NAMESPACE) as said:
        said.until("Type its name (london)")
        said.answer("london")
        said.until('Type "lose Unknown"')
        said.answer("lose Unknown")
        said.until("take force out here")
        wish = operator.spec["requestId"]
        assert operator.spec["force"] == {"requestId": wish, "acceptedLossMessages": "Unknown"}
        operator.world.say("Ready", "True", "AsWished")
        cost = {"type": "ForcedFailover", "lostMessages": 4, "lostDecisions": "Unknown"}
        operator.write(primary="london", acceptedRequestId=wish, history=[ended(wish, **cost)])
        code, text = said.over()
    assert code == 0, text
    assert "lost: 4 messages, Unknown decisions" in text

    verdict = {"site": "amsterdam", "status": "True", "reasons": []}
    loss = {"region": "amsterdam", "messages": 0, "raceMilliseconds": 0, "decisions": "False"}
    operator.write(acceptedPrimary="london", canPromote=[verdict], lossNow=loss)
    code, text = done(server, "switchover", "amsterdam", "--yes", "--timeout=1s", "-n", NAMESPACE)
    assert "Write the same into Git" in text
    assert "force" not in operator.spec


def test_without_both_answers_nothing_is_forced(server: ApiServer, operator: Operator):
    operator.world.lose("amsterdam")
    operator.write()
    before = operator.spec
    for answers in (["amsterdam"], ["london", "lose 3"], ["london", ""]):
        with begun(server, "failover", "london", "-n", NAMESPACE) as said:
            said.until("Type its name (london)")
            for answer in answers:
                said.answer(answer)
            code, text = said.over()
        assert code == 1
        assert "nothing was done" in text
    assert operator.spec == before


def test_break_glass_is_for_who_has_no_majority(server: ApiServer, operator: Operator):
    code, text = done(server, "break-glass", "-n", NAMESPACE)
    assert code == 1
    assert "amsterdam is primary: kubectl ardoise switchover london moves it without loss" in text
    operator.world.lose_majority()
    operator.write(acceptedRequestId=None, acceptedPrimary=None)
    with begun(server, "break-glass", "-n", NAMESPACE) as said:
        said.until("Run it?")
        assert "exec --stdin --tty deployment/ardoise-operator --container=operator" in said.text
        said.answer("n")
        code, text = said.over()
    assert code == 1
    assert text.rstrip().endswith("nothing was done")


def test_a_right_that_is_missing_is_named(server: ApiServer, operator: Operator, tmp_path: Path):
    assert operator.spec["primary"] == "amsterdam"
    server.cluster.kubectl("create", "serviceaccount", "viewer", f"--namespace={NAMESPACE}")
    token = server.cluster.kubectl("create", "token", "viewer", f"--namespace={NAMESPACE}").strip()
    viewer = kubeconfig(server, tmp_path / "viewer", {"token": token})
    code, text = done(server, "status", "-n", NAMESPACE, kubeconfig=viewer)
    assert (code, text.count("\n")) == (1, 1)
    assert "you lack the right to list replications.ardoise.dev -n race" in text
    may_look = ("--verb=get,list", "--resource=replications.ardoise.dev,sites.ardoise.dev,drills.ardoise.dev")
    server.cluster.kubectl("create", "role", "viewer", *may_look, f"--namespace={NAMESPACE}")
    bound = ("--role=viewer", f"--serviceaccount={NAMESPACE}:viewer", f"--namespace={NAMESPACE}")
    server.cluster.kubectl("create", "rolebinding", "viewer", *bound)
    code, text = done(server, "status", "-n", NAMESPACE, kubeconfig=viewer)
    assert code == 0, text
    code, text = done(server, "switchover", "london", "--dry-run", "-n", NAMESPACE, kubeconfig=viewer)
    assert code == 1
    assert "you lack the right to patch replications.ardoise.dev -n race" in text


def test_who_is_not_known_is_told_to_log_in(server: ApiServer, tmp_path: Path):
    stranger = kubeconfig(server, tmp_path / "stranger", {"token": "worn out"})
    code, text = done(server, "status", "-n", NAMESPACE, kubeconfig=stranger)
    assert (code, text.count("\n")) == (1, 1)
    assert "does not know you, log in anew" in text


def test_a_server_that_does_not_answer_is_named(server: ApiServer, tmp_path: Path):
    config = json.loads(server.kubeconfig.read_text())
    config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    silent = tmp_path / "silent"
    silent.write_text(json.dumps(config))
    code, text = done(server, "status", "-n", NAMESPACE, kubeconfig=silent)
    assert (code, text.count("\n")) == (1, 1)
    assert "https://127.0.0.1:1" in text
    assert "The other one's cluster shows the same: --context" in text


def write_drill(server: ApiServer, change: Callable[[dict[str, Any]], None]) -> None:
    """Its status, as the operator would."""
    status = copy.deepcopy(STATUS[DRILL])
    change(status)
    server.api.merge(f"{path_of('Drill', DRILL)}/status", {"status": status})


def test_a_drill_is_listed_run_and_reported(server: ApiServer, operator: Operator):
    assert operator.spec["primary"] == "amsterdam"
    write_drill(server, lambda status: None)
    code, text = done(server, "drill", "list", "-n", NAMESPACE)
    assert code == 0, text
    assert DRILL in text
    with begun(server, "drill", "run", DRILL, "--yes", "-n", NAMESPACE) as said:
        said.until("is asked for")
        run_id = server.api.get(path_of("Drill", DRILL))["spec"]["runRequestId"]
        write_drill(
            server,
            lambda status: status.update(runId=run_id, phase="Running", verdict=None, finishedAt=None),
        )
        said.until("running")
        write_drill(
            server,
            lambda status: status.update(runId=run_id, verdict="Held", failedStep=None, reasons=None),
        )
        code, text = said.over()
    assert code == 0, text
    code, text = done(server, "drill", "report", DRILL, "-n", NAMESPACE)
    assert code == 0, text
    assert f"run              {run_id}, region-lost" in text
    assert "decisions stood  20.31 s, at most 25 s" in text


def test_a_drill_that_there_is_not_is_named(server: ApiServer):
    code, text = done(server, "drill", "report", "nothing", "-n", NAMESPACE)
    assert code == 1
    assert "there is no Drill nothing in namespace race" in text


def test_a_run_that_is_asked_for_has_a_name_that_people_can_read(server: ApiServer, operator: Operator):
    assert operator.spec["primary"] == "amsterdam"
    with pytest.raises(ApiRefused, match="write 1 to 64 letters, digits and hyphens"):
        server.api.merge(path_of("Drill", DRILL), {"spec": {"runRequestId": "now please"}})
