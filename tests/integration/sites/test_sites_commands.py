"""`ardoise sites status`, `switchover`, `break-glass`, `witness` at the sites of a file: as people reach clusters."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from ardoise.chassis.identity import Role, ensure_development_identity
from ardoise.chassis.rpc import OPERATORS, RpcServer, Servicer, caller
from ardoise.chassis.settings import CommonSettings
from ardoise.cli.people import app
from ardoise.pb import sites_pb2, sites_pb2_grpc
from ardoise.sites.rpc import RACE_OPERATIONS
from typer.testing import CliRunner, Result

CHANGES = ("SwitchOver", "BreakGlass", "MoveWitness")


class Region(sites_pb2_grpc.SitesServiceServicer):
    """What a region answers, and who asked it for what."""

    def __init__(self, name: str) -> None:
        self.name, self.asked = name, []

    async def GetSitesStatus(
        self, request: sites_pb2.GetSitesStatusRequest, context: grpc.aio.ServicerContext
    ) -> sites_pb2.GetSitesStatusResponse:
        status = sites_pb2.SitesStatus(seen_from=self.name)
        for site in ("truck", "amsterdam", "london"):
            status.sites.add(site=site, region=site != "truck").report.site = site
        own = next(site.report for site in status.sites if site.site == self.name)
        for voter in ("amsterdam", "london", "london-stand-in"):
            own.etcd.add(site=voter, healthy=True)
        return sites_pb2.GetSitesStatusResponse(status=status)

    async def SwitchOver(
        self, request: sites_pb2.SwitchOverRequest, context: grpc.aio.ServicerContext
    ) -> sites_pb2.SwitchOverResponse:
        self.asked.append(("switchover", request.target, caller(context).name))
        return sites_pb2.SwitchOverResponse(message=f"{request.target} is primary")

    async def BreakGlass(
        self, request: sites_pb2.BreakGlassRequest, context: grpc.aio.ServicerContext
    ) -> sites_pb2.BreakGlassResponse:
        raise AssertionError("nobody confirmed it")

    async def MoveWitness(
        self, request: sites_pb2.MoveWitnessRequest, context: grpc.aio.ServicerContext
    ) -> sites_pb2.MoveWitnessResponse:
        self.asked.append(("witness", request.witness, caller(context).name))
        return sites_pb2.MoveWitnessResponse(member="london-stand-in")


@dataclass
class Clusters:
    """Two regions that answer and a truck that does not, and what a person is given to reach them."""

    regions: dict[str, Region]
    ca_dir: Path
    mine: Path

    def hold(self, name: str, role: Role) -> None:
        """Gives the person a certificate; the CA's key stays where it is."""
        ensure_development_identity(self.mine, name, role, ca_dir=self.ca_dir)


@pytest.fixture
async def clusters(tmp_path: Path, free_port, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Clusters]:
    """The person's surroundings are set, as the chart's notes say."""
    made = Clusters(
        {name: Region(name) for name in ("amsterdam", "london")}, tmp_path / "ca", tmp_path / "mine"
    )
    servers, lines = (
        [],
        [
            f"- {{name: truck, kind: edge, nats: h:1, etcd: h:1, positioning: h:1, sites: '127.0.0.1:{free_port()}'}}"
        ],
    )
    for name, region in made.regions.items():
        identity_dir = tmp_path / name
        ensure_development_identity(identity_dir, "sites", Role.SERVICE, ca_dir=made.ca_dir)
        policy = {"*": OPERATORS, **dict.fromkeys(CHANGES, RACE_OPERATIONS)}
        add = sites_pb2_grpc.add_SitesServiceServicer_to_server
        server = RpcServer(
            "sites",
            CommonSettings(identity_dir=identity_dir),
            (Servicer(region, add, "ardoise.v1.SitesService", policy),),
        )
        await server.start()
        servers.append(server)
        rest = "nats: h:1, etcd: h:1, positioning: h:1, patroni: h:1, postgres: h:1"
        lines.append(f"- {{name: {name}, kind: region, {rest}, sites: '127.0.0.1:{server.port}'}}")
    file = tmp_path / "sites.yaml"
    file.write_text("\n".join(["sites:", *lines]))
    monkeypatch.setenv("ARDOISE_SITES_FILE", str(file))
    monkeypatch.setenv("ARDOISE_IDENTITY_DIR", str(made.mine))
    monkeypatch.setenv("ARDOISE_STATE_DIR", str(tmp_path / "no-sites-up-here"))
    yield made
    for server in servers:
        await server.drain()


async def sites(*arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, ["sites", *arguments])


@pytest.mark.parametrize(
    ("holder", "role"),
    [("race-control", Role.RACE_OPERATIONS), ("supervisor", Role.RACE_OPERATIONS), ("sites", Role.SERVICE)],
)
async def test_status_is_asked_of_the_sites_of_the_file_with_a_certificate_that_is_there(
    clusters: Clusters, holder: str, role: Role
):
    clusters.hold(holder, role)
    seen = await sites("status", "--from", "london")
    assert seen.exit_code == 0, seen.exception
    assert "seen from london" in seen.output
    assert (await sites("status")).exit_code == 0
    # Nothing was made: a CA of one's own would be trusted by nobody.
    assert {file.name for file in clusters.mine.iterdir()} == {"ca.pem", f"{holder}.pem", f"{holder}.key"}


async def test_a_switchover_is_asked_of_the_region_that_is_to_hand_over(clusters: Clusters):
    clusters.hold("race-control", Role.RACE_OPERATIONS)
    clusters.hold("supervisor", Role.RACE_OPERATIONS)
    done = await sites("switchover", "amsterdam")
    assert "amsterdam is primary" in done.output, done.exception
    assert clusters.regions["london"].asked == [("switchover", "amsterdam", "race-control")]
    assert clusters.regions["amsterdam"].asked == []


async def test_the_third_vote_is_moved_and_waited_for(clusters: Clusters):
    clusters.hold("supervisor", Role.RACE_OPERATIONS)
    done = await sites("witness", "stand-in")
    assert done.exit_code == 0, done.exception
    assert "etcd votes: amsterdam, london, london-stand-in" in done.output
    assert clusters.regions["amsterdam"].asked == [("witness", "stand-in", "supervisor")]


async def test_break_glass_shows_what_the_region_of_the_file_says_before_it_asks(clusters: Clusters):
    clusters.hold("race-control", Role.RACE_OPERATIONS)
    refused = await sites("break-glass", "london", "--accept-loss", "Unknown", "--confirm", "paris")
    assert "seen from london" in refused.output
    assert refused.exit_code != 0


async def test_a_pods_own_certificate_changes_nothing(clusters: Clusters):
    clusters.hold("sites", Role.SERVICE)
    refused = await sites("switchover", "amsterdam")
    assert str(refused.exception) == "role service may not call SwitchOver"


async def test_without_a_certificate_it_says_where_one_has_to_be(clusters: Clusters):
    refused = await sites("status")
    assert str(clusters.mine) in str(refused.exception)
    assert str(refused.exception).count("missing") == 1


async def test_a_site_that_is_away_is_named_with_its_address(clusters: Clusters):
    clusters.hold("race-control", Role.RACE_OPERATIONS)
    refused = await sites("status", "--from", "truck")
    assert "no answer from truck, 127.0.0.1:" in str(refused.exception)


async def test_an_option_names_the_file_too(clusters: Clusters, tmp_path: Path):
    refused = await sites("status", "--sites-file", str(tmp_path / "none.yaml"))
    assert isinstance(refused.exception, FileNotFoundError)
