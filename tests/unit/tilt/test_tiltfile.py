"""tilt/Tiltfile, evaluated: what Tilt would make of it on a developer's cluster, without Tilt and without a cluster."""

import itertools
import re
import shlex
import subprocess
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path

import click
import pytest
import typer
from ardoise.cli.people import app
from ardoise.rehearsal.round_trip import RoundTripSettings

from tests.support.chart import (
    DEFINITION,
    KIND_OF,
    SITES,
    Object,
    containers,
    example,
    objects,
    overlaid,
    pod_specs,
)
from tests.support.tilt import AUTO, MANUAL, Resource, Tilt, checkout

PODS_OF_A_SITE = ("nats", "data-plane", "services")
PAGE, OPERATORS = 8080, 8443
"""Where the pages are in a pod."""
TOKENS = "ardoise-tokens"
LEFT_OUT = ("Job", "Pod")
"""Kinds of what runs before an upgrade, and in `helm test`."""

pytestmark = [pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def root(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout whose state is its own."""
    return checkout(repository, tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="module")
def tilt(root: Path) -> Tilt:
    """As after `tilt up`."""
    return Tilt(root, {})


@pytest.fixture(scope="module")
def resources(tilt: Tilt) -> dict[str, Resource]:
    """Tilt's resources, by name."""
    return tilt.resources()


def names(made: list[Object]) -> Counter[tuple[str, str, str]]:
    """Kind, name and namespace of each."""
    return Counter(
        (one["kind"], one["metadata"]["name"], one["metadata"].get("namespace", "")) for one in made
    )


def secrets(made: list[Object]) -> dict[tuple[str, str], dict[str, str]]:
    """Namespace and name of each Secret -> its files."""
    return {
        (one["metadata"]["namespace"], one["metadata"]["name"]): one["stringData"]
        for one in made
        if one["kind"] == "Secret"
    }


def ports_of(resource: Resource) -> set[int]:
    """Where its pods listen."""
    return {port["containerPort"] for one in containers(resource.objects) for port in one.spec["ports"]}


def forwarded(resources: dict[str, Resource]) -> dict[int, tuple[str, int]]:
    """Port of this machine -> the resource behind it, and the port of its pod."""
    return {
        port["local"]: (name, port["container"])
        for name, resource in resources.items()
        for port in resource.listed("port_forwards")
    }


def test_the_three_sites_of_the_laptop_are_applied_whole_each_in_its_namespace(tilt: Tilt):
    expected = Counter[tuple[str, str, str]]()
    for site in SITES:
        values = overlaid(example("laptop"), {"site": {"name": site, "kind": KIND_OF[site]}})
        expected += names([one for one in objects(values, site) if one["kind"] not in LEFT_OUT])
    made = names([one for one in tilt.applied if one["kind"] not in ("Namespace", "Secret")])
    assert made == expected


def test_no_hook_is_applied_as_if_it_were_part_of_a_site(tilt: Tilt):
    """Tilt applies what a chart renders, hooks too, at once and for good."""
    for one in tilt.applied:
        assert "helm.sh/hook" not in one["metadata"].get("annotations", {}), names([one])


def test_each_namespace_is_made_and_takes_restricted_pods_alone(tilt: Tilt):
    made = {one["metadata"]["name"]: one for one in tilt.applied if one["kind"] == "Namespace"}
    assert set(made) == set(SITES)
    for one in made.values():
        assert one["metadata"]["labels"] == {"pod-security.kubernetes.io/enforce": "restricted"}


def test_every_file_that_a_pod_mounts_from_a_secret_is_in_one_of_its_namespace(tilt: Tilt):
    made = secrets(tilt.applied)
    asked = set()
    for one in tilt.applied:
        for _, _, spec in pod_specs([one]):
            for volume in spec["volumes"]:
                for source in volume.get("projected", {}).get("sources", ()):
                    secret = (one["metadata"]["namespace"], source["secret"]["name"])
                    asked.add(secret)
                    assert {item["key"] for item in source["secret"]["items"]} <= set(made[secret])
    assert asked == set(made)
    assert all(text for secret in made.values() for text in secret.values())


def test_certificates_and_tokens_are_made_once_where_git_does_not_see_them(
    root: Path, tilt: Tilt, repository: Path
):
    again = Tilt(root, {})
    assert secrets(again.applied) == secrets(tilt.applied)
    state = [path for path in root.iterdir() if not path.is_symlink() and path.name != "tilt"]
    assert len(state) == 1
    made = next(path for path in state[0].rglob("*") if path.is_file()).relative_to(root)
    subprocess.run(
        ["git", "-c", f"safe.directory={repository}", "check-ignore", "--quiet", made],
        cwd=repository,
        check=True,
        timeout=20,
    )


def test_each_image_that_an_object_names_is_built_by_just_one_build_and_no_other_is(tilt: Tilt):
    named = {one.spec["image"].rpartition(":")[0] for one in containers(tilt.applied)}
    assert Counter(build["ref"] for build in tilt.builds) == Counter(named)


def test_an_image_is_built_as_make_images_builds_it(
    tilt: Tilt, root: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.syspath_prepend(str(repository / "scripts"))
    from build_images import IMAGES, REGISTRY

    usual = {f"{REGISTRY}/{one.name}": (one.target, one.variant) for one in IMAGES}
    for build in tilt.builds:
        assert (build["target"], build["build_args"].get("VARIANT", "")) == usual[build["ref"]]
        assert set(build["build_args"]) <= {"VARIANT"}
        assert build["context"] == root


def test_every_object_belongs_to_a_resource_that_stands_under_its_site(
    tilt: Tilt, resources: dict[str, Resource]
):
    # Services to the pods of their namespace: older ones of Tilt looked at labels alone (its issue 6311).
    assert tilt.version == ">=0.36.3"
    for name, resource in resources.items():
        sites = {
            one["metadata"].get("namespace") or one["metadata"]["name"]
            for one in resource.objects
            if one["kind"] != DEFINITION
        } or set(resource.listed("labels"))
        assert resource.listed("labels") == [*sites], name
    for site in SITES:
        assert {site, *(f"{site}-{pod}" for pod in PODS_OF_A_SITE)} <= set(resources)


def test_what_comes_first_comes_first_and_no_site_waits_for_another(resources: dict[str, Resource]):
    graph = {name: resource.listed("resource_deps") for name, resource in resources.items()}
    assert set(itertools.chain(*graph.values())) <= set(resources)
    order = list(TopologicalSorter(graph).static_order())
    for site in SITES:
        steps = [site, f"{site}-nats", f"{site}-services", f"{site}-round-trip"]
        assert sorted(steps, key=order.index) == steps
        assert graph[site] == [], "namespace, Secrets and configuration wait for nothing"
        for pod in PODS_OF_A_SITE:
            # Two of three sites make a majority of etcd: one that waited for another would wait for ever.
            waits = graph[f"{site}-{pod}"]
            assert waits
            assert all(name.split("-")[0] == site for name in waits), waits


def test_a_change_of_code_restarts_by_itself_neither_the_log_nor_etcd_nor_the_database(
    resources: dict[str, Resource],
):
    for name, resource in resources.items():
        by_hand = name == "race" or any(one["kind"] == "StatefulSet" for one in resource.objects)
        assert resource.options.get("trigger_mode", AUTO) == (MANUAL if by_hand else AUTO), name


def test_forwarded_ports_lead_to_ports_of_pods_and_no_two_are_the_same(resources: dict[str, Resource]):
    every = [port for resource in resources.values() for port in resource.listed("port_forwards")]
    assert len({port["local"] for port in every}) == len(every)
    ways = forwarded(resources)
    for name, port in ways.values():
        assert port in ports_of(resources[name]), (name, port)
    for site in SITES:
        for port in (PAGE, OPERATORS):
            assert (f"{site}-services", port) in ways.values(), "a page of each site"


def test_links_lead_to_the_pages_and_sign_in_with_a_token_of_that_site(resources: dict[str, Resource]):
    ways = forwarded(resources)
    pages, sign_ins = [], []
    for name, resource in resources.items():
        for url in (link["url"] for link in resource.listed("links")):
            scheme, port, token = re.fullmatch(
                r"(https?)://localhost:(\d+)(?:/sign-in\?token=(.+))?", url
            ).groups()
            assert ways[int(port)][1] == {"http": PAGE, "https": OPERATORS}[scheme]
            if token:
                site = name.removesuffix("-services")
                assert token in secrets(resources[site].objects)[site, TOKENS].values()
                assert ways[int(port)][0] == name
            (sign_ins if token else pages).append(int(port))
    assert len(set(pages)) == len(set(sign_ins)) == len(SITES)


def test_commands_are_commands_of_ardoise_and_their_files_are_there(
    root: Path, resources: dict[str, Resource], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(root)
    told = [command for resource in resources.values() for command, _ in resource.commands]
    given = [shlex.split(command) for line in told for command in line.split(" && ")]
    assert ["rehearse", "relays"] in [words[1:3] for words in given]
    for program, *arguments in given:
        assert program == ".venv/bin/ardoise"
        assert (root / program).exists()
        command = typer.main.get_command(app)
        while isinstance(command, click.Group):
            command = command.commands[arguments.pop(0)]
        # Parses them, and looks whether the files are there; runs nothing.
        command.make_context(command.name, arguments)


def test_a_command_is_told_settings_that_there_are_and_the_ports_of_the_site_it_is_about(
    root: Path, resources: dict[str, Resource]
):
    ways = forwarded(resources)
    inside = {"INGEST": 7401, "POSITIONING": 7402, "SECURITY": 7405}
    for name, resource in resources.items():
        site = name.removesuffix("-round-trip") if name != "race" else "truck"
        for _, environment in resource.commands:
            for setting, value in environment.items():
                assert setting.removeprefix("ARDOISE_").lower() in RoundTripSettings.model_fields
                if target := re.fullmatch("ARDOISE_([A-Z]+)_TARGET", setting):
                    at = "truck" if target[1] == "INGEST" else site
                    assert ways[int(value.removeprefix("127.0.0.1:"))] == (
                        f"{at}-services",
                        inside[target[1]],
                    )
            assert (root / environment["ARDOISE_IDENTITY_DIR"] / "ca.key").exists()


def test_tilt_ci_tries_every_site_and_starts_no_race(tilt: Tilt, resources: dict[str, Resource]):
    at_once = {
        name for name, resource in resources.items() if resource.commands and resource.options["auto_init"]
    }
    assert at_once == {f"{site}-round-trip" for site in SITES}
    services = {f"{site}-services" for site in SITES}
    for name in at_once:
        assert set(resources[name].listed("resource_deps")) == services
    # Longer than the five minutes that Tilt gives: images are built meanwhile.
    assert tilt.ci == {"readiness_timeout": "15m"}


def test_only_clusters_that_tilt_knows_as_local_are_allowed_unless_it_is_told_otherwise(
    root: Path, tilt: Tilt
):
    assert (tilt.contexts, tilt.registry) == ([], "")
    told = Tilt(root, {"allow": ["default"], "registry": "localhost:5000"})
    assert (told.contexts, told.registry) == (["default"], "localhost:5000")
