"""Settings of positioning."""

from pydantic import Field

from ardoise.chassis.settings import CommonSettings


class PositioningSettings(CommonSettings):
    """What positioning needs besides the common settings."""

    grpc_listen: str = Field("127.0.0.1:7402", description="host:port of RaceService.")


class RecorderSettings(CommonSettings):
    """What the recorder needs besides the common settings."""

    database_url: str = Field(
        description="PostgreSQL URL, as libpq reads it; with both regions' hosts, the own region's first."
    )
