"""Settings of the media wall."""

from pydantic import Field

from ardoise.chassis.settings import CommonSettings


class MediawallSettings(CommonSettings):
    """Where people reach the pages, and where the wall gets the race from."""

    grpc_listen: str = Field("127.0.0.1:7404", description="host:port of WallService.")
    web_listen: str = Field(
        "127.0.0.1:8080", description="host:port of the public page; port 0: any free one."
    )
    web_plaintext: bool = Field(
        False,
        description="Explicit leave to serve the public page as plain HTTP: on loopback, or behind a proxy with TLS.",
    )
    operators_listen: str = Field(
        "127.0.0.1:8443", description="host:port of the operators' page; port 0: any free one."
    )
    positioning_target: str = Field(
        "127.0.0.1:7402", description="host:port of positioning's gRPC port. Empty: there is none."
    )
    analytics_target: str = Field(
        "127.0.0.1:7403", description="host:port of analytics' gRPC port. Empty: there is none."
    )
    security_target: str = Field(
        "127.0.0.1:7405", description="host:port of security's gRPC port. Empty: there is none."
    )
    screens_limit: int = Field(
        2_000, ge=1, description="Screens that may be connected at once; those beyond get 503."
    )
    screens_per_address_limit: int = Field(
        500, ge=1, description="Screens of one address, which may be a whole village behind one router."
    )
