"""What the Kubernetes test bed decides, without a cluster: whose port, which volume, which rules, whose clusters."""

import subprocess
from pathlib import Path

import pytest
from ardoise.up.network import Condition

from tests.kubernetes.bed import cgroups, links, site
from tests.kubernetes.bed.cloud import HOLDER, SELECTED_NODE, balanced, released, wanted_volumes
from tests.kubernetes.bed.cluster import given
from tests.kubernetes.bed.objects import STORAGE_CLASS
from tests.kubernetes.bed.parts import ADD_ONS, MODULES, PARTS, PartsMissing, found

ADDRESS = "10.200.0.1"
HYBRID = """cgroup /sys/fs/cgroup/freezer cgroup rw,relatime,freezer 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0
tmpfs /run tmpfs rw 0 0
"""


def balancer(name: str, created: int, *ports: int, address: str = "") -> dict:
    about = {"name": name, "creationTimestamp": f"2026-07-07T13:05:{created:02}Z"}
    ingress = {"ingress": [{"ip": address}]} if address else {}
    spec = {"type": "LoadBalancer", "ports": [{"port": port} for port in ports]}
    return {"metadata": about, "spec": spec, "status": {"loadBalancer": ingress}}


def names(services: list[dict]) -> list[str]:
    return [one["metadata"]["name"] for one in services]


def test_a_balancer_gets_the_nodes_address_once():
    given_now, refused = balanced([balancer("nats", 1, 4222), balancer("ingest", 2, 7401)], ADDRESS)
    assert (names(given_now), refused) == (["nats", "ingest"], [])
    assert balanced([balancer("nats", 1, 4222, address=ADDRESS)], ADDRESS) == ([], [])


def test_of_two_that_want_one_port_the_older_one_has_it():
    given_now, refused = balanced([balancer("late", 2, 80, 443), balancer("early", 1, 80)], ADDRESS)
    assert (names(given_now), names(refused)) == (["early"], ["late"])


def test_who_has_a_port_keeps_it_even_from_an_older_one():
    services = [balancer("old", 1, 80), balancer("new", 2, 80, address=ADDRESS)]
    assert [names(found) for found in balanced(services, ADDRESS)] == [[], ["old"]]


def test_other_kinds_of_services_are_left_alone():
    service = {"metadata": {"name": "web"}, "spec": {"type": "ClusterIP", "ports": [{"port": 80}]}}
    assert balanced([service], ADDRESS) == ([], [])


def claim(**spec: object) -> dict:
    about = {
        **{"namespace": "race", "name": "log", "uid": "u1", "resourceVersion": "7"},
        "annotations": {SELECTED_NODE: "truck"},
    }
    requests = {"resources": {"requests": {"storage": "1Gi"}}, "accessModes": ["ReadWriteOnce"]}
    return {"metadata": about, "spec": {"storageClassName": STORAGE_CLASS, **requests, **spec}}


def test_a_claim_of_our_class_gets_a_volume_on_the_node_that_was_chosen():
    (volume,) = wanted_volumes([claim()], "truck")
    assert volume["spec"]["claimRef"]["uid"] == "u1"
    assert volume["spec"]["capacity"] == {"storage": "1Gi"}
    assert volume["spec"]["local"]["path"].endswith("/pvc-u1")


def test_other_claims_get_none():
    unchosen = claim()
    unchosen["metadata"]["annotations"] = {}
    others = [claim(storageClassName="fast"), claim(volumeName="pvc-u1"), unchosen]
    assert wanted_volumes(others, "truck") == []
    assert wanted_volumes([claim()], "london") == []


