"""Settings of a drill in a cluster: the chart gives them."""

from pathlib import Path

from pydantic import Field

from ardoise.chassis.settings import CommonSettings


class DrillSettings(CommonSettings):
    """What a drill needs besides the common settings."""

    sites_file: Path = Field(
        Path("sites.yaml"), description="YAML file of all sites and their endpoints, the same at every site."
    )
    namespace: str = Field("", description="Namespace of the release. Empty: its own.")
    drill_reach: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description="JSON: by site host:port of `web` and `security`, and at the truck of `ingest`, as a drill reaches "
        "them.",
    )
    drill_workloads: list[str] = Field(
        default_factory=list,
        description="JSON: workloads of the release that a drill may take away, as statefulsets/<name>.",
    )
    drill_stage: Path = Field(
        Path("event.yaml"), description="Event file of the stage that its simulated relays ride."
    )
