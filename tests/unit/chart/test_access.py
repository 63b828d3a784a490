"""What ACCESS.md says of rights and of the network is what the chart makes."""

import re
from collections.abc import Iterator

import pytest

from tests.support.chart import CHART, KIND_OF, Object, example, objects, of_kind, overlaid
from tests.support.network_policies import GROUPS, VALUES, Call, calls

RIGHTS = {"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"}
APART = {"services": {"together": False}}
TOGETHER = {"services": {"together": True}, "mediawall": {"autoscaling": {"enabled": False}}}
COLUMN = {"region": 2, "edge": 3}
IN_ONE_POD = {"ingest", "positioning", "recorder", "analytics", "mediawall", "security"}


def rows(heading: str) -> Iterator[list[str]]:
    """Cells of the table under a heading of ACCESS.md, without its head."""
    section = (CHART / "ACCESS.md").read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    table = [line for line in section.splitlines() if line.startswith("| ")]
    for line in table[1:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


def written(kind: str) -> set[Call]:
    """Every call that the table has for a kind of site."""
    found = set()
    for cells in rows("The network"):
        assert cells[4], f"for what? {cells}"
        for port in re.findall(r"\d+", cells[COLUMN[kind]]):
            found.add(Call(cells[0], cells[1], int(port)))
    return found


def made_for(site: str, layer: dict) -> tuple[set[Call], set[Call]]:
    return calls(objects(overlaid(example(site), VALUES, layer)))


@pytest.mark.parametrize("site", ["truck", "amsterdam"])
def test_who_talks_to_whom_is_what_is_written_down_and_both_ends_agree(site: str):
    let_out, let_in = made_for(site, APART)
    outside = set(GROUPS.values())
    assert {call for call in let_out if call.called not in outside} == {
        call for call in let_in if call.caller not in outside
    }
    assert let_out | let_in == written(KIND_OF[site])


@pytest.mark.parametrize("site", ["truck", "amsterdam"])
def test_services_in_one_pod_have_what_each_of_them_has_and_nothing_between_them(site: str):
    def of_one_pod(name: str) -> str:
        return "services" if name in IN_ONE_POD else name

    merged = {
        Call(of_one_pod(call.caller), of_one_pod(call.called), call.port) for call in written(KIND_OF[site])
    }
    let_out, let_in = made_for(site, TOGETHER)
    assert let_out | let_in == {call for call in merged if call.caller != call.called}


def test_every_pod_is_cut_off_first(made: list[Object]):
    deny = of_kind(made, "NetworkPolicy")["ardoise-default-deny"]["spec"]
    assert set(deny["policyTypes"]) == {"Ingress", "Egress"}
    assert "ingress" not in deny
    assert [port["port"] for rule in deny["egress"] for port in rule["ports"]] == [53, 53]
    for one in made:
        labels = one.get("spec", {}).get("template", {}).get("metadata", {}).get("labels", {})
        if labels:
            assert deny["podSelector"]["matchLabels"].items() <= labels.items()


def test_nobody_is_given_a_right_and_every_account_is_written_down(made: list[Object]):
    assert [one["kind"] for one in made if one["kind"] in RIGHTS] == []
    told = {
        name: cells[1] for cells in rows("The API server") for name in re.findall(r"`([a-z-]+)`", cells[0])
    }
    accounts = {name.removeprefix("ardoise-") for name in of_kind(made, "ServiceAccount")}
    assert accounts <= set(told)
    assert set(told.values()) == {"nothing"}


def test_rules_of_ones_own_are_added():
    rule = {"to": [{"ipBlock": {"cidr": "203.0.113.0/24"}}], "ports": [{"protocol": "TCP", "port": 443}]}
    let_out, _ = made_for("amsterdam", {"networkPolicy": {"egress": {"security": [rule]}}})
    before, _ = made_for("amsterdam", {})
    assert let_out - before == {Call("security", "other sites", 443)}


def test_only_what_others_have_to_reach_is_exposed(site_objects: dict[str, list[Object]]):
    def exposed(case: str) -> set[str]:
        services = of_kind(site_objects[case], "Service")
        return {
            name.removeprefix("ardoise-")
            for name, one in services.items()
            if one["spec"]["type"] != "ClusterIP"
        }

    assert exposed("truck") == {"data-plane", "ingest", "positioning"}
    assert exposed("amsterdam") == {"data-plane", "nats", "positioning"}
    assert exposed("laptop") == set()
