"""Where the test bed's things are: names and addresses of the sites, files of a run, files that outlive it."""

from pathlib import Path

from ardoise.up.programs import in_cache

REPOSITORY = Path(__file__).resolve().parents[3]
SITES = ("truck", "amsterdam", "london")
HOST_ADDRESS = "10.200.0.254"
"""Of the machine itself on the bridge, from where kubectl reaches every site."""
PREFIX_BITS = 24
API_PORT = 6443
CLUSTER_DOMAIN = "cluster.local"
SERVICE_RANGE = "10.96.0.0/16"
API_SERVICE_ADDRESS = "10.96.0.1"
DNS_SERVICE_ADDRESS = "10.96.0.10"
RUN_DIR = Path("/run/ardoise-clusters")
"""Of the bed that is up; there is one at most on a machine."""
DATA_DIR = Path("/var/lib/ardoise-clusters")
"""What a site's disk would hold: it outlives the loss of a cluster, not `make clusters-down`."""
KUBECONFIG = RUN_DIR / "kubeconfig"


def number(site: str) -> int:
    """1, 2, 3: what a site's addresses end with, or have in their third place."""
    return SITES.index(site) + 1


def address(site: str) -> str:
    """Of a site's only node, as every other site reaches it."""
    return f"10.200.0.{number(site)}"


def pod_range(site: str) -> str:
    """From which a site's pods get their addresses; another site sees the node's instead."""
    return f"10.244.{number(site)}.0/24"


def cache_dir() -> Path:
    """Of what is built once a machine and user."""
    return in_cache("kubernetes")
