"""The chart as Helm itself renders it, for tests that look at objects."""

import copy
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import helm_python
import jsonschema
import yaml
from referencing import Registry, Resource

CHART = Path(__file__).resolve().parents[2] / "charts" / "ardoise"
EXAMPLES = sorted((CHART / "examples").glob("*.yaml"))
RELEASE, NAMESPACE = "ardoise", "race"
SITES = ("truck", "amsterdam", "london")
KIND_OF = {"truck": "edge", "amsterdam": "region", "london": "region"}
DEFINITION = "CustomResourceDefinition"
"""Kind of the only objects that stand in no namespace, and that one release of a cluster brings for all."""
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

EVERY_KEY = "*"
"""Of a Secret, where a pod is given all that is in it."""

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

    @property
    def stays(self) -> bool:
        """Whether it runs as long as the site does: no job, no test."""
        return self.pod.startswith(("StatefulSet/", "Deployment/"))

    @property
    def requested_mib(self) -> float:
        """Memory that its node keeps for it."""
        amount = self.spec["resources"]["requests"]["memory"]
        return float(amount[:-2]) * {"Mi": 1, "Gi": 1024}[amount[-2:]]

    @property
    def requested_cpu_percent(self) -> float:
        """Processor time that its node keeps for it, of a core."""
        return float(self.spec["resources"]["requests"]["cpu"].removesuffix("m")) / 10

    def files(self) -> dict[str, list[str]]:
        """Certificates and tokens that are mounted into it, by Secret."""
        volumes = {volume["name"]: volume for volume in self.pod_spec["volumes"]}
        mounted = [volumes.get(mount["name"], {}) for mount in self.spec["volumeMounts"]]
        sources = [
            source["secret"]
            for volume in mounted
            for source in volume.get("projected", {}).get("sources", ())
        ]
        found: dict[str, list[str]] = {}
        for source in sources:
            items = source.get("items", [{"path": EVERY_KEY}])
            found.setdefault(source["name"], []).extend(item["path"] for item in items)
        return found


def example(name: str) -> dict[str, Any]:
    """Values of charts/ardoise/examples/<name>.yaml."""
    return loaded((CHART / "examples" / f"{name}.yaml").read_text())


def loaded(text: str) -> Any:
    """One document of YAML. libyaml's parser: the other ones take half a second for a site."""
    return yaml.load(text, Loader=yaml.CSafeLoader)


def overlaid(values: Mapping[str, Any], *layers: Mapping[str, Any]) -> dict[str, Any]:
    """The values with others over them, as Helm lays one file over another."""
    result = copy.deepcopy(dict(values))
    for layer in layers:
        for key, value in layer.items():
            below = result.get(key)
            both = isinstance(value, Mapping) and isinstance(below, Mapping)
            result[key] = overlaid(below, value) if both else copy.deepcopy(value)
    return result


def assigned(values: Mapping[str, Any], assignments: str) -> dict[str, Any]:
    """The values with what `--set` says over them."""
    result = dict(values)
    for one in filter(None, assignments.split(",")):
        name, _, text = one.partition("=")
        layer = loaded(text)
        for key in reversed(name.split(".")):
            layer = {key: layer}
        result = overlaid(result, layer)
    return result


def rendered(values: Mapping[str, Any], namespace: str = NAMESPACE) -> dict[str, str]:
    """Text of each template, hooks too. Raises Refused."""
    with helm_python.Chart.load(CHART) as chart:
        try:
            # As an upgrade: its hooks are objects too.
            made = chart.render(dict(values), name=RELEASE, namespace=namespace, is_upgrade=True)
        except (helm_python.HelmValuesError, helm_python.HelmRenderError) as error:
            raise Refused(str(error)) from error
    return {name.removeprefix("ardoise/templates/"): text for name, text in made.items()}


def objects(values: Mapping[str, Any], namespace: str = NAMESPACE) -> list[Object]:
    """Everything that would be sent to the API server. Raises Refused."""
    made = []
    for name, text in rendered(values, namespace).items():
        if name != "NOTES.txt":
            made += filter(None, yaml.load_all(text, Loader=yaml.CSafeLoader))
    return made


def placed(made: Iterable[Object], namespace: str) -> list[dict[str, Any]]:
    """The same in another namespace, with the accounts that they name; what stands in none as it is."""
    return [_placed(one, namespace) if one["kind"] != DEFINITION else dict(one) for one in made]


def _placed(one: Object, namespace: str) -> dict[str, Any]:
    there = {**one, "metadata": {**one["metadata"], "namespace": namespace}}
    if "subjects" in one:
        there["subjects"] = [{**subject, "namespace": namespace} for subject in one["subjects"]]
    return there


def pod_specs(made: list[Object]) -> Iterator[tuple[str, Object, Object]]:
    """(kind/name, the pod's metadata, its spec) of every object that makes pods."""
    for one in made:
        template = {"Pod": one}.get(one["kind"]) or one.get("spec", {}).get("template")
        if one["kind"] == "CronJob":
            template = one["spec"]["jobTemplate"]["spec"]["template"]
        elif one["kind"] == "PodTemplate":
            template = one["template"]
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


def faults(one: Object, version: str) -> list[str]:
    """What a version of Kubernetes would refuse of an object's fields, unknown ones too."""
    validator = _validator(one["kind"], one["apiVersion"], version)
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(one)]


@cache
def _validator(kind: str, api_version: str, version: str) -> jsonschema.Draft202012Validator:
    schemas = resources.files("kubernetes_validate") / "kubernetes-json-schema" / f"v{version}.0-local-strict"
    # apps/v1: apps-v1; networking.k8s.io/v1: networking-v1
    file = f"{kind.lower()}-{re.sub(r'^([^./]*)(?:[.][^/]*)?/', r'\1-', api_version)}.json"
    return jsonschema.Draft202012Validator(
        loaded((schemas / file).read_text()), registry=_definitions(schemas)
    )


@cache
def _definitions(schemas: Path) -> Registry:
    return Resource.from_contents(loaded((schemas / "_definitions.json").read_text())) @ Registry()
