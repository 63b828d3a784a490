"""Settings of security."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from ardoise.chassis.settings import CommonSettings


class SecuritySettings(CommonSettings):
    """What security needs besides the common settings."""

    grpc_listen: str = Field("127.0.0.1:7405", description="host:port of SecurityService.")
    database_url: str = Field(
        "",
        description="PostgreSQL URL: alerts and acknowledgements are rows there. "
        "Empty (truck): files under <state_dir>/security.",
    )
    security_webhook_url: str = Field(
        "",
        pattern=r"^(https?://.+)?$",
        description="URL that each alert is posted to, once; the same in both regions, and only with "
        "ARDOISE_DATABASE_URL. Empty: nothing leaves.",
    )
    security_webhook_severity: Literal["info", "warning", "critical"] = Field(
        "critical",
        description="Alerts as bad as this and worse leave; the same in both regions.",
    )
    security_rules: Path | None = Field(
        None,
        description="File of rules to use instead of those shipped (services/ardoise/security/rules.yaml).",
    )

    @model_validator(mode="after")
    def _once_needs_a_database(self) -> Self:
        if self.security_webhook_url and not self.database_url:
            raise ValueError(
                "ARDOISE_SECURITY_WEBHOOK_URL needs ARDOISE_DATABASE_URL: there is written what was sent"
            )
        return self
