"""A service as a process: health, reflection, errors, SIGTERM."""

import asyncio
import contextlib
import json
import os
import resource
import signal
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import grpc
import pytest
from ardoise.chassis.identity import Role, ensure_development_identity
from ardoise.chassis.rpc import channel
from ardoise.chassis.settings import CommonSettings
from ardoise.chassis.telemetry import Telemetry
from ardoise.pb.control_pb2 import ListStagesRequest
from ardoise.pb.control_pb2_grpc import RaceControlServiceStub
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from tests.support.platform import Platform, serving

LIMIT_S = 30


@pytest.fixture
async def platform(tmp_path):
    platform = Platform(tmp_path)
    await platform.server.start()
    yield platform
    await platform.server.stop()


async def start(platform: Platform, service: str, port: int, **more: str) -> asyncio.subprocess.Process:
    environment = {
        **os.environ,
        "ARDOISE_STATE_DIR": str(platform.state_dir),
        "ARDOISE_IDENTITY_DIR": str(platform.identity_dir),
        "ARDOISE_NATS_URL": platform.server.url,
        "ARDOISE_GRPC_LISTEN": f"127.0.0.1:{port}",
        **more,
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ardoise", service, env=environment, stderr=asyncio.subprocess.PIPE
    )


async def test_a_service_says_that_it_serves_and_what_and_ends_cleanly_on_sigterm(platform, free_port):
    port = free_port()
    process = await start(platform, "ingest", port)
    try:
        seen, errors = await watch_health_through_sigterm(platform, process, port)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    assert process.returncode == 0, errors.decode()
    assert health_pb2.HealthCheckResponse.NOT_SERVING in seen, "it says so before it goes"
    assert b"Traceback" not in errors
    assert b"service_stopped" in errors


async def watch_health_through_sigterm(
    platform: Platform, process: asyncio.subprocess.Process, port: int
) -> tuple[list[int], bytes]:
    async with channel(
        f"127.0.0.1:{port}", CommonSettings(identity_dir=platform.identity_dir), "fan"
    ) as opened:
        async with asyncio.timeout(LIMIT_S):
            await serving(port, opened)
        health = health_pb2_grpc.HealthStub(opened)
        for name in ("", "ardoise.v1.TelemetryService", "ardoise.v1.RaceControlService"):
            answer = await health.Check(health_pb2.HealthCheckRequest(service=name))
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        watch = health.Watch(health_pb2.HealthCheckRequest(service=""))
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
        process.send_signal(signal.SIGTERM)
        seen = []
        try:
            while (answer := await asyncio.wait_for(watch.read(), LIMIT_S)) is not grpc.aio.EOF:
                seen.append(answer.status)
        except grpc.aio.AioRpcError:
            pass
    _, errors = await asyncio.wait_for(process.communicate(), LIMIT_S)
    return seen, errors


async def test_reflection_lists_the_services_to_holders_of_a_certificate(platform, free_port):
    port = free_port()
    async with platform.ingest(port):
        identity = platform.identity("fan", "public")
        secure = grpc.ssl_channel_credentials(
            identity.ca.read_bytes(), identity.key.read_bytes(), identity.certificate.read_bytes()
        )

        def ask() -> list[str]:
            with grpc.secure_channel(f"127.0.0.1:{port}", secure) as opened:
                return list(ProtoReflectionDescriptorDatabase(opened).get_services())

        found = await asyncio.to_thread(ask)
    assert {"ardoise.v1.TelemetryService", "ardoise.v1.RaceControlService"} <= set(found)


def test_the_scrape_port_closes_at_once(tmp_path):
    # Python's server looks every half second whether it is to end: five of them would take 2.5 s.
    began_s = time.monotonic()
    for _ in range(5):
        telemetry = Telemetry("test", CommonSettings(state_dir=tmp_path), None)
        telemetry.start()
        telemetry.stop()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", telemetry.scrape_port), 1)
    assert time.monotonic() - began_s < 1.5


async def test_a_service_takes_the_leave_to_open_files_that_it_can_have(platform, free_port):
    port = free_port()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        process = await start(platform, "ingest", port)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    try:
        async with platform.channel(port, "fan") as known, asyncio.timeout(LIMIT_S):
            await known.channel_ready()
        assert resource.prlimit(process.pid, resource.RLIMIT_NOFILE) == (hard, hard)
    finally:
        process.kill()
        await process.communicate()


async def test_a_stranger_who_is_turned_away_leaves_no_line_that_is_not_json(
    platform, free_port, tmp_path: Path
):
    stranger = ensure_development_identity(tmp_path / "elsewhere", "fan", Role.PUBLIC)
    credentials = grpc.ssl_channel_credentials(
        platform.identity("ingest", Role.SERVICE).ca.read_bytes(),
        stranger.key.read_bytes(),
        stranger.certificate.read_bytes(),
    )
    port = free_port()
    process = await start(platform, "ingest", port)
    try:
        async with platform.channel(port, "fan") as known, asyncio.timeout(LIMIT_S):
            await known.channel_ready()
        async with grpc.aio.secure_channel(f"127.0.0.1:{port}", credentials) as opened:
            with pytest.raises(grpc.aio.AioRpcError):
                await RaceControlServiceStub(opened).ListStages(ListStagesRequest(), timeout=LIMIT_S)
        process.send_signal(signal.SIGTERM)
        _, errors = await asyncio.wait_for(process.communicate(), LIMIT_S)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    assert all(json.loads(line)["event"] for line in errors.splitlines())


async def test_a_service_without_its_certificate_says_how_to_get_one(tmp_path):
    environment = {**os.environ, "ARDOISE_STATE_DIR": str(tmp_path / "none")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ardoise", "ingest", env=environment, stderr=asyncio.subprocess.PIPE
    )
    _, errors = await asyncio.wait_for(process.communicate(), LIMIT_S)
    assert process.returncode == 1
    assert b"ardoise identity ingest" in errors
    assert b"Traceback" not in errors


async def test_traces_and_metrics_reach_a_collector_where_one_is_configured(platform, free_port):
    received: dict[str, int] = {}

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            received[self.path] = received.get(self.path, 0) + len(body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing: the test looks at what came."""

    collector = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=collector.serve_forever)
    thread.start()
    port = free_port()
    endpoint = f"http://127.0.0.1:{collector.server_port}"
    process = await start(platform, "ingest", port, ARDOISE_OTLP_ENDPOINT=endpoint)
    try:
        async with platform.channel(port, "director") as opened, asyncio.timeout(LIMIT_S):
            await serving(port, opened)
            await RaceControlServiceStub(opened).ListStages(ListStagesRequest())
        async with platform.channel(port, "fan") as opened:
            with pytest.raises(grpc.aio.AioRpcError):  # a failure, which a metric counts
                await RaceControlServiceStub(opened).ListStages(ListStagesRequest())
        process.send_signal(signal.SIGTERM)
        _, errors = await asyncio.wait_for(process.communicate(), LIMIT_S)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        collector.shutdown()
        collector.server_close()
        thread.join()
    assert received.get("/v1/traces"), (received, errors.decode())
    assert received.get("/v1/metrics"), (received, errors.decode())
