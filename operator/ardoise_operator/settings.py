"""Settings of the operator."""

from pathlib import Path

from ardoise.chassis.settings import CommonSettings
from pydantic import Field


class OperatorSettings(CommonSettings):
    """What the operator needs besides the common settings."""

    sites_file: Path = Field(
        Path("sites.yaml"), description="YAML file of all sites and their endpoints, the same at every site."
    )
    namespace: str = Field("", description="Namespace of its objects. Empty: its own.")
    liveness_listen: str = Field(
        "127.0.0.1:8408",
        description="host:port of the operator's /healthz, without TLS: whether it still looks at the sites.",
    )
    drill_template: str = Field(
        "", description="Name of the PodTemplate of drills' Jobs. Empty: drills are not switched on."
    )
