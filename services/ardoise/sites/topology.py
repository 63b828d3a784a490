"""Which sites there are and where each one's servers answer: one YAML file, the same at every site."""

from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML, YAMLError

SITE_NAME = r"^[a-z][a-z0-9-]{0,31}$"


class SiteKind(StrEnum):
    """What a site is for."""

    EDGE = "edge"
    """The truck: origin of the log, no database."""
    REGION = "region"
    """Mirror of the log, member of the stretched database."""


class Site(BaseModel):
    """One site's endpoints, as every other site reaches them. Addresses are host:port."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=SITE_NAME, description="Also the JetStream domain of its nats-server.")
    kind: SiteKind
    nats: str = Field(description="nats-server, client port.")
    etcd: str = Field(description="etcd member, client port.")
    positioning: str = Field(description="RaceService.")
    sites: str = Field(description="SitesService.")
    patroni: str = Field("", description="Patroni's REST port; regions only.")
    postgres: str = Field("", description="PostgreSQL; regions only.")
    stand_in: str = Field(
        "",
        description="etcd member that votes in the truck's place while it is off, client port; regions only.",
    )

    def addresses(self) -> tuple[str, ...]:
        """Every host:port of it."""
        given = (
            self.nats,
            self.etcd,
            self.positioning,
            self.sites,
            self.patroni,
            self.postgres,
            self.stand_in,
        )
        return tuple(address for address in given if address)

    @model_validator(mode="after")
    def _regions_have_a_database(self) -> Self:
        if (self.kind is SiteKind.REGION) != bool(self.patroni and self.postgres):
            raise ValueError("patroni and postgres are given for regions, and for regions only")
        return self


class Topology(BaseModel):
    """All sites: one edge, at least one region."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sites: tuple[Site, ...]

    @model_validator(mode="after")
    def _one_edge(self) -> Self:
        names = [site.name for site in self.sites]
        if len(set(names)) != len(names):
            raise ValueError("two sites have the same name")
        if [site.kind for site in self.sites].count(SiteKind.EDGE) != 1 or len(names) < 2:
            raise ValueError("there is one edge, and at least one region")
        return self

    @property
    def edge(self) -> Site:
        """The truck."""
        return next(site for site in self.sites if site.kind is SiteKind.EDGE)

    @property
    def regions(self) -> tuple[Site, ...]:
        """The regions, in the order of the file."""
        return tuple(site for site in self.sites if site.kind is SiteKind.REGION)

    def site(self, name: str) -> Site:
        """Raises KeyError where there is no such site."""
        for site in self.sites:
            if site.name == name:
                return site
        raise KeyError(name)


def read_topology(path: Path) -> Topology:
    """Reads the file. Raises ValueError that names each fault, FileNotFoundError."""
    try:
        return Topology.model_validate(YAML(typ="safe").load(path))
    except (YAMLError, ValidationError) as error:
        raise ValueError(f"{path}: {error}") from error


def read_site(path: Path, name: str) -> tuple[Topology, Site]:
    """The file, and one of its sites. Raises ValueError, FileNotFoundError."""
    topology = read_topology(path)
    try:
        return topology, topology.site(name)
    except KeyError as error:
        raise ValueError(f"{path} names no site {name!r}") from error
