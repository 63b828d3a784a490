"""A site's ground for a test: a development CA, the site's nats-server with TLS and its accounts, settings for both."""

from pathlib import Path
from typing import Any

from ardoise.chassis.identity import Credentials, Role, ensure_development_identity
from ardoise.chassis.nats_config import LEAF_IDENTITIES, Leaves
from ardoise.chassis.nats_server import NatsServer
from ardoise.chassis.phones import Phones
from ardoise.chassis.settings import CommonSettings

SERVICES = (
    "ingest",
    "biometrics",
    "positioning",
    "analytics",
    "mediawall",
    "security",
    "sites",
    "sites-biometrics",
    "trackers",
)


class Site:
    """One site in one directory. `server` is the chassis's own nats-server; settings() gives any service its own."""

    def __init__(
        self,
        directory: Path,
        name: str = "truck",
        *,
        identity_dir: Path | None = None,
        leaf_listen: str = "",
        regions: tuple[str, ...] = (),
        phones: Phones | None = None,
        health_port: int = 0,
    ) -> None:
        self.name = name
        self.state_dir = directory
        self.identity_dir = identity_dir or directory / "identity"
        for service in SERVICES:
            self.identity(service, Role.SERVICE)
        leaves = Leaves(
            listen=leaf_listen,
            regions=regions,
            identities={
                account: self.identity(leaf, Role.SERVICE) for account, leaf in LEAF_IDENTITIES.items()
            },
        )
        self.server = NatsServer(
            directory / "nats",
            site=name,
            health_port=health_port,
            identity=self.identity("nats", Role.SERVICE),
            leaves=leaves,
            phones=phones,
        )

    def identity(self, name: str, role: Role) -> Credentials:
        """Certificate and key of anyone this site knows: a relay, a person, one more service."""
        return ensure_development_identity(self.identity_dir, name, role)

    def settings[T: CommonSettings](self, cls: type[T], **values: Any) -> T:
        """The settings of one service at this site, values set on top."""
        surroundings = {
            "site": self.name,
            "state_dir": self.state_dir,
            "identity_dir": self.identity_dir,
            "nats_url": self.server.url,
        }
        return cls(**{**surroundings, **values})
