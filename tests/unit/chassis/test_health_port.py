"""What a kubelet hears of a service, without TLS: alive at once, ready while it works, and nothing else."""

import asyncio
import time
from pathlib import Path

import grpc
import pytest
from ardoise.chassis.lifecycle import Service
from ardoise.chassis.settings import CommonSettings
from ardoise.pb.control_pb2 import ListStagesRequest
from ardoise.pb.control_pb2_grpc import RaceControlServiceStub
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

LIMIT_S = 20.0
PROBE_LIMIT_S = 2.0
SERVING, NOT_SERVING = HealthCheckResponse.SERVING, HealthCheckResponse.NOT_SERVING


def service(tmp_path: Path, health_listen: str = "127.0.0.1:0") -> Service:
    return Service("test", CommonSettings(state_dir=tmp_path, plaintext=True, health_listen=health_listen))


async def asked(port: int, name: str) -> int:
    """As a kubelet does: a new connection each time."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as opened:
        answer = await HealthStub(opened).Check(HealthCheckRequest(service=name), timeout=PROBE_LIMIT_S)
    return answer.status


async def test_it_is_alive_at_once_ready_while_it_runs_and_not_while_it_drains(tmp_path: Path):
    draining, go_on = asyncio.Event(), asyncio.Event()

    async def drain() -> None:
        draining.set()
        await go_on.wait()

    async def serve(one: Service) -> None:
        async with one:
            started.set_result(one.health.port)
            await begin.wait()
            one.on_drain("last work", drain)
            await one.run()

    started: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    begin = asyncio.Event()
    one = service(tmp_path)
    async with asyncio.timeout(LIMIT_S):
        running = asyncio.create_task(serve(one))
        port = await started
        assert (await asked(port, "alive"), await asked(port, "")) == (SERVING, NOT_SERVING)
        begin.set()
        ready = NOT_SERVING
        while ready != SERVING:
            ready = await asked(port, "")
        one.stopping.set()
        await draining.wait()
        assert (await asked(port, "alive"), await asked(port, "")) == (SERVING, NOT_SERVING)
        go_on.set()
        await running
    with pytest.raises(grpc.aio.AioRpcError):
        await asked(port, "alive")


async def test_a_loop_that_stands_still_does_not_say_that_it_is_alive(tmp_path: Path):
    async with service(tmp_path) as one:
        asking = asyncio.create_task(asyncio.to_thread(ask_from_outside, one.health.port))
        await asyncio.sleep(0)
        time.sleep(PROBE_LIMIT_S + 1)  # noqa: ASYNC251 - the fault itself
        assert await asking == grpc.StatusCode.DEADLINE_EXCEEDED


def ask_from_outside(port: int) -> grpc.StatusCode:
    with grpc.insecure_channel(f"127.0.0.1:{port}") as opened:
        try:
            HealthStub(opened).Check(HealthCheckRequest(service="alive"), timeout=PROBE_LIMIT_S)
        except grpc.RpcError as error:
            return error.code()
    return grpc.StatusCode.OK


async def test_nothing_else_is_served_without_tls(tmp_path: Path):
    async with service(tmp_path) as one, grpc.aio.insecure_channel(f"127.0.0.1:{one.health.port}") as opened:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await RaceControlServiceStub(opened).ListStages(ListStagesRequest(), timeout=PROBE_LIMIT_S)
    assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED


async def test_there_is_no_such_port_unless_it_is_asked_for(tmp_path: Path):
    async with service(tmp_path, "") as one:
        assert one.health is None
