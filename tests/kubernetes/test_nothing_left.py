"""Clusters that went leave nothing on the machine, however they went."""

import contextlib
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from tests.kubernetes.bed import cgroups, clusters, plan
from tests.kubernetes.bed.cluster import bed_cluster, eventually
from tests.kubernetes.bed.traces import traces
from tests.kubernetes.conftest import Bed
from tests.kubernetes.probes import Namespace, claim, pod

pytestmark = pytest.mark.timeout(300)
START_LIMIT_S = 60.0


def left(before: dict[str, set[str]]) -> dict[str, set[str]]:
    now = traces()
    return {kind: found for kind in before if (found := now[kind] - before[kind])}


def kill(*pids: int) -> None:
    for pid in pids:
        # Some go with another.
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.slow
def test_nothing_is_left_of_a_cluster_with_pods_and_disks_half_of_which_was_killed(no_clusters: Bed):
    before = traces()
    clusters.up(["truck"], print)
    try:
        # What is compared is seen at all.
        assert {"network devices", "control groups", "sockets", "files", "processes"} <= set(left(before))
        truck = bed_cluster("truck", no_clusters.built())
        with Namespace(truck, f"left-{uuid.uuid4().hex[:8]}") as namespace:
            namespace.run(claim("disk"), pod("holder", claim="disk"))
        # Every second process, the bridge's holder among them, as whatever kills at random would.
        kill(*sorted(cgroups.processes("truck"))[1::2], *cgroups.processes(clusters.WAN))
    finally:
        clusters.down(print)
    assert left(before) == {}


def test_nothing_is_left_of_a_start_that_was_killed(no_clusters: Bed, repository: Path):
    before = traces()
    command = [sys.executable, "-m", "tests.kubernetes.bed", "up", "truck"]
    starting = subprocess.Popen(command, cwd=repository, stderr=subprocess.DEVNULL)
    try:
        socket = plan.Files("truck").socket
        eventually(socket.is_socket, "containerd's socket", START_LIMIT_S)
    finally:
        starting.kill()
        starting.wait()
    # It runs on, and the next start may take it for what a crash left.
    assert clusters.sites_up() == ["truck"]
    assert clusters.abandoned()
    clusters.down(print)
    assert left(before) == {}


@pytest.mark.long
def test_clusters_start_where_others_crashed_and_end_where_they_stand_still(no_clusters: Bed):
    before = traces()
    try:
        clusters.up(["truck", "london"], print)
        for name in ("truck", "london", clusters.WAN):
            kill(*cgroups.processes(name))
        eventually(lambda: not clusters.sites_up(), "end of all", START_LIMIT_S)
        assert {"control groups", "files"} <= set(left(before))
        clusters.up(["truck"], print)
        clusters.freeze("truck", frozen=True)
    finally:
        clusters.down(print)
    assert left(before) == {}
