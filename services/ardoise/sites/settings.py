"""Settings of sites."""

from pathlib import Path

from pydantic import Field

from ardoise.chassis.settings import CommonSettings


class SitesSettings(CommonSettings):
    """What sites needs besides the common settings."""

    sites_file: Path = Field(
        Path("sites.yaml"), description="YAML file of all sites and their endpoints, the same at every site."
    )
    database_url: str = Field(
        "",
        description="PostgreSQL URL; its first host is this region's own server. Empty (truck): there is none.",
    )
    grpc_listen: str = Field("127.0.0.1:7406", description="host:port of SitesService.")
    etcd_dir: Path | None = Field(
        None,
        description="Directory of the region's etcd member, where its keeper takes the order to make a new cluster. "
        "Empty: break-glass is refused here.",
    )
    founds_database: bool = Field(
        True,
        description="Whether this region's empty Patroni may found the stretched database. False: it waits for another "
        "region's, which is filled from a backup, and copies it.",
    )
    mqtt_listen: str = Field(
        "",
        description="Truck: host:port at which its nats-server takes phones in by MQTT. Empty: nowhere.",
    )
    mqtt_phones: str = Field(
        "",
        description="Truck: names of the phones that come by MQTT, comma-separated: anne,ben,moto-1. Their passwords "
        "are made at nats-server's start, in phones/<name>.password of its directory. `ardoise sites up` takes them in "
        "by this alone, at a port of this machine that it says.",
    )
    mqtt_passwords: Path | None = Field(
        None,
        description="Truck's nats-server in a pod: directory with the password of each phone in a file that is called "
        "as the phone, and the gateway's in `trackers`, in the place of ARDOISE_MQTT_PHONES.",
    )
    mqtt_certificate: Path | None = Field(
        None,
        description="Truck's nats-server in a pod: directory with tls.crt and tls.key, of a CA that phones know. "
        "Empty: they are shown its own certificate.",
    )
    patroni_dir: Path | None = Field(
        None,
        description="Directory of the region's Patroni: leaves to promote, and what was set aside of a stale primary.",
    )
