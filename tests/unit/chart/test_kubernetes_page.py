"""docs/kubernetes.md: what its commands name is there, and those that need no cluster are given."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.support.chart import CHART, KIND_OF, SITES, assigned, example, loaded, objects, overlaid, rendered

REPOSITORY = CHART.parents[1]
PAGE = REPOSITORY / "docs" / "kubernetes.md"
LIMIT_S = 60


def commands() -> list[str]:
    """Each line of the page's blocks, those of a loop once for each site."""
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    found = [line.strip() for block in blocks for line in block.splitlines()]
    return [line.replace("$site", site) for line in found for site in (SITES if "$site" in line else ("",))]


def option(command: str, name: str) -> str:
    """What follows it; empty: it is not given."""
    words = shlex.split(command)
    return words[words.index(name) + 1] if name in words else ""


def site_of(command: str) -> str:
    """Clusters and the namespaces of the laptop are named after sites."""
    return option(command, "--kube-context") or option(command, "--context") or option(command, "-n")


def given(command: str) -> dict[str, Any]:
    """The values of a line of `helm install` or `helm upgrade`."""
    return assigned(example(Path(option(command, "-f")).stem), option(command, "--set"))


def written_values() -> dict[str, Any]:
    """What the page lays over the truck's example."""
    (block,) = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return loaded(block)


@cache
def installed(site: str, laptop: bool) -> Mapping[str, Any]:
    """The objects of a site of the page, by kind/name."""
    chosen = {"site": {"name": site, "kind": KIND_OF[site]}}
    values = overlaid(example("laptop"), chosen) if laptop else example(site)
    if values["site"]["kind"] == "edge" and not laptop:
        values = overlaid(values, written_values())
    return {f"{one['kind'].lower()}/{one['metadata']['name']}": one for one in objects(values)}


HELM = [line for line in commands() if re.match(r"helm .*\b(install|upgrade) ", line)]
OBJECT = r"(deployment|statefulset|service|cronjob)[/ ](ardoise-[a-z-]+)"
KUBECTL = [line for line in commands() if re.match("kubectl", line) and re.search(rf"{OBJECT}| exec ", line)]


@pytest.mark.parametrize("command", HELM)
def test_the_chart_takes_what_a_line_of_helm_gives_it(command: str):
    values = given(command)
    assert values["site"] == {"name": site_of(command), "kind": KIND_OF[site_of(command)]}
    assert rendered(values)
    # One that the chart does not know would change nothing.
    for name in re.findall(r"([a-z][A-Za-z.]+)=", command):
        known = loaded((CHART / "values.yaml").read_text())
        for key in name.split("."):
            assert key in known, name
            known = known[key]


def test_the_chart_takes_the_trackers_that_the_page_writes_and_says_where_they_call():
    written = written_values()
    said = rendered(overlaid(example("truck"), written))["NOTES.txt"]
    assert "send to ardoise-trackers at 5013/TCP, 5055/TCP, 5013/UDP." in said
    assert "ardoise-trackers" not in rendered(example("truck"))["NOTES.txt"]
    made = [f"--from-file={key}" for key in ("password", "ca.pem", "certificates/truck")]
    assert all(any(one in command for command in commands()) for one in made)
    (name,) = {one["secret"] for one in written["trackers"]["sources"] if "secret" in one}
    assert any(f"create secret generic {name} " in command for command in commands())


@pytest.mark.parametrize("command", KUBECTL)
def test_what_a_line_of_kubectl_names_is_there(command: str):
    made = installed(site_of(command), laptop=not option(command, "--context"))
    for kind, name in re.findall(OBJECT, command):
        there = made[f"{kind}/{name}"]
        if port := re.search(r" \d+:(\d+)$", command):
            assert int(port[1]) in [one["port"] for one in there["spec"]["ports"]]
    if pod := re.search(r" exec (\S+)-0 -c (\S+)", command):
        spec = made[f"statefulset/{pod[1]}"]["spec"]["template"]["spec"]
        assert pod[2] in [container["name"] for container in spec["containers"]]


@pytest.mark.parametrize("values", ["charts/ardoise/examples/laptop.yaml", "truck.yaml"])
def test_certificates_are_made_for_every_secret_that_is_made_of_them(values: str, tmp_path: Path):
    (tmp_path / "charts").symlink_to(REPOSITORY / "charts")
    (tmp_path / "truck.yaml").symlink_to(CHART / "examples" / "truck.yaml")
    page = commands()
    first = next(number for number, line in enumerate(page) if f" {values} > sites.yaml" in line)
    for command in page[first : first + 2]:
        subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=tmp_path,
            env={**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
            check=True,
            timeout=LIMIT_S,
            stdin=subprocess.DEVNULL,
        )
    for directory in set(re.findall(r"--from-file=(certificates\S+)", " ".join(page))):
        assert any(path.is_file() for path in (tmp_path / directory).iterdir())
    for file in ("ca/ca.key", "amsterdam/recorder.pem", "amsterdam/recorder.key"):
        assert (tmp_path / "certificates" / file).exists()
