"""The chart as Helm itself renders it, for tests that look at objects."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import helm_python
from ruamel.yaml import YAML

CHART = Path(__file__).resolve().parents[2] / "charts" / "ardoise"
EXAMPLES = sorted((CHART / "examples").glob("*.yaml"))
RELEASE, NAMESPACE = "ardoise", "race"
SITES = ("truck", "amsterdam", "london")
KIND_OF = {"truck": "edge", "amsterdam": "region", "london": "region"}
CERT_MANAGER = {
    "identity": {
        "secret": "",
        "dataPlaneSecret": "",
        "certManager": {
            "enabled": True,
            "issuer": {"name": "platform"},
            "dataPlaneIssuer": {"name": "data-plane"},
        },
    }
}
EVERYTHING = {"monitoring": {"operator": "yes"}}
"""What is rendered only where the cluster knows it."""

type Object = Mapping[str, Any]


class Refused(Exception):
    """The chart refuses the values; the message is what a person reads."""


@dataclass(frozen=True)
class Container:
    """One container of a rendered pod."""

    pod: str
    """Kind and name of the object that makes the pod."""
    pod_spec: Object
    spec: Object

    @property
    def name(self) -> str:
        """Of the container."""
        return self.spec["name"]

    @property
    def environment(self) -> dict[str, str]:
        """What it is told."""
        return {one["name"]: one.get("value", "") for one in self.spec.get("env", ())}

    def files(self) -> dict[str, list[str]]:
        """Certificates and tokens that are mounted into it, by Secret."""
        volumes = {volume["name"]: volume for volume in self.pod_spec["volumes"]}
        mounted = [volumes[mount["name"]] for mount in self.spec["volumeMounts"]]
        sources = [
            source["secret"]
            for volume in mounted
            for source in volume.get("projected", {}).get("sources", ())
        ]
        found: dict[str, list[str]] = {}
        for source in sources:
            found.setdefault(source["name"], []).extend(item["path"] for item in source["items"])
        return found


def example(name: str) -> dict[str, Any]:
    """Values of charts/ardoise/examples/<name>.yaml."""
    return YAML(typ="safe").load(CHART / "examples" / f"{name}.yaml")


def overlaid(values: Mapping[str, Any], *layers: Mapping[str, Any]) -> dict[str, Any]:
    """The values with others over them, as Helm lays one file over another."""
    result = copy.deepcopy(dict(values))
    for layer in layers:
        for key, value in layer.items():
            below = result.get(key)
            both = isinstance(value, Mapping) and isinstance(below, Mapping)
            result[key] = overlaid(below, value) if both else copy.deepcopy(value)
    return result


def rendered(values: Mapping[str, Any]) -> dict[str, str]:
    """Text of each template, hooks too. Raises Refused."""
    with helm_python.Chart.load(CHART) as chart:
        try:
            made = chart.render(dict(values), name=RELEASE, namespace=NAMESPACE, is_upgrade=True)
        except (helm_python.HelmValuesError, helm_python.HelmRenderError) as error:
            raise Refused(str(error)) from error
    return {name.removeprefix("ardoise/templates/"): text for name, text in made.items()}


def objects(values: Mapping[str, Any]) -> list[Object]:
    """Everything that would be sent to the API server. Raises Refused."""
    made = []
    for name, text in rendered(values).items():
        if name != "NOTES.txt":
            made += filter(None, YAML(typ="safe").load_all(text))
    return made


def pod_specs(made: list[Object]) -> Iterator[tuple[str, Object, Object]]:
    """(kind/name, the pod's metadata, its spec) of every object that makes pods."""
    for one in made:
        template = {"Pod": one}.get(one["kind"]) or one.get("spec", {}).get("template")
        if one["kind"] == "CronJob":
            template = one["spec"]["jobTemplate"]["spec"]["template"]
        if template:
            yield f"{one['kind']}/{one['metadata']['name']}", template["metadata"], template["spec"]


def containers(made: list[Object]) -> Iterator[Container]:
    """Every container, those that run before the others too."""
    for pod, _, spec in pod_specs(made):
        for one in [*spec.get("initContainers", ()), *spec["containers"]]:
            yield Container(pod, spec, one)


def of_kind(made: list[Object], kind: str) -> dict[str, Object]:
    """Objects of a kind, by name."""
    return {one["metadata"]["name"]: one for one in made if one["kind"] == kind}
