"""Kubeconfig files are read as kubectl reads them, and who logs in by a program is let in too."""

import base64
import json
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from ardoise_operator.plugin.kubeconfig import (
    Access,
    chosen,
    files,
    merged,
    opened,
    read,
    told_credential,
)
from ardoise_operator.plugin.problem import Misused, Problem

SERVER = "https://203.0.113.7:6443"


def kubeconfig(name: str, user: dict[str, Any], **cluster: Any) -> dict[str, Any]:
    """Of one context."""
    return {
        "current-context": name,
        "clusters": [{"name": name, "cluster": {"server": SERVER, **cluster}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": f"of-{name}"}}],
        "users": [{"name": name, "user": user}],
    }


def written(path: Path, content: dict[str, Any]) -> str:
    path.write_text(json.dumps(content))
    return str(path)


def test_the_option_comes_before_the_environment_and_that_before_the_home_directory():
    assert files("mine", {"KUBECONFIG": "a:b"}) == [Path("mine")]
    assert files("", {"KUBECONFIG": "a::b"}) == [Path("a"), Path("b")]
    assert files("", {}) == [Path("~/.kube/config").expanduser()]


def test_of_several_files_each_name_is_the_first_ones():
    first, second = kubeconfig("ams", {"token": "1"}), kubeconfig("lon", {"token": "2"})
    again = kubeconfig("ams", {"token": "3"})
    whole = merged(
        [(Path("/a/1"), first), (Path("/a/2"), None), (Path("/a/3"), second), (Path("/a/4"), again)]
    )
    assert whole["current-context"] == "ams"
    assert list(whole["contexts"]) == ["ams", "lon"]
    assert whole["users"]["ams"] == {"token": "1"}


def test_a_path_is_relative_to_its_own_file():
    user = {"client-certificate": "me.pem", "client-key": "/keys/me.key"}
    whole = merged([(Path("/etc/kube/config"), kubeconfig("ams", user))])
    assert whole["users"]["ams"] == {"client-certificate": "/etc/kube/me.pem", "client-key": "/keys/me.key"}


def test_a_file_that_is_missing_is_passed_over_unless_it_is_the_only_one(tmp_path: Path):
    there = Path(written(tmp_path / "there", kubeconfig("ams", {"token": "1"})))
    assert list(read([tmp_path / "missing", there])["contexts"]) == ["ams"]
    with pytest.raises(
        Misused, match=r"there is no kubeconfig at .*missing: set KUBECONFIG, or --kubeconfig"
    ):
        read([tmp_path / "missing"])


@pytest.mark.parametrize("text", ["[1, 2]", "a: [", "clusters: 7", "contexts: [{context: {}}]", "\0"])
def test_what_is_no_kubeconfig_is_named(text: str, tmp_path: Path):
    path = tmp_path / "config"
    path.write_text(text)
    with pytest.raises(Misused, match=str(path)):
        read([path])


def test_a_context_that_there_is_not_is_named_with_those_that_there_are():
    whole = merged([(Path("/a"), kubeconfig("ams", {}))])
    with pytest.raises(Misused, match="there is no context lon: there are ams"):
        chosen(whole, "lon")
    whole["current-context"] = ""
    with pytest.raises(Misused, match="no context is current: add --context, one of ams"):
        chosen(whole, "")


@pytest.mark.parametrize(
    ("user", "cluster", "words"),
    [
        ({"as": "somebody"}, {}, "acts as somebody else"),
        ({"auth-provider": {"name": "gcp"}}, {}, "auth-provider"),
        ({}, {"tls-server-name": "other"}, "tls-server-name"),
        ({}, {"server": ""}, "names no cluster that has a server"),
    ],
)
def test_what_would_be_left_out_without_a_word_is_refused(user: dict, cluster: dict, words: str):
    whole = merged([(Path("/a"), kubeconfig("ams", user, **cluster))])
    with pytest.raises(Misused, match=words):
        chosen(whole, "")


def test_the_namespace_is_the_options_or_the_contexts_or_default(tmp_path: Path):
    content = kubeconfig("ams", {"token": "1"})
    path = written(tmp_path / "config", content)
    assert opened(path, "", "").namespace == "of-ams"
    assert opened(path, "", "race").namespace == "race"
    del content["contexts"][0]["context"]["namespace"]
    assert opened(written(tmp_path / "config", content), "", "").namespace == "default"


def access(tmp_path: Path, user: dict[str, Any], **cluster: Any) -> Access:
    return opened(written(tmp_path / "config", kubeconfig("ams", user, **cluster)), "", "")


@pytest.mark.parametrize(
    ("server", "here"),
    [
        ("https://127.0.0.1:6443", True),
        ("https://[::1]:6443", True),
        ("https://localhost:6443", True),
        (SERVER, False),
        ("https://k8s.example.org", False),
    ],
)
def test_no_proxy_leads_to_this_machine(server: str, here: bool, tmp_path: Path):
    assert access(tmp_path, {"token": "1"}, server=server).is_loopback is here


def test_a_clusters_own_proxy_is_used(tmp_path: Path):
    assert access(tmp_path, {"token": "1"}, **{"proxy-url": "http://proxy:3128"}).proxy == "http://proxy:3128"


def test_what_a_program_gives_is_shown_to_the_server(tmp_path: Path):
    program = tmp_path / "log-me-in"
    program.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        "asked = json.loads(os.environ['KUBERNETES_EXEC_INFO'])\n"
        "token = f\"{os.environ['WHO']} {sys.argv[1]} {asked['spec']['cluster']['server']}\"\n"
        "print(json.dumps({'apiVersion': asked['apiVersion'], 'kind': asked['kind'], 'status': {'token': token}}))\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    run = {
        **{"apiVersion": "client.authentication.k8s.io/v1", "command": "./log-me-in", "args": ["in"]},
        **{"env": [{"name": "WHO", "value": "me"}], "provideClusterInfo": True},
    }
    found = access(tmp_path, {"exec": run})
    assert found.config.user is not None
    assert found.config.user.token == f"me in {SERVER}"


def test_a_program_that_is_not_there_says_how_to_get_it(tmp_path: Path):
    run = {"apiVersion": "client.authentication.k8s.io/v1", "command": "/nowhere/log-me-in"}
    with pytest.raises(Misused, match="/nowhere/log-me-in, which logs you in, is not there: install it"):
        access(tmp_path, {"exec": run})
    with pytest.raises(Misused, match="is not there: brew install it now"):
        access(tmp_path, {"exec": {**run, "installHint": "brew install\n  it now"}})


def test_a_program_that_fails_is_named(tmp_path: Path):
    run = {"apiVersion": "client.authentication.k8s.io/v1", "command": "false"}
    with pytest.raises(Problem, match="false, which logs you in, gave no credential"):
        access(tmp_path, {"exec": run})


def test_a_certificate_is_a_credential_too():
    status = {"clientCertificateData": "-----BEGIN", "clientKeyData": "-----KEY"}
    assert told_credential({"status": status}) == {
        "client-certificate-data": base64.b64encode(b"-----BEGIN").decode(),
        "client-key-data": base64.b64encode(b"-----KEY").decode(),
    }


@pytest.mark.parametrize("said", [None, [], {}, {"status": None}, {"status": {}}])
def test_what_is_no_credential_is_refused(said: Any):
    with pytest.raises(ValueError, match="it printed n"):
        told_credential(said)
