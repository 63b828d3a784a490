"""Values: each explained, each in the schema, and the examples are good ones."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.chart import CHART, example, loaded, objects, overlaid, rendered
from tests.support.chart_cases import PHONES


def leaves(
    values: dict[str, Any], schema: dict[str, Any], above: tuple[str, ...] = ()
) -> Iterator[tuple[str, ...]]:
    """Paths of values: down to where the schema names no more keys."""
    for key, value in values.items():
        below = schema.get("properties", {}).get(key, {})
        if isinstance(value, dict) and "properties" in below:
            yield from leaves(value, below, (*above, key))
        else:
            yield (*above, key)


def schema_leaves(schema: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, below in schema["properties"].items():
        if "properties" in below:
            yield from schema_leaves(below, (*above, key))
        else:
            yield (*above, key)


def strict_objects(schema: Any) -> Iterator[dict[str, Any]]:
    """Every object that names its keys."""
    if isinstance(schema, dict):
        if "properties" in schema and schema.get("type") == "object":
            yield schema
        for below in schema.values():
            yield from strict_objects(below)


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return json.loads((CHART / "values.schema.json").read_text())


@pytest.fixture(scope="module")
def defaults() -> dict[str, Any]:
    return loaded((CHART / "values.yaml").read_text())


def test_the_schema_knows_every_value_and_no_other(schema: dict[str, Any], defaults: dict[str, Any]):
    # `global` is Helm's own.
    assert set(schema_leaves(schema)) - {("global",)} == set(leaves(defaults, schema))


def test_the_schema_lets_no_unknown_word_through(schema: dict[str, Any]):
    assert all(one["additionalProperties"] is False for one in strict_objects(schema))


def test_no_value_can_be_taken_out(schema: dict[str, Any], defaults: dict[str, Any]):
    def missing(given: dict[str, Any], known: dict[str, Any]) -> Iterator[str]:
        for key, value in given.items():
            below = known["properties"][key]
            if value is not None and key not in known["required"]:
                yield key
            if "properties" in below:
                yield from missing(value, below)

    assert list(missing(defaults, schema)) == []


def test_every_value_is_explained_and_the_readme_is_made_of_it(
    repository: Path, schema: dict[str, Any], defaults: dict[str, Any]
):
    program = (
        "import chart_reference as c, json, sys;"
        "text = (c.CHART / 'values.yaml').read_text();"
        "json.dump({'readme': c.readme(), 'explained': [list(path) for path, _ in c.explained(text)]}, sys.stdout)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=repository / "scripts",
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    said = json.loads(done.stdout)
    assert {tuple(path) for path in said["explained"]} == set(leaves(defaults, schema))
    assert (CHART / "README.md").read_text() == said["readme"], "make chart-reference"


def test_the_examples_of_the_two_regions_differ_in_nothing_but_their_names():
    assert json.dumps(example("amsterdam")["sites"]) == json.dumps(example("london")["sites"])
    assert example("amsterdam")["drills"] == example("london")["drills"]
    same = ("sites", "drills")
    without_sites = {key: value for key, value in example("amsterdam").items() if key not in same}
    london = {key: value for key, value in example("london").items() if key not in same}
    assert json.loads(json.dumps(without_sites).replace("amsterdam", "london")) == london


def test_a_laptop_holds_the_three_sites_as_namespaces():
    for name, kind in (("truck", "edge"), ("amsterdam", "region"), ("london", "region")):
        assert objects(overlaid(example("laptop"), {"site": {"name": name, "kind": kind}}))


def test_after_an_installation_it_says_what_to_do_next():
    said = rendered(example("amsterdam"))["NOTES.txt"]
    for word in ("helm -n race test ardoise", "https://race.amsterdam.example.org", "ardoise sites status"):
        assert word in said
    assert "No backup is made" not in said
    assert (
        "No backup is made"
        in rendered(overlaid(example("amsterdam"), {"backup": {"claim": ""}}))["NOTES.txt"]
    )
    assert "by MQTT" not in rendered(example("truck"))["NOTES.txt"]
    to_phones = rendered(overlaid(example("truck"), PHONES))["NOTES.txt"]
    for word in ("send to ardoise-phones at 8883/TCP", "Secret phones", "the platform's CA"):
        assert word in to_phones
    assert (
        "Secret page. One more"
        in (
            rendered(overlaid(example("truck"), PHONES, {"trackers": {"mqtt": {"tlsSecret": "page"}}}))[
                "NOTES.txt"
            ]
        )
    )
    assert "Network policies hold only where the cluster's network plugin enforces them" in said
    assert (
        "Network policies are off"
        in rendered(overlaid(example("truck"), {"networkPolicy": {"enabled": False}}))["NOTES.txt"]
    )