@pytest.mark.parametrize(
    ("phase", "policy", "goes"),
    [
        ("Released", "Delete", True),
        ("Released", "Retain", False),
        ("Bound", "Delete", False),
        ("Available", "Delete", False),
    ],
)
def test_a_volume_goes_with_its_claim_unless_it_is_to_be_kept(phase: str, policy: str, goes: bool):
    volume = {
        "metadata": {"name": "v", "finalizers": [HOLDER]},
        "spec": {"persistentVolumeReclaimPolicy": policy},
        "status": {"phase": phase},
    }
    assert bool(released([volume])) == goes


def test_rules_break_one_direction_and_let_nothing_out_of_the_bed():
    rules = links.filter_rules({("truck", "london"): Condition(cut=True)})
    assert 'iifname "truck" oifname "london" drop' in rules
    assert 'iifname "london"' not in rules
    assert 'oifname "host" ip daddr != 10.200.0.254 drop' in rules


def test_a_slowed_direction_has_a_queue_of_its_own():
    conditions = {
        ("truck", "london"): Condition(rate_kbit=100),
        ("amsterdam", "london"): Condition(rate_kbit=2000),
    }
    rules = links.filter_rules(conditions)
    assert 'iifname "truck" oifname "london" meta priority set 1:1' in rules
    assert 'iifname "amsterdam" oifname "london" meta priority set 1:2' in rules
    commands = [" ".join(command) for command in links.queues("london", conditions)]
    assert commands[0] == "qdisc replace dev london root handle 1: htb"
    assert any("classid 1:1 htb rate 100kbit" in command for command in commands)
    assert any("classid 1:2 htb rate 2000kbit" in command for command in commands)
    assert list(links.queues("truck", conditions)) == []


def test_hierarchies_of_both_versions_are_found():
    found = cgroups.hierarchies(HYBRID)
    assert [str(root) for root, _ in found] == ["/sys/fs/cgroup/freezer", "/sys/fs/cgroup/unified"]
    assert "freezer" in found[0][1]
    assert found[1][1] == {"v2"}


def test_clusters_are_given_by_contexts_named_as_the_sites():
    known = ["kind-truck", "truck", "london"]
    assert given({"KUBECONFIG": "some"}, known) == {"truck": "truck", "london": "london"}
    assert given({"ARDOISE_TEST_CONTEXTS": "truck=kind-truck"}, known) == {"truck": "kind-truck"}


def test_what_lies_in_the_home_directory_is_not_given_for_tests():
    assert given({}, ["truck"]) == {}


@pytest.mark.parametrize("wanted", ["truck=nowhere", "paris=truck"])
def test_a_context_that_does_not_exist_is_refused(wanted: str):
    with pytest.raises(ValueError, match="not known"):
        given({"ARDOISE_TEST_CONTEXTS": wanted}, ["truck"])


def test_a_pid_file_that_is_torn_or_of_another_process_names_nobody(tmp_path: Path):
    file = tmp_path / "pid"
    assert site.running(file) is None
    for content in ("", "x", "1", "1 1"):
        file.write_text(content)
        assert site.running(file) is None


def test_every_module_of_the_bed_is_a_part_with_its_sums():
    parts = (*PARTS, *ADD_ONS)
    assert {part.name for part in parts} == {path.name for path in MODULES.iterdir()}
    for part in parts:
        requires = "require" in (MODULES / part.name / "go.mod").read_text()
        assert (MODULES / part.name / "go.sum").exists() == requires


def test_a_pid_that_another_process_has_now_is_not_taken_for_the_site(tmp_path: Path):
    file = tmp_path / "pid"
    with subprocess.Popen(["sleep", "60"]) as other:
        file.write_text(f"{other.pid} 1")
        assert site.running(file) is None
        file.write_text(f"{other.pid} {site.start_time(other.pid)}")
        assert site.running(file) == other.pid
        other.kill()
        other.wait()
        assert site.running(file) is None


def test_a_part_that_is_not_built_is_said_to_be_had_how_and_nothing_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(PartsMissing, match=r"tests.kubernetes.bed build|install Go"):
        found("kubernetes")
    assert list(tmp_path.iterdir()) == []
