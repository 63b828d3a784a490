"""Settings of analytics."""

from pydantic import Field

from ardoise.chassis.settings import CommonSettings


class AnalyticsSettings(CommonSettings):
    """What analytics needs besides the common settings."""

    grpc_listen: str = Field("127.0.0.1:7403", description="host:port of AnalyticsService.")
    positioning_target: str = Field(
        "127.0.0.1:7402", description="host:port of positioning's gRPC port, which the race comes from."
    )
    database_url: str = Field(
        "", description="PostgreSQL URL: predictions are rows there. Empty: they are not stored."
    )
