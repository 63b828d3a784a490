"""A real API server takes Site, Replication and Drill as they are meant, and refuses the rest with what to write."""

import copy
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ardoise.rehearsal.drills.in_cluster.scenarios import IN_CLUSTER

from tests.kubernetes.alone import ApiServer, serving
from tests.kubernetes.bed.api import ApiRefused
from tests.kubernetes.bed.cluster import KubectlFailed
from tests.kubernetes.release import Release
from tests.support.chart import CHART, RELEASE, Object, example, overlaid
from tests.support.objects_refused import (
    CHANGES,
    GONE,
    LONDON,
    RACE,
    TO_LONDON,
    TRUCK,
    WEEKLY,
    WRONG,
    WRONG_STATUS,
)
from tests.support.own_kinds import (
    EXAMPLE_FILES,
    GROUP,
    PLURALS,
    PRECHECK,
    STATUS,
    VERSION,
    definitions,
    example_objects,
)

pytestmark = pytest.mark.timeout(400)
NAMESPACE, EXAMPLES = "race", "examples"
RELEASES = ("amsterdam", "london")
NAMES = [f"{plural}.{GROUP}" for plural in PLURALS.values()]
SCREEN_COLUMNS = 160
GOOD = example_objects()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """One that knows our kinds, from a release of the chart."""
    what = "what an API server makes of Site, Replication and Drill"
    with serving(tmp_path_factory.mktemp("api-server"), what) as server:
        for name in (NAMESPACE, EXAMPLES, *RELEASES):
            about = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            server.api.create("/api/v1/namespaces", about)
        release(server, "amsterdam").install()
        server.cluster.await_kinds(*NAMES)
        yield server


def release(server: ApiServer, site: str) -> Release:
    """A region of the laptop, in the namespace of its name; there is no node to run any of it."""
    chosen = {"site": {"name": site, "kind": "region"}, "migration": {"enabled": False}}
    return Release(server.cluster, site, overlaid(example("laptop"), chosen), server.directory)


def path_of(one: Object, name: str = "", namespace: str = NAMESPACE) -> str:
    """Of a kind's list, or of an object."""
    listed = f"/apis/{GROUP}/{VERSION}/namespaces/{namespace}/{PLURALS[one['kind']]}"
    return f"{listed}/{name}" if name else listed


def made(server: ApiServer, base: str, name: str, layer: Mapping[str, Any] | None = None) -> str:
    """Path of a new object, made as an example with something laid over it."""
    one = overlaid(GOOD[base], {"metadata": {"name": name}}, layer or {})
    server.api.create(path_of(one), one)
    return path_of(one, name)


def refusal(server: ApiServer, path: str, change: dict[str, Any]) -> str:
    """What is said to a change."""
    with pytest.raises(ApiRefused) as refused:
        server.api.merge(path, change)
    assert refused.value.status == 422
    return str(refused.value)


def test_the_definitions_are_taken_whole(server: ApiServer):
    for one in definitions().values():
        there = server.cluster.get("customresourcedefinition", one["metadata"]["name"])
        said = {each["type"]: each["status"] for each in there["status"]["conditions"]}
        assert said == {"NamesAccepted": "True", "Established": "True"}
        assert there["spec"]["versions"] == one["spec"]["versions"]


@pytest.mark.parametrize("group", [GROUP, f"new.{GROUP}"], ids=["known", "new"])
def test_they_are_taken_field_by_field_and_without_a_warning(group: str, server: ApiServer):
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(definitions().values())})
    strictly = ("--dry-run=server", "--validate=strict", "--warnings-as-errors")
    server.cluster.kubectl("apply", *strictly, "--filename=-", text=text.replace(GROUP, group))


def test_a_second_region_of_the_cluster_does_not_fight_for_them(server: ApiServer):
    release(server, "london").install()


def test_an_upgrade_of_the_release_upgrades_them(server: ApiServer, tmp_path: Path):
    chart = shutil.copytree(CHART, tmp_path / "chart")
    drills = chart / "templates" / "definitions" / "drills.yaml"
    drills.write_text(drills.read_text().replace("shortNames: [dr]", "shortNames: [dr, rehearsal]"))
    ours = release(server, "amsterdam")
    for source, names in ((chart, ["dr", "rehearsal"]), (CHART, ["dr"])):
        with ours.helm() as helm:
            helm.upgrade(source, RELEASE, dict(ours.values), namespace=ours.namespace)
        there = server.cluster.get("customresourcedefinition", f"drills.{GROUP}")
        assert there["spec"]["names"]["shortNames"] == names


