"""`ardoise sites break-glass` as a person meets it: shown first, asked twice, followed to the end."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
import typer
from ardoise.chassis.identity import Role, ensure_development_identity
from ardoise.chassis.rpc import OPERATORS, RpcServer, Servicer
from ardoise.chassis.settings import CommonSettings
from ardoise.cli.break_glass import force
from ardoise.pb import sites_pb2, sites_pb2_grpc
from typer.testing import CliRunner, Result


class Survivor(sites_pb2_grpc.SitesServiceServicer):
    """London without a majority: each look after it was forced finds one step more done."""

    def __init__(self) -> None:
        self.status = sites_pb2.SitesStatus(seen_from="london")
        self.status.sites.add(site="truck")
        self.status.sites.add(site="amsterdam", region=True)
        london = self.status.sites.add(site="london", region=True).report
        for site in ("truck", "amsterdam", "london"):
            london.etcd.add(site=site, answers=site == "london")
        self.status.promotions.add(region="london")
        self.asked: list[sites_pb2.BreakGlassRequest] = []
        self.steps = ["etcd is a new cluster, of this region alone", "london is primary"]

    async def GetSitesStatus(
        self, request: sites_pb2.GetSitesStatusRequest, context: grpc.aio.ServicerContext
    ) -> sites_pb2.GetSitesStatusResponse:
        forced = self.status.forced
        if self.asked and self.steps:
            forced.steps.add(what=self.steps.pop(0), time_ms=1_783_000_000_000)
            forced.promoted_ms = 0 if self.steps else 1
        return sites_pb2.GetSitesStatusResponse(status=self.status)

    async def BreakGlass(
        self, request: sites_pb2.BreakGlassRequest, context: grpc.aio.ServicerContext
    ) -> sites_pb2.BreakGlassResponse:
        self.asked.append(request)
        self.status.forced.request_id = request.request_id
        self.status.forced.region, self.status.forced.now = request.region, "promoting"
        return sites_pb2.BreakGlassResponse(forced=self.status.forced)


@pytest.fixture
async def survivor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Survivor, str]]:
    """And where it answers."""
    monkeypatch.setenv("ARDOISE_STATE_DIR", str(tmp_path))
    settings = CommonSettings(state_dir=tmp_path)
    ensure_development_identity(settings.identity_dir, "sites", Role.SERVICE)
    service = Survivor()
    add = sites_pb2_grpc.add_SitesServiceServicer_to_server
    server = RpcServer(
        "sites", settings, (Servicer(service, add, "ardoise.v1.SitesService", {"*": OPERATORS}),)
    )
    await server.start()
    yield service, f"127.0.0.1:{server.port}"
    await server.drain()


async def run(target: str, typed: str = "", **given: str) -> Result:
    app = typer.Typer()
    answers = {"confirm": "", "accept_loss": "", "operation": "", **given}
    app.command()(lambda: force({"london": target}, "london", **answers))
    return await asyncio.to_thread(CliRunner().invoke, app, input=typed)


async def test_it_shows_what_could_be_lost_and_asks_twice_before_it_does_anything(survivor):
    service, target = survivor
    done = await run(target, "london\nlose Unknown\n")
    assert done.exit_code == 0, done.output
    (request,) = service.asked
    assert (request.region, request.accepted_loss) == ("london", "Unknown")
    shown = done.output
    for part in (
        "What could be lost: Unknown of the log, decisions Unknown",
        "becomes a cluster of its own",
        "truck and amsterdam are off",
        "etcd is a new cluster, of this region alone",
        "london is primary",
        "lost: Unknown messages, Unknown decisions",
    ):
        assert part in shown, shown
    asked = [shown.index(part) for part in ("What could be lost", "Type its name", 'Type "lose Unknown"')]
    assert asked == sorted(asked)


@pytest.mark.parametrize("typed", ["paris\n", "\n", "london\nyes\n", "london\nlose 0\n"])
async def test_another_answer_does_nothing(survivor, typed: str):
    service, target = survivor
    done = await run(target, typed)
    assert isinstance(done.exception, RuntimeError)
    assert "nothing was done" in str(done.exception)
    assert service.asked == []


async def test_with_both_answers_given_nothing_is_asked(survivor):
    service, target = survivor
    done = await run(target, confirm="london", accept_loss="Unknown", operation="op-1")
    assert done.exit_code == 0, done.output
    assert [one.request_id for one in service.asked] == ["op-1"]


async def test_an_operation_that_is_under_way_is_followed_and_not_begun_again(survivor):
    service, target = survivor
    await run(target, confirm="london", accept_loss="Unknown", operation="op-1")
    service.status.forced.promoted_ms, service.steps = 0, ["still on its way", "london is primary"]
    done = await run(target)
    assert "op-1 is under way already" in done.output
    assert len(service.asked) == 1


async def test_a_region_that_has_a_primary_is_not_forced(survivor):
    service, target = survivor
    service.status.sites[1].report.database.role = sites_pb2.DatabaseRole.DATABASE_ROLE_PRIMARY
    done = await run(target, "london\nlose Unknown\n")
    assert "planned switchover" in str(done.exception)
    assert service.asked == []
