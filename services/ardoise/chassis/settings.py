"""Settings that every service shares. Each service adds its own in <service>/settings.py.

Values come from the environment (ARDOISE_<NAME>), else the default; docs/settings.md is generated from here.
"""

from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class CommonSettings(BaseSettings):
    """What each process needs to know of its surroundings."""

    model_config = SettingsConfigDict(env_prefix="ARDOISE_", extra="ignore", frozen=True)

    site: str = Field(
        "truck", pattern=r"^[a-z0-9-]{1,32}$", description="Name of the site this process runs at."
    )
    state_dir: Path = Field(
        Path(".state"), description="Directory for everything that must outlive a restart."
    )
    identity_dir: Path = Field(
        Path(),
        description="Directory of ca.pem, <name>.pem and <name>.key, and below it data-plane, the same for etcd and "
        "Patroni. Default: <state_dir>/identity.",
    )
    nats_url: str = Field(
        "tls://127.0.0.1:4222", description="The site's nats-server (nats:// only with plaintext)."
    )
    grpc_listen: str = Field("127.0.0.1:0", description="host:port of the gRPC port; port 0: any free one.")
    scrape_listen: str = Field(
        "127.0.0.1:0", description="host:port of the Prometheus scrape port; 0: any free one."
    )
    health_listen: str = Field(
        "",
        description="host:port where the service says without TLS whether it is alive and ready, and nothing else "
        "(grpc.health.v1; a kubelet's probe speaks no TLS). Empty: nowhere.",
    )
    plaintext: bool = Field(
        False, description="Explicit leave to speak without TLS: everybody who reaches a port is let in."
    )
    log_level: str = Field(
        "INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Least severe log line shown."
    )
    otlp_endpoint: str = Field(
        "",
        description="OpenTelemetry collector (http://host:4318). Empty: nothing is sent, and it costs nothing.",
    )

    def __init__(self, **given: Any) -> None:
        """Of the environment, but for what is given. Raises ValueError that names each variable that is wrong."""
        try:
            super().__init__(**given)
        except ValidationError as error:
            # Without what stands there, which may be a password's URL.
            told = [(".".join(map(str, one["loc"])), one["msg"]) for one in error.errors()]
            wrong = (
                f"{self.model_config['env_prefix']}{name}".upper() + f": {why}" if name else why
                for name, why in told
            )
            raise ValueError("; ".join(wrong)) from error

    @model_validator(mode="before")
    @classmethod
    def _identity_beside_state(cls, values: dict) -> dict:
        if not values.get("identity_dir"):
            values = {**values, "identity_dir": Path(values.get("state_dir", ".state")) / "identity"}
        return values


def host_and_port(listen: str) -> tuple[str, int]:
    """Splits "host:port". Raises ValueError with what to write instead."""
    host, separator, port = listen.rpartition(":")
    if not separator or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"{listen!r} is no address: write host:port, as in 127.0.0.1:7401")
    return host.strip("[]"), int(port)
