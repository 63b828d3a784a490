"""What ACCESS.md says of rights and of the network is what the chart makes."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from ardoise.up.site import PORTS

from tests.support.access import HAVING_RIGHTS, NAMED_ALONE, rights, rights_in_namespace, table
from tests.support.chart import KIND_OF, SITES, Object, example, objects, of_kind, overlaid
from tests.support.chart_cases import BROKER, PHONES, TOGETHER, TRACKERS, values_of
from tests.support.network_policies import (
    COMPONENT,
    INSTANCE,
    OUTSIDE,
    SITES_BY_ADDRESS,
    SITES_BY_NAMESPACE,
    VALUES,
    Call,
    calls,
    pods,
    strangers,
)

RIGHTS = {"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"}
APART = {"services": {"together": False}}
COLUMN = {"region": 2, "edge": 3}
IN_ONE_POD = {"ingest", "positioning", "recorder", "analytics", "mediawall", "security"}

SITES_OF = {
    **{site: example(site) for site in SITES},
    **{
        f"laptop-{site}": overlaid(example("laptop"), {"site": {"name": site, "kind": kind}})
        for site, kind in KIND_OF.items()
    },
}


def written(kind: str, *, by_mqtt: bool) -> set[Call]:
    """Every call that the table has for a kind of site. `by_mqtt`: with trackers.mqtt."""
    found = set()
    for cells in table("The network"):
        assert cells[4], f"for what? {cells}"
        for port in re.findall(r"\d+", cells[COLUMN[kind]]):
            found.add(Call(cells[0], cells[1], int(port)))
            if cells[1] == "DNS":
                found.add(Call(cells[0], cells[1], int(port), "UDP"))
        if cells[COLUMN[kind]] == "`trackers.sources`":
            for source in TRACKERS["trackers"]["sources"]:
                protocol = "UDP" if source["transport"] == "udp" else "TCP"
                found.add(Call(cells[0], cells[1], source["port"], protocol))
        if cells[COLUMN[kind]] == "`trackers.mqtt`" and by_mqtt:
            found.add(Call(cells[0], cells[1], PORTS["mqtt"]))
    return found


def written_for(kind: str, made: list[Object], *, by_mqtt: bool = False) -> set[Call]:
    """The same of the pods that there are: all services in one have what each of them has, and nothing between them."""
    here = {pod.name for pod in pods(made)}
    outside = {end.name for end in (*OUTSIDE, SITES_BY_ADDRESS)}

    def of_pods(name: str) -> set[str]:
        if name == "every pod":
            return here
        return {"services" if "services" in here and name in IN_ONE_POD else name} & (here | outside)

    return {
        replace(call, caller=caller, called=called)
        for call in written(kind, by_mqtt=by_mqtt)
        for caller in of_pods(call.caller)
        for called in of_pods(call.called)
        if caller != called
    }


def made_for(base: str, layer: dict) -> list[Object]:
    return objects(overlaid(SITES_OF[base], VALUES, layer))


@pytest.mark.parametrize("layer", [APART, TOGETHER], ids=["apart", "together"])
@pytest.mark.parametrize("base", SITES_OF)
def test_who_talks_to_whom_is_what_is_written_down_and_nobody_else_does(base: str, layer: dict):
    kind = SITES_OF[base]["site"]["kind"]
    made = made_for(base, overlaid(layer, TRACKERS if kind == "edge" else {}))
    for sites in (SITES_BY_ADDRESS, SITES_BY_NAMESPACE) if "laptop" in base else (SITES_BY_ADDRESS,):
        allowed, by_one_end = calls(made, [sites, *OUTSIDE, *strangers(made)])
        assert by_one_end == set()
        assert allowed == written_for(kind, made)


@pytest.mark.parametrize("layer", [APART, TOGETHER], ids=["apart", "together"])
def test_phones_by_mqtt_reach_that_port_of_nats_server_and_no_other(layer: dict):
    made = made_for("truck", overlaid(layer, PHONES))
    allowed, by_one_end = calls(made, [SITES_BY_ADDRESS, *OUTSIDE, *strangers(made)])
    by_sources = {call for call in written_for("edge", made) if call.caller == "phones and trackers"}
    assert (allowed, by_one_end) == (written_for("edge", made, by_mqtt=True) - by_sources, set())
    assert [call for call in allowed if call.caller == "phones and trackers"] == [
        Call("phones and trackers", "nats", 8883)
    ]


def test_where_no_tracker_may_come_nothing_of_the_gateway_is_there():
    made = made_for("truck", APART)
    allowed, by_one_end = calls(made, [SITES_BY_ADDRESS, *OUTSIDE, *strangers(made)])
    assert (allowed, by_one_end) == (written_for("edge", made), set())
    assert not any("trackers" in (call.caller, call.called) for call in allowed)


def test_a_broker_is_called_and_nobody_calls():
    made = made_for("truck", BROKER)
    allowed, _ = calls(made, [SITES_BY_ADDRESS, *OUTSIDE])
    assert Call("trackers", "other sites", 8883) in allowed
    assert not [call for call in allowed if call.caller == "phones and trackers"]


# What could go wrong in a template: in the default, or in the first rule of who calls nats-server.
LEAKS: dict[str, Callable[[Any, Any], Any]] = {
    "nothing is said of what leaves": lambda deny, rule: deny.update(policyTypes=["Ingress"]),
    "a pod is left out": lambda deny, rule: deny["podSelector"]["matchLabels"].update({COMPONENT: "nats"}),
    "one port is open to all": lambda deny, rule: deny.update(ingress=[{"ports": [{"port": "web"}]}]),
    "a rule names nobody": lambda deny, rule: rule.pop("from"),
    "a rule names no port": lambda deny, rule: rule.pop("ports"),
    "a range of ports": lambda deny, rule: rule["ports"][0].update(endPort=4230),
    "another protocol": lambda deny, rule: rule["ports"][0].update(protocol="UDP"),
    "a port by a name that is not there": lambda deny, rule: rule["ports"][0].update(port="log"),
    "every namespace": lambda deny, rule: rule["from"][0].update(namespaceSelector={}),
    "every release": lambda deny, rule: rule["from"][0]["podSelector"]["matchLabels"].pop(INSTANCE),
    "every address": lambda deny, rule: rule["from"].append({"ipBlock": {"cidr": "0.0.0.0/0"}}),
}


@pytest.mark.parametrize("leak", LEAKS.values(), ids=LEAKS)
def test_a_policy_that_lets_through_something_else_is_found(leak: Callable[[Any, Any], Any]):
    made = made_for("amsterdam", APART)
    policies = of_kind(made, "NetworkPolicy")
    leak(policies["ardoise-default-deny"]["spec"], policies["ardoise-nats"]["spec"]["ingress"][0])
    found = calls(made, [SITES_BY_ADDRESS, *OUTSIDE, *strangers(made)])
    assert found != (written_for("region", made), set())


def test_every_pod_is_cut_off_first(made: list[Object]):
    deny = of_kind(made, "NetworkPolicy")["ardoise-default-deny"]["spec"]
    assert set(deny["policyTypes"]) == {"Ingress", "Egress"}
    assert "ingress" not in deny
    assert [port["port"] for rule in deny["egress"] for port in rule["ports"]] == [53, 53]
    for one in made:
        labels = one.get("spec", {}).get("template", {}).get("metadata", {}).get("labels", {})
        if labels:
            assert deny["podSelector"]["matchLabels"].items() <= labels.items()


def test_nobody_but_the_operator_and_a_drill_is_given_a_right_and_they_what_is_written_down(
    site_objects: dict[str, list[Object]],
):
    having: dict[str, set[str]] = {name: set() for name in HAVING_RIGHTS}
    for case, made in site_objects.items():
        there = {
            "operator": "ardoise-operator" in of_kind(made, "Deployment"),
            "drill": "ardoise-drill" in of_kind(made, "PodTemplate"),
        }
        given = {(one["kind"], one["metadata"]["name"]) for one in made if one["kind"] in RIGHTS}
        assert given == {
            (kind, f"ardoise-{name}")
            for name, is_there in there.items()
            if is_there
            for kind in ("Role", "RoleBinding")
        }, case
        for name in (name for name, is_there in there.items() if is_there):
            having[name].add(case)
            role, binding = (of_kind(made, kind)[f"ardoise-{name}"] for kind in ("Role", "RoleBinding"))
            flat = {
                (verb, f"{resource}.{group}")
                for rule in role["rules"]
                for verb in rule["verbs"]
                for resource in rule["resources"]
                for group in rule["apiGroups"]
            }
            # An operator that runs no drills has fewer.
            assert flat <= rights_in_namespace(name)
            assert not there["drill"] or flat == rights_in_namespace(name)
            named = [rule for rule in role["rules"] if rule.get("resourceNames")]
            assert {
                f"{resource}.{group}"
                for rule in role["rules"]
                if rule not in named
                for resource in rule["resources"]
                for group in rule["apiGroups"]
            }.isdisjoint(NAMED_ALONE)
            account = {"kind": "ServiceAccount", "name": f"ardoise-{name}", "namespace": "race"}
            assert binding["subjects"] == [account]
    assert {"amsterdam", "london", "laptop-amsterdam"} <= having["operator"]
    assert not {"truck", "laptop", "laptop-london"} & having["operator"]
    assert {"amsterdam", "london"} <= having["drill"] < having["operator"]


@pytest.mark.parametrize(
    ("case", "secrets"),
    [
        ("amsterdam", ["ardoise-data-plane", "ardoise-identity"]),
        ("region-cert-manager", ["ardoise-data-plane-identity-operator", "ardoise-identity-operator"]),
    ],
)
def test_the_operator_reads_its_certificates_by_name_and_others_that_are_named(
    case: str, secrets: list[str], site_objects: dict[str, list[Object]]
):
    def named(made: list[Object]) -> list[str]:
        role = of_kind(made, "Role")["ardoise-operator"]
        (rule,) = [one for one in role["rules"] if "secrets" in one["resources"]]
        return rule["resourceNames"]

    assert named(site_objects[case]) == secrets
    more = objects(overlaid(values_of(case), {"operator": {"secrets": ["of-the-truck"]}}))
    assert named(more) == [*secrets, "of-the-truck"]


def test_every_account_is_written_down(site_objects: dict[str, list[Object]]):
    accounts = {name for made in site_objects.values() for name in of_kind(made, "ServiceAccount")}
    assert {name.removeprefix("ardoise-") for name in accounts} == set(rights())
    assert {name for name, may in rights().items() if may != "nothing"} == set(HAVING_RIGHTS)


def test_rules_of_ones_own_are_added():
    rule = {"to": [{"ipBlock": {"cidr": "203.0.113.0/24"}}], "ports": [{"protocol": "TCP", "port": 443}]}
    allowed, _ = calls(
        made_for("amsterdam", {"networkPolicy": {"egress": {"security": [rule]}}}), [SITES_BY_ADDRESS]
    )
    before, _ = calls(made_for("amsterdam", {}), [SITES_BY_ADDRESS])
    assert allowed - before == {Call("security", "other sites", 443)}


def test_only_what_others_have_to_reach_is_exposed():
    def exposed(case: str) -> set[str]:
        services = of_kind(objects(overlaid(values_of(case), {"expose": {"also": []}})), "Service")
        return {
            name.removeprefix("ardoise-")
            for name, one in services.items()
            if one["spec"]["type"] != "ClusterIP"
        }

    assert exposed("truck") == {"data-plane", "ingest", "positioning"}
    assert exposed("truck-trackers") == {"data-plane", "ingest", "positioning", "trackers"}
    # A broker is called: nobody from outside has to reach the gateway.
    assert exposed("truck-broker") == {"data-plane", "ingest", "positioning"}
    assert exposed("amsterdam") == {"data-plane", "nats", "positioning"}
    assert exposed("laptop") == set()