def test_an_uninstall_leaves_them_and_their_objects_to_the_next_release(server: ApiServer):
    path = made(server, RACE, "outliving")
    ours = release(server, "amsterdam")
    with ours.helm() as helm:
        helm.uninstall(RELEASE)
    for one in server.cluster.get("customresourcedefinitions", *NAMES)["items"]:
        assert "deletionTimestamp" not in one["metadata"], "it is on its way out, with its objects"
    assert server.api.get(path)["spec"]["primary"] == "amsterdam"
    ours.install()


def test_the_examples_are_taken_field_by_field_and_told_on_one_screen(server: ApiServer):
    files = [f"--filename={path}" for path in EXAMPLE_FILES]
    strictly = ("--validate=strict", "--warnings-as-errors", f"--namespace={EXAMPLES}")
    server.cluster.kubectl("apply", *strictly, *files)
    for name, status in STATUS.items():
        path = path_of(GOOD[name], name, EXAMPLES)
        server.api.merge(f"{path}/status", {"status": status})
        there = server.api.get(path)
        filled_in = {"suspend": False} if name == WEEKLY else {}
        assert there["spec"] == {**filled_in, **GOOD[name]["spec"]}
        assert there["status"] == status
    told = server.cluster.kubectl("get", "sites,replications,drills", f"--namespace={EXAMPLES}")
    lines = [line for line in told.splitlines() if line]
    assert max(map(len, lines)) <= SCREEN_COLUMNS
    without_ages = [line.rpartition(" ")[0].split() for line in lines]
    assert [" ".join(words) for words in without_ages] == [
        "NAME KIND ROLE READY WHY TIMELINE LOG BEHIND",
        "site.ardoise.dev/amsterdam Region Primary True Answers 7 4178 2",
        "site.ardoise.dev/london Region Unknown Unknown Silent Unknown Unknown Unknown",
        "site.ardoise.dev/truck Edge Origin True Answers 4180",
        "NAME PRIMARY WANTED MODE READY WHY PROTECTED LOSS OPERATION STEP",
        "replication.ardoise.dev/race amsterdam amsterdam Automatic True AsWished Unknown Unknown Failover Rejoining",
        "NAME SCENARIO SCHEDULE SUSPEND PHASE VERDICT FAILED-STEP RECOVERY-MS LOST",
        "drill.ardoise.dev/region-lost-weekly region-lost 30 3 * * 2 false Finished Failed await-promotion 20310 0",
    ]


def test_short_names_and_the_category_lead_to_them(server: ApiServer):
    made(server, TRUCK, "short")
    in_race = f"--namespace={NAMESPACE}"
    assert "site.ardoise.dev/short" in server.cluster.kubectl("get", "ardoise", in_race, "--output=name")
    for name in ("si", "repl", "dr"):
        server.cluster.kubectl("get", name, in_race)


def test_a_misspelt_field_is_refused(server: ApiServer):
    misspelt = overlaid(GOOD[RACE], {"spec": {"limits": {"coolDown": 60}}})
    # By kubectl itself, or by the server: that depends on how long the server has known the kind.
    with pytest.raises(KubectlFailed, match=r'unknown field "(spec\.limits\.)?coolDown"'):
        server.cluster.apply(misspelt, namespace=NAMESPACE)


@pytest.mark.parametrize("scenario", [PRECHECK, *IN_CLUSTER])
def test_every_drill_that_a_cluster_can_run_is_taken(scenario: str, server: ApiServer):
    budgets = {"budgets": GONE} if scenario == PRECHECK else {}
    made(server, WEEKLY, f"each-{scenario}", {"spec": {"scenario": scenario, **budgets}})


RIGHT: dict[str, tuple[str, dict[str, Any]]] = {
    "an address by number": (TRUCK, {"endpoints": {"nats": "203.0.113.7:4222"}}),
    "an address of IPv6": (TRUCK, {"endpoints": {"nats": "[2001:db8::7]:4222"}}),
    "no limits of its own": (RACE, {"limits": GONE}),
    "a drill in a zone without a city": (WEEKLY, {"timeZone": "UTC"}),
    "a schedule with names and steps": (WEEKLY, {"schedule": "*/20,5 0-6/2 1,15 jan-mar MON"}),
}


@pytest.mark.parametrize(("base", "layer"), RIGHT.values(), ids=RIGHT)
def test_what_only_looks_unusual_is_taken(base: str, layer: dict[str, Any], server: ApiServer):
    made(server, base, f"unusual-{list(RIGHT.values()).index((base, layer))}", {"spec": layer})


