"""Definitions of our own kinds, without a server: whole, bounded, described, in step with what they speak of."""

import re
from typing import Any

import pytest
from ardoise.rehearsal.drills.in_cluster.scenarios import NAMES
from ardoise.sites.forced import UNKNOWN

from tests.support.chart import DEFINITION, Object, example, objects, of_kind, overlaid
from tests.support.own_kinds import (
    EXAMPLE_FILES,
    GROUP,
    PLURALS,
    STATUS,
    VERSION,
    definitions,
    example_objects,
    fields,
    schema_of,
)

BOUNDED_TEXT = {"maxLength", "enum"}
# What a field's name may end in: a unit, or what it counts.
UNIT = re.compile(r"(seconds|milliseconds|bytes|messages|fixes|decisions|sequence|limit)$", re.IGNORECASE)
WITHOUT_UNIT = {"timeline", "epoch", "watermark", "observedGeneration"}
FILTER = re.compile(r"^\.status\.conditions\[\?\(@\.type==\"(\w+)\"\)\]\.(\w+)$")


@pytest.fixture(scope="module")
def ours() -> dict[str, Object]:
    return definitions()


@pytest.fixture(params=PLURALS)
def definition(request: pytest.FixtureRequest, ours: dict[str, Object]) -> Object:
    """One after the other."""
    return ours[request.param]


def conditions_of(definition: Object) -> dict[str, Any]:
    return schema_of(definition)["properties"]["status"]["properties"]["conditions"]


def types_of(definition: Object) -> set[str]:
    return set(conditions_of(definition)["items"]["properties"]["type"]["enum"])


def brought_by(values: dict[str, Any]) -> set[str]:
    return set(of_kind(objects(values), DEFINITION))


def test_each_region_brings_them_and_the_truck_does_not(ours: dict[str, Object]):
    names = {one["metadata"]["name"] for one in ours.values()}
    assert names == {f"{plural}.{GROUP}" for plural in PLURALS.values()}
    assert brought_by(example("london")) == names
    assert brought_by(example("truck")) == set()


def test_of_three_releases_in_one_cluster_one_brings_them():
    kinds = {"truck": "edge", "amsterdam": "region", "london": "region"}
    bringing = [
        site
        for site, kind in kinds.items()
        if brought_by(overlaid(example("laptop"), {"site": {"name": site, "kind": kind}}))
    ]
    assert bringing == ["amsterdam"]


def test_nobody_brings_them_where_somebody_else_does():
    nowhere = {"definitions": {"sites": []}, "drills": {"enabled": False}}
    assert brought_by(overlaid(example("amsterdam"), nowhere)) == set()


