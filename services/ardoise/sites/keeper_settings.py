"""What the keeper of an etcd member is told: one JSON file. And the files beside the member's data."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ardoise.sites.generation import Generation, parse_generation

DATA = "data"
KNOWN = "generation.json"
ORDER = "rebuild.json"
ALIVE = "alive"
"""Touched each time the keeper looks: a probe sees that it does."""


@dataclass(frozen=True)
class KeeperSettings:
    """Paths are absolute."""

    site: str
    etcd: str
    etcdutl: str
    directory: str
    """Of the member: its data are in it, and what is set aside."""
    config: Mapping[str, Any]
    """As etcd takes it, for the first start of a cluster."""
    others: Mapping[str, str]
    """host:port of the other sites' members, for clients, by site."""
    witnesses: Mapping[str, str]
    """Of a member that is third to the regions' own: every member that may be, by name, with its peer URL; the first is
    it where nobody is called. Of a region's own member: empty."""
    ca: str
    certificate: str
    key: str

    def write(self, path: Path) -> None:
        """Writes the file."""
        path.write_text(json.dumps(asdict(self), indent=1))


def read_keeper_settings(path: str) -> KeeperSettings:
    """Reads the file. Raises OSError, ValueError, TypeError."""
    return KeeperSettings(**json.loads(Path(path).read_text()))


def order_rebuild(directory: Path, generation: Generation) -> None:
    """Lets the keeper make a new cluster of its member's data, alone. Ordered twice, it is done once."""
    keep(directory / ORDER, generation)


def known_generation(directory: Path) -> Generation | None:
    """The newest that the member has ever run in; None: it never ran."""
    return kept(directory / KNOWN)


def kept(path: Path) -> Generation | None:
    """None: there is none, or nobody can read it."""
    try:
        return parse_generation(path.read_text())
    except (OSError, ValueError):
        return None


def keep(path: Path, generation: Generation) -> None:
    """Writes it whole or not at all."""
    partial = path.with_suffix(".partial")
    partial.write_text(generation.to_json())
    partial.replace(path)
