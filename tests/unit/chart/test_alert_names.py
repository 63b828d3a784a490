"""Alerts and the dashboard ask for what is really exported, and lead to pages that exist."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.chart import CHART, EVERYTHING, example, loaded, objects, of_kind, overlaid

# Of others: Prometheus itself, etcd, kube-state-metrics, cert-manager.
OF_OTHERS = {
    "up",
    "etcd_server_has_leader",
    "kube_cronjob_status_last_successful_time",
    "certmanager_certificate_expiration_timestamp_seconds",
}
FUNCTIONS = {
    "sum",
    "max",
    "min",
    "rate",
    "increase",
    "histogram_quantile",
    "time",
    "by",
    "on",
    "unless",
    "and",
    "or",
}
# Sets every instrument of every module once, and prints what a Prometheus would read.
EXPORT = """
import importlib, json, pkgutil
import ardoise, ardoise_operator
from opentelemetry import metrics
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import generate_latest
metrics.set_meter_provider(MeterProvider([PrometheusMetricReader()]))
packages = (ardoise, ardoise_operator)
for found in (found for one in packages for found in pkgutil.walk_packages(one.__path__, f"{one.__name__}.")):
    if not found.name.startswith("ardoise.pb.") and "migrations" not in found.name and "__main__" not in found.name:
        for value in vars(importlib.import_module(found.name)).values():
            if type(value).__module__.startswith("opentelemetry."):
                for verb in ("add", "record", "set"):
                    if hasattr(value, verb):
                        getattr(value, verb)(1)
lines = generate_latest().decode().splitlines()
print(json.dumps(sorted({line.split("{")[0].split(" ")[0] for line in lines if not line.startswith("#")})))
"""


@pytest.fixture(scope="module")
def rules() -> list[dict[str, Any]]:
    return [
        rule
        for group in loaded((CHART / "files" / "alerts.yaml").read_text())["groups"]
        for rule in group["rules"]
    ]


@pytest.fixture(scope="module")
def exported() -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", EXPORT], capture_output=True, text=True, timeout=60, check=True
    )
    return set(json.loads(done.stdout))


def asked_for(expression: str) -> set[str]:
    """Names of metrics in an expression."""
    expression = re.sub(r'\{__name__=~"([^"]+)"\}', lambda found: found[1].replace("|", " "), expression)
    bare = re.sub(r"\{[^}]*\}|\[[^]]*\]|\boffset \w+|\b(by|on)\s*\([^)]*\)", " ", expression)
    return set(re.findall(r"[a-z_]+", bare)) - FUNCTIONS


def test_every_metric_that_an_alert_asks_for_is_exported(rules: list[dict[str, Any]], exported: set[str]):
    for rule in rules:
        names = asked_for(rule["expr"])
        assert names, rule["alert"]
        assert names <= exported | OF_OTHERS, rule["alert"]


def test_conditions_and_rules_that_an_alert_names_exist(repository: Path, rules: list[dict[str, Any]]):
    status = (repository / "services/ardoise/sites/status.py").read_text()
    security = (repository / "services/ardoise/security/rules.yaml").read_text()
    for rule in rules:
        for names in re.findall(r'condition!?[=~]+"([^"]+)"', rule["expr"]):
            assert all(f'"{name}"' in status for name in names.split("|")), names
        for names in re.findall(r'rule=~"([^"]+)"', rule["expr"]):
            assert all(f"id: {name}\n" in security for name in names.split("|")), names


def test_every_condition_has_an_alert(repository: Path, rules: list[dict[str, Any]]):
    status = (repository / "services/ardoise/sites/status.py").read_text()
    conditions = set(re.findall(r'(?:type=|_condition\(\s*)"([A-Z][A-Za-z]+)"', status))
    assert len(conditions) == 6
    told = {name for rule in rules for name in re.findall(r'condition="([^"]+)"', rule["expr"])}
    assert told == conditions


def test_every_alert_says_what_is_wrong_how_urgent_it_is_and_where_to_read_on(
    repository: Path, rules: list[dict[str, Any]]
):
    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["alert"].startswith("Ardoise")
        assert rule["labels"]["severity"] in ("page", "ticket"), rule["alert"]
        assert rule["annotations"]["summary"], rule["alert"]
        assert (repository / rule["annotations"]["runbook"]).is_file(), rule["alert"]


def test_the_prometheus_operator_is_given_these_rules_as_they_are(rules: list[dict[str, Any]]):
    made = objects(
        overlaid(example("truck"), EVERYTHING, {"monitoring": {"labels": {"release": "prometheus"}}})
    )
    (rule,) = of_kind(made, "PrometheusRule").values()
    assert [one for group in rule["spec"]["groups"] for one in group["rules"]] == rules
    assert rule["metadata"]["labels"]["release"] == "prometheus"


def test_who_scrapes_a_service_shows_a_certificate_and_expects_the_services_own():
    made = objects(overlaid(example("amsterdam"), EVERYTHING))
    for name, monitor in of_kind(made, "PodMonitor").items():
        (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
        if endpoint["scheme"] == "https":
            tls = endpoint["tlsConfig"]
            assert f"ardoise-{tls['serverName']}" == name
            assert tls["keySecret"] == {"name": "ardoise-identity", "key": "prometheus.key"}


def test_the_dashboard_asks_for_what_is_exported_and_no_panel_covers_another(exported: set[str]):
    made = objects(overlaid(example("amsterdam"), {"monitoring": {"dashboard": {"enabled": True}}}))
    shown = of_kind(made, "ConfigMap")["ardoise-dashboard"]
    assert shown["metadata"]["labels"]["grafana_dashboard"] == "1"
    page = json.loads(shown["data"]["ardoise-sites.json"])
    covered: set[tuple[int, int]] = set()
    for panel in page["panels"]:
        (target,) = panel["targets"]
        names = asked_for(target["expr"])
        assert names, panel["title"]
        assert names <= exported, panel["title"]
        assert panel["description"], panel["title"]
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        places = {(at["x"] + right, at["y"] + down) for right in range(at["w"]) for down in range(at["h"])}
        assert not places & covered, panel["title"]
        covered |= places
    assert len({panel["id"] for panel in page["panels"]}) == len(page["panels"])
    assert "ardoise-dashboard" not in of_kind(objects(example("amsterdam")), "ConfigMap")