def test_they_outlive_the_release(definition: Object):
    assert definition["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}


def test_names_say_what_they_are(definition: Object):
    spec, kind = definition["spec"], definition["spec"]["names"]["kind"]
    assert (spec["group"], spec["scope"]) == (GROUP, "Namespaced")
    assert spec["names"]["plural"] == PLURALS[kind]
    assert spec["names"]["shortNames"]
    assert spec["names"]["categories"] == ["ardoise"]
    assert [one["name"] for one in spec["versions"]] == [VERSION]
    assert spec["versions"][0]["subresources"] == {"status": {}}


def test_every_field_is_described(definition: Object):
    assert [path for path, one in fields(schema_of(definition)) if not one.get("description")] == []


def test_every_field_has_one_type_and_names_all_that_is_below_it(definition: Object):
    for path, one in fields(schema_of(definition)):
        assert ("type" in one) != one.get("x-kubernetes-int-or-string", False), path
        assert ("properties" in one) == (one.get("type") == "object"), path
        assert ("items" in one) == (one.get("type") == "array"), path
        assert set(one.get("required", ())) <= set(one.get("properties", ())), path
        assert not {"additionalProperties", "anyOf", "x-kubernetes-preserve-unknown-fields"} & set(one), path


def test_everything_that_grows_has_a_bound(definition: Object):
    for path, one in fields(schema_of(definition)):
        if one.get("type") == "array":
            assert one["maxItems"] <= 64, path
            assert one["x-kubernetes-list-type"] in ("map", "set", "atomic"), path
            keys = one.get("x-kubernetes-list-map-keys", [])
            assert set(keys) <= set(one["items"].get("required", ())), path
        if one.get("type") == "string":
            assert BOUNDED_TEXT & set(one) or one.get("format") == "date-time", path


def test_a_number_says_what_it_counts_and_whether_it_may_be_unknown(definition: Object):
    for path, one in fields(schema_of(definition)):
        name = path.split(".")[-1]
        unknown = one.get("x-kubernetes-int-or-string")
        if unknown or one.get("type") == "integer":
            assert UNIT.search(name) or name in WITHOUT_UNIT, path
        if one.get("type") == "integer":
            assert "minimum" in one, path
        if unknown and not path.startswith(".spec."):
            assert (one["minimum"], one["pattern"]) == (0, f"^{UNKNOWN}$"), path


def test_every_rule_says_what_to_do_instead(definition: Object):
    told = ("write", "make another", "add ", "take ", "change ", "create ", "set ", "name ", "make one")
    for path, one in fields(schema_of(definition)):
        for rule in one.get("x-kubernetes-validations", ()):
            assert any(word in rule["message"] for word in told), f"{path}: {rule['message']}"


def test_columns_show_fields_that_are_there(definition: Object):
    known = {path for path, _ in fields(schema_of(definition))}
    columns = definition["spec"]["versions"][0]["additionalPrinterColumns"]
    for one in columns:
        if found := FILTER.match(one["jsonPath"]):
            assert found[1] in types_of(definition)
            assert f".status.conditions[].{found[2]}" in known
        else:
            assert one["jsonPath"] in known | {".metadata.creationTimestamp"}
        assert one["description"]
    assert len({one["name"] for one in columns}) == len(columns)


def test_every_condition_says_what_it_means(definition: Object):
    conditions = conditions_of(definition)
    assert conditions["x-kubernetes-list-map-keys"] == ["type"]
    assert conditions["maxItems"] == len(types_of(definition))
    for kind in types_of(definition):
        assert re.search(rf"\b{kind}: \w+", conditions["description"]), kind


def test_conditions_are_those_that_the_sites_status_has_and_more(repository, ours: dict[str, Object]):
    status = (repository / "services/ardoise/sites/status.py").read_text()
    of_status = set(re.findall(r'(?:type=|_condition\(\s*)"([A-Z][A-Za-z]+)"', status))
    assert len(of_status) == 6
    assert of_status < types_of(ours["Replication"])


def test_a_drill_is_aborted_by_conditions_that_its_replication_has(ours: dict[str, Object]):
    aborting = schema_of(ours["Drill"])["properties"]["spec"]["properties"]["abortConditions"]["items"]
    assert set(aborting["properties"]["type"]["enum"]) < types_of(ours["Replication"])


def test_a_drill_takes_what_a_cluster_can_run(ours: dict[str, Object]):
    scenario = schema_of(ours["Drill"])["properties"]["spec"]["properties"]["scenario"]
    assert scenario["enum"] == list(NAMES), "charts/ardoise/files/scenarios.yaml"


def test_the_examples_are_of_every_kind_and_name_the_sites_of_the_charts_examples():
    found = example_objects()
    assert {one["kind"] for one in found.values()} == set(PLURALS)
    assert set(STATUS) == set(found)
    for site in example("amsterdam")["sites"]:
        servers = {key: value for key, value in site.items() if key not in ("name", "kind", "stand_in")}
        if "stand_in" in site:
            servers["standIn"] = site["stand_in"]
        assert found[site["name"]]["spec"]["endpoints"] == servers
        assert found[site["name"]]["spec"]["kind"].lower() == site["kind"]
    assert all(path.read_text().startswith("# ") for path in EXAMPLE_FILES)
