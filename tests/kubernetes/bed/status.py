"""What is up, in a table: as much as one wants to know before kubectl."""

import contextlib
from pathlib import Path

import httpx
import psutil
from rich.console import Console
from rich.table import Table

from tests.kubernetes.bed import cgroups, clusters, layout, links, plan
from tests.kubernetes.bed.api import Api, ApiRefused


def show() -> None:
    """Prints it."""
    console = Console()
    sites = clusters.sites_up()
    if not sites:
        console.print("no clusters are up: make clusters")
        return
    table = Table("site", "node", "address", "pods", "processes", "memory", box=None)
    for name in sites:
        node, pods = _asked(name)
        pids = cgroups.processes(name)
        table.add_row(name, node, layout.address(name), pods, str(len(pids)), f"{memory_mib(pids):.0f} MiB")
    console.print(table)
    for (sender, receiver), condition in links.read().items():
        console.print(f"{sender} to {receiver}: {condition}")
    console.print(f"started from {clusters.started_from()}")
    console.print(f"KUBECONFIG={layout.KUBECONFIG}, logs: {plan.Files('<site>').logs}", soft_wrap=True)


def memory_mib(pids: set[int]) -> float:
    """What processes hold, a page that several share divided among them; in MiB."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError, psutil.Error, StopIteration):
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            total += int(next(line for line in rollup if line.startswith("Pss:")).split()[1])
    return total / 1024


def _asked(name: str) -> tuple[str, str]:
    with (
        contextlib.suppress(ApiRefused, httpx.HTTPError, OSError),
        contextlib.closing(Api(plan.Files(name).kubeconfig("admin"))) as api,
    ):
        conditions = api.get(f"/api/v1/nodes/{name}")["status"]["conditions"]
        ready = any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
        return ("Ready" if ready else "not ready"), str(len(api.items("/api/v1/pods")))
    return "no answer", "-"
