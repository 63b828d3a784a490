"""What the programs that Patroni calls need to know of their region: one JSON file, written beside Patroni's own.

They are asked in the middle of a failover: they import little.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class HookSettings:
    """Paths are absolute."""

    site: str
    truck: str
    """Name of the edge site, which is the JetStream domain of its nats-server."""
    nats_url: str
    """The region's own nats-server."""
    identity_dir: str
    state_dir: str
    """Where leaves, reports and lost rows are."""
    postgres_bin: str
    data: str
    """PostgreSQL's data directory."""
    sockets: str
    """Where the region's PostgreSQL has its Unix socket."""
    database: str
    superuser: str
    rewinder: str
    """Who may read the new primary's files."""

    def write(self, path: Path) -> None:
        """Writes the file."""
        path.write_text(json.dumps(asdict(self), indent=1))


def read_hook_settings(path: str) -> HookSettings:
    """Reads the file. Raises OSError, ValueError, TypeError."""
    return HookSettings(**json.loads(Path(path).read_text()))
