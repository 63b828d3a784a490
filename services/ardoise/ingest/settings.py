"""Settings of ingest."""

from pydantic import Field

from ardoise.chassis.settings import CommonSettings


class IngestSettings(CommonSettings):
    """What ingest needs besides the common settings."""

    grpc_listen: str = Field(
        "127.0.0.1:7401", description="host:port of TelemetryService and RaceControlService."
    )
    log_max_bytes: int = Field(
        16 * 1024**3,
        ge=1024 * 1024,
        description="Bound of one stage's log, bytes. Past it frames are refused, nothing old is discarded.",
    )
    race_centre_url: str = Field(
        "", description="URL of a race-centre event stream to take in beside the relays. Empty: none."
    )
    regions: str = Field(
        "",
        pattern=r"^([a-z][a-z0-9-]{0,31}(,[a-z][a-z0-9-]{0,31})*)?$",
        description="JetStream domains of the regions, comma-separated: a frame's second acknowledgement waits for the "
        "mirror of one of them. Empty: one site, both acknowledgements come at once.",
    )
