"""Settings of security."""

from pathlib import Path

from pydantic import Field

from ardoise.chassis.settings import CommonSettings


class SecuritySettings(CommonSettings):
    """What security needs besides the common settings."""

    grpc_listen: str = Field("127.0.0.1:7405", description="host:port of SecurityService.")
    database_url: str = Field(
        "",
        description="PostgreSQL URL: alerts and acknowledgements are rows there. "
        "Empty (truck): files under <state_dir>/security.",
    )
    security_rules: Path | None = Field(
        None,
        description="File of rules to use instead of those shipped (services/ardoise/security/rules.yaml).",
    )
