"""Which cluster, as whom and in which namespace: kubeconfig files, read as kubectl reads them.

lightkube reads one file, and of those who get a credential from a program the protocol's older versions: what is
given to it is one context, whole, with the credential in it.
"""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lightkube import KubeConfig, SingleConfig
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from ardoise_operator.plugin.problem import Misused, Problem

DEFAULT_FILE = "~/.kube/config"
LISTS = {"clusters": "cluster", "contexts": "context", "users": "user"}
"""Name of a list -> name of what stands in each of its entries."""
PATHS = ("certificate-authority", "client-certificate", "client-key", "tokenFile")
EXEC_LIMIT_S = 120.0
"""A person may have to log in with a browser meanwhile."""
REFUSED = {
    "as": "acts as somebody else",
    "auth-provider": "has an auth-provider, which kubectl itself knows no more",
    "tls-server-name": "has a tls-server-name",
}
"""What would be left out without a word, and changes who asks, or who is asked."""


@dataclass(frozen=True)
class Access:
    """One context, ready to be used."""

    context: str
    namespace: str
    config: SingleConfig
    proxy: str | None
    """URL; None: as the environment says."""

    @property
    def server(self) -> str:
        """URL of the API server."""
        return self.config.cluster.server

    @property
    def is_loopback(self) -> bool:
        """Whether it is on this machine, where no proxy leads to; as kubectl has it."""
        host = urlsplit(self.server).hostname or ""
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"


def files(given: str, environment: Mapping[str, str]) -> list[Path]:
    """Those that are in force. `given`: by --kubeconfig; empty: not."""
    if given:
        return [Path(given).expanduser()]
    listed = [Path(one) for one in environment.get("KUBECONFIG", "").split(os.pathsep) if one]
    return listed or [Path(DEFAULT_FILE).expanduser()]


def read(paths: Iterable[Path]) -> dict[str, Any]:
    """All of them as one. Raises Misused."""
    found = []
    for path in paths:
        try:
            said = YAML(typ="safe").load(path.read_text())
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError, YAMLError) as error:
            raise Misused(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
        found.append((path, said))
    if not found:
        raise Misused(
            f"there is no kubeconfig at {', '.join(map(str, paths))}: set KUBECONFIG, or --kubeconfig"
        )
    return merged(found)


def merged(found: Iterable[tuple[Path, Any]]) -> dict[str, Any]:
    """Of each name the first file's entry counts; paths are relative to the file that has them. Raises Misused."""
    whole: dict[str, Any] = {**{name: {} for name in LISTS}, "current-context": ""}
    for path, said in found:
        try:
            for listed, inner in LISTS.items():
                for entry in (said or {}).get(listed) or ():
                    whole[listed].setdefault(entry["name"], _absolute(entry.get(inner) or {}, path))
            whole["current-context"] = whole["current-context"] or (said or {}).get("current-context") or ""
        except (AttributeError, KeyError, TypeError) as error:
            raise Misused(f"{path} is no kubeconfig") from error
    return whole


def _absolute(entry: Mapping[str, Any], path: Path) -> dict[str, Any]:
    there = path.absolute().parent
    found = {**entry, **{name: str(there / entry[name]) for name in PATHS if entry.get(name)}}
    program = entry.get("exec")
    # A name alone is looked for on PATH.
    if program and os.sep in program["command"]:
        found["exec"] = {**program, "command": str(there / program["command"])}
    return found


def chosen(config: Mapping[str, Any], context: str) -> tuple[str, dict[str, Any], dict[str, Any], str]:
    """Name of the context, its cluster, its user, its namespace. `context` empty: the current one. Raises Misused."""
    names = ", ".join(config["contexts"]) or "none"
    name = context or config["current-context"]
    if not name:
        raise Misused(f"no context is current: add --context, one of {names}")
    if name not in config["contexts"]:
        raise Misused(f"there is no context {name}: there are {names}")
    found = config["contexts"][name]
    cluster, user = config["clusters"].get(found.get("cluster")), config["users"].get(found.get("user"), {})
    if not cluster or not cluster.get("server"):
        raise Misused(f"the context {name} names no cluster that has a server: see kubectl config view")
    for field, why in REFUSED.items():
        if cluster.get(field) or user.get(field):
            raise Misused(f"the context {name} {why}: give another one with --context")
    return name, cluster, user, found.get("namespace") or "default"


def opened(kubeconfig: str, context: str, namespace: str) -> Access:
    """As the options say, each empty where it is not given; runs what gives a credential. Raises Problem."""
    config = read(files(kubeconfig, os.environ))
    name, cluster, user, its_namespace = chosen(config, context)
    if user.get("exec"):
        user = credential(user["exec"], cluster)
    one = {
        "current-context": name,
        "clusters": [{"name": name, "cluster": cluster}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "users": [{"name": name, "user": user}],
    }
    try:
        single = KubeConfig.from_dict(one).get()
    except ValueError as error:
        raise Misused(f"the context {name} cannot be used: {error}") from error
    assert single is not None
    return Access(name, namespace or its_namespace, single, cluster.get("proxy-url"))


def credential(program: Mapping[str, Any], cluster: Mapping[str, Any]) -> dict[str, Any]:
    """What a program gives, as a user of a kubeconfig. Raises Problem."""
    command = program["command"]
    info: dict[str, Any] = {"interactive": sys.stdin.isatty()}
    if program.get("provideClusterInfo"):
        info["cluster"] = cluster
    asked = {"apiVersion": program.get("apiVersion"), "kind": "ExecCredential", "spec": info}
    added = {one["name"]: one["value"] for one in program.get("env") or ()}
    try:
        done = subprocess.run(
            [command, *(program.get("args") or ())],
            env={**os.environ, **added, "KUBERNETES_EXEC_INFO": json.dumps(asked)},
            stdout=subprocess.PIPE, timeout=EXEC_LIMIT_S, check=True,
        )  # fmt: skip
        return told_credential(json.loads(done.stdout))
    except FileNotFoundError as error:
        hint = program.get("installHint") or "install it, or give another --context"
        raise Misused(f"{command}, which logs you in, is not there: {' '.join(hint.split())}") from error
    except (subprocess.SubprocessError, ValueError, OSError) as error:
        raise Problem(f"{command}, which logs you in, gave no credential: {error}") from error


def told_credential(said: Any) -> dict[str, Any]:
    """An ExecCredential as a user of a kubeconfig. Raises ValueError."""
    status = said.get("status") if isinstance(said, dict) else None
    if not isinstance(status, dict):
        raise ValueError("it printed no ExecCredential")
    user = {"token": status.get("token")}
    for field, name in (
        ("clientCertificateData", "client-certificate-data"),
        ("clientKeyData", "client-key-data"),
    ):
        if status.get(field):
            user[name] = base64.b64encode(status[field].encode()).decode()
    user = {name: value for name, value in user.items() if value}
    if not user:
        raise ValueError("it printed neither token nor certificate")
    return user