def test_what_is_left_out_is_filled_in_where_everybody_can_read_it(server: ApiServer):
    spec = server.api.get(made(server, RACE, "defaults", {"spec": {"limits": GONE}}))["spec"]
    assert spec["limits"] == {
        **{"mirrorLagMessages": 1000, "walLagBytes": 16 * 1024**2},
        **{"coolDownSeconds": 60, "failbackStabilisationSeconds": 300},
    }
    few = {"historyLimit": GONE, "deadlineSeconds": GONE, "abortConditions": GONE}
    spec = server.api.get(made(server, WEEKLY, "defaults", {"spec": few}))["spec"]
    assert (spec["historyLimit"], spec["deadlineSeconds"], spec["suspend"]) == (10, 1800, False)


@pytest.mark.parametrize(("base", "layer", "words"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_is_refused_with_what_to_write(
    base: str, layer: dict[str, Any], words: str, server: ApiServer
):
    with pytest.raises(ApiRefused) as refused:
        made(server, base, "wrong", {"spec": layer})
    assert refused.value.status == 422
    assert words in str(refused.value)


def test_a_site_is_called_as_its_jetstream_domain_may_be(server: ApiServer):
    for name in ("1-london", "london.example.org", "l" * 33):
        with pytest.raises(
            ApiRefused, match="write up to 32 small letters, digits and dashes, a letter first"
        ):
            made(server, LONDON, name)


@pytest.mark.parametrize(("base", "first", "change", "words"), CHANGES.values(), ids=CHANGES)
def test_a_change_that_cannot_be_is_refused_with_what_to_do(
    base: str, first: dict[str, Any], change: dict[str, Any], words: str, server: ApiServer
):
    number = list(CHANGES.values()).index((base, first, change, words))
    path = made(server, base, f"changing-{number}")
    if first:
        server.api.merge(path, {"spec": first})
    before = server.api.get(path)
    assert words in refusal(server, path, {"spec": change})
    assert server.api.get(path) == before


def test_the_primary_is_moved_by_one_change_of_two_fields_and_forced_by_a_third(server: ApiServer):
    path = made(server, RACE, "moving")
    server.api.merge(path, {"spec": TO_LONDON})
    forced = {"requestId": "amsterdam-2", "acceptedLossMessages": 4}
    server.api.merge(path, {"spec": {"primary": "amsterdam", "requestId": "amsterdam-2", "force": forced}})
    server.api.merge(path, {"spec": {"force": GONE}})
    server.api.merge(path, {"spec": {"requestId": "amsterdam-3"}})
    spec = server.api.get(path)["spec"]
    assert (spec["primary"], spec["requestId"], "force" in spec) == ("amsterdam", "amsterdam-3", False)


def test_the_regions_may_be_named_in_another_order(server: ApiServer):
    path = made(server, RACE, "ordered")
    server.api.merge(path, {"spec": {"sites": {"regions": ["london", "amsterdam"]}}})


@pytest.mark.parametrize(("base", "status", "words"), WRONG_STATUS.values(), ids=WRONG_STATUS)
def test_a_status_that_says_what_cannot_be_is_refused(
    base: str, status: dict[str, Any], words: str, server: ApiServer
):
    path = made(server, base, "status-refused")
    assert words in refusal(server, f"{path}/status", {"status": status})


def test_a_status_is_written_beside_the_spec_and_neither_changes_the_other(server: ApiServer):
    path = made(server, RACE, "beside")
    before = server.api.get(path)
    server.api.merge(f"{path}/status", {"spec": TO_LONDON, "status": {"primary": "amsterdam"}})
    seen = server.api.get(path)
    assert seen["spec"] == before["spec"]
    assert seen["metadata"]["generation"] == before["metadata"]["generation"]
    assert seen["status"] == {"primary": "amsterdam"}
    server.api.merge(path, {"spec": TO_LONDON, "status": {"primary": "london"}})
    moved = server.api.get(path)
    assert moved["spec"] == {**before["spec"], **TO_LONDON}
    assert moved["metadata"]["generation"] == before["metadata"]["generation"] + 1
    assert moved["status"] == {"primary": "amsterdam"}


def test_kubectl_explains_every_field(server: ApiServer):
    told = server.cluster.kubectl("explain", "replications.spec.force.acceptedLossMessages")
    assert "What may be lost at most, in messages of the log" in " ".join(told.split())


def test_a_schema_that_is_not_whole_would_be_refused(server: ApiServer):
    broken = json.loads(json.dumps(copy.deepcopy(definitions()["Site"])))
    del broken["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["type"]
    with pytest.raises(KubectlFailed, match="Required value: must not be empty for specified object fields"):
        server.cluster.apply(broken)
