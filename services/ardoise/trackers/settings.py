"""Settings of the trackers' gateway."""

from pydantic import Field, field_validator

from ardoise.chassis.settings import CommonSettings
from ardoise.trackers.domain.sources import sources_of


class TrackersSettings(CommonSettings):
    """What the gateway needs besides the common settings."""

    grpc_listen: str = Field("127.0.0.1:7407", description="host:port of TrackerService.")
    ingest_target: str = Field("127.0.0.1:7401", description="host:port of ingest, which takes the frames.")
    sources: str = Field(
        "",
        description="What trackers may come by, comma-separated: decoder=transport://host:port, with options behind "
        "a question mark, name=... among them where two have one decoder. "
        "osmand=http://0.0.0.0:5055,nmea=tcp://0.0.0.0:10110?device=moto-1. Empty: nothing.",
    )

    @field_validator("sources")
    @classmethod
    def _readable(cls, value: str) -> str:
        sources_of(value)
        return value
