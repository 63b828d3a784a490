"""A cluster as an engineer reaches it, with kubectl: one of the bed's, or one that somebody gives."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.kubernetes.bed import clusters, layout
from tests.kubernetes.bed.parts import Built

CONTEXTS = "ARDOISE_TEST_CONTEXTS"
KUBECTL_LIMIT_S = 60.0
POLL_S = 0.2


KINDS_LIMIT_S = 60.0


class KubectlFailed(RuntimeError):
    """kubectl exited with another code than 0; the message is what it said."""


@dataclass(frozen=True)
class Cluster:
    """One site's."""

    site: str
    context: str
    kubectl_program: Path
    kubeconfig: str | None
    """None: as kubectl finds it by itself."""

    @property
    def of_bed(self) -> bool:
        """Whether its links, images and losses are in our hands."""
        return self.kubeconfig == str(layout.KUBECONFIG)

    def kubectl(self, *arguments: str, text: str = "", limit_s: float = KUBECTL_LIMIT_S) -> str:
        """What it prints. Raises KubectlFailed, subprocess.TimeoutExpired."""
        surroundings = {**os.environ, **({"KUBECONFIG": self.kubeconfig} if self.kubeconfig else {})}
        done = subprocess.run(
            [self.kubectl_program, "--context", self.context, *arguments],
            input=text, capture_output=True, text=True, timeout=limit_s, env=surroundings,
        )  # fmt: skip
        if done.returncode != 0:
            raise KubectlFailed(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def get(self, *arguments: str) -> dict[str, Any]:
        """An object or a list."""
        return json.loads(self.kubectl("get", *arguments, "--output=json"))

    def apply(self, *things: dict[str, Any], namespace: str = "default") -> None:
        """Creates or changes them; fields that nobody knows are refused."""
        listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": things})
        self.kubectl("apply", "--namespace", namespace, "--validate=strict", "--filename=-", text=listed)

    def await_kinds(self, *definitions: str) -> None:
        """Returns once it serves the kinds of these definitions. Raises TimeoutError.

        kubectl has no wait for it: on a definition that has no conditions yet it ends with an error.
        """
        waited = (
            "wait",
            "--for=condition=Established",
            "--timeout=0",
            "customresourcedefinitions",
            *definitions,
        )
        eventually(lambda: self.kubectl(*waited), "kinds that are served", KINDS_LIMIT_S)

    def load(self, *archives: Path) -> None:
        """Gives the nodes images; whoever gives a cluster gives it its images too (README.md beside the tests)."""
        if self.of_bed:
            clusters.load([self.site], archives)


def documents(text: str) -> Iterator[dict[str, Any]]:
    """Objects of JSON that stand one after another, as kubectl and go print several."""
    decoder, rest = json.JSONDecoder(), text.lstrip()
    while rest:
        one, end = decoder.raw_decode(rest)
        yield one
        rest = rest[end:].lstrip()


def given(environment: Mapping[str, str], known: Sequence[str]) -> dict[str, str]:
    """Site to context, of clusters that somebody gives: ARDOISE_TEST_CONTEXTS, or contexts named as the sites are.

    `known`: contexts of the kubeconfig that is in force. Raises ValueError for a context that it does not have.
    """
    if wanted := environment.get(CONTEXTS, ""):
        named = dict(pair.partition("=")[::2] for pair in wanted.split(","))
        if bad := sorted(set(named) - set(layout.SITES)) + sorted(set(named.values()) - set(known)):
            raise ValueError(f"{CONTEXTS}: not known: {', '.join(bad)}")
        return named
    if "KUBECONFIG" not in environment:
        # What is in the home directory was not given for tests.
        return {}
    return {site: site for site in layout.SITES if site in known}


def given_clusters() -> dict[str, Cluster]:
    """Those of this environment, by site. Raises ValueError."""
    program = shutil.which("kubectl")
    if program is None:
        return {}
    command = [program, "config", "get-contexts", "--output=name"]
    known = subprocess.run(command, capture_output=True, text=True, timeout=KUBECTL_LIMIT_S).stdout.split()
    found = given(os.environ, known)
    return {site: Cluster(site, context, Path(program), None) for site, context in found.items()}


def bed_cluster(site: str, built: Built) -> Cluster:
    """One of the bed that is up."""
    return Cluster(site, site, built.program("kubectl"), str(layout.KUBECONFIG))


def eventually[Found](look: Callable[[], Found | None], what: str, limit_s: float) -> Found:
    """The first answer that is something. Raises TimeoutError, with what was refused last.

    A refusal of kubectl's is no answer yet.
    """
    deadline = time.monotonic() + limit_s
    last = "nothing"
    while time.monotonic() < deadline:
        try:
            if found := look():
                return found
        except KubectlFailed as error:
            last = str(error)
        time.sleep(POLL_S)
    raise TimeoutError(f"no {what} after {limit_s:.0f} s; last: {last}")
