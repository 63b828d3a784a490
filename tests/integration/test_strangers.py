"""Who is let in: nobody without a certificate of this platform, and each only where its role allows."""

import asyncio
import re
import socket
import ssl

import grpc
import nats
import pytest
from ardoise.chassis.bus import Bus
from ardoise.chassis.identity import Role, ensure_development_identity
from ardoise.chassis.rpc import Reason, channel, failure_of
from ardoise.chassis.settings import CommonSettings
from ardoise.pb import control_pb2
from ardoise.pb.control_pb2_grpc import RaceControlServiceStub
from ardoise.pb.telemetry_pb2 import RelayRequest
from ardoise.pb.telemetry_pb2_grpc import TelemetryServiceStub

from tests.support.platform import Platform
from tests.support.stage import frame_of

LIMIT_S = 10


@pytest.fixture
async def platform(tmp_path):
    platform = Platform(tmp_path)
    await platform.server.start()
    yield platform
    await platform.server.stop()


@pytest.fixture
def stranger(tmp_path):
    """Somebody with a certificate that looks right, of a CA of their own."""
    return ensure_development_identity(tmp_path / "elsewhere", "ingest", Role.SERVICE)


def handshake(port: int, context: ssl.SSLContext) -> bytes:
    """Connects and asks as HTTP/1 does; what came back, or an ssl.SSLError or ConnectionError."""
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    raw = socket.create_connection(("127.0.0.1", port), LIMIT_S)
    with raw, context.wrap_socket(raw) as tls:
        tls.sendall(b"GET / HTTP/1.0\r\n\r\n")
        answer = tls.recv(1)
    if not answer:
        raise ConnectionError("closed without a word")
    return answer


async def test_a_stranger_is_refused_at_every_port(platform, free_port, stranger, capfd):
    port = free_port()
    async with platform.ingest(port):
        scrape = int(re.findall(r'"scrape_port": (\d+)', capfd.readouterr().err)[-1])
        for open_port in (port, scrape):
            for known in (ssl.create_default_context(), stranger.client_context()):
                with pytest.raises((ssl.SSLError, ConnectionError)):
                    await asyncio.to_thread(handshake, open_port, known)
        mine = platform.identity("ingest", Role.SERVICE).client_context()
        assert await asyncio.to_thread(handshake, scrape, mine) == b"H", "and our own are let in"
        context = stranger.client_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with pytest.raises((nats.errors.Error, ConnectionError, ssl.SSLError)):
            await nats.connect(
                platform.server.url, tls=context, allow_reconnect=False, connect_timeout=LIMIT_S
            )


async def test_a_grpc_client_without_a_certificate_is_refused(platform, free_port, stranger):
    port = free_port()
    async with platform.ingest(port):
        ca = platform.identity("ingest", Role.SERVICE).ca.read_bytes()
        nobody = grpc.ssl_channel_credentials(ca)
        other = grpc.ssl_channel_credentials(ca, stranger.key.read_bytes(), stranger.certificate.read_bytes())
        for credentials in (nobody, other):
            async with grpc.aio.secure_channel(f"127.0.0.1:{port}", credentials) as opened:
                with pytest.raises(grpc.aio.AioRpcError) as refused:
                    await RaceControlServiceStub(opened).ListStages(
                        control_pb2.ListStagesRequest(), timeout=LIMIT_S
                    )
            assert refused.value.code() == grpc.StatusCode.UNAVAILABLE


async def test_a_role_is_let_in_only_where_it_belongs(platform, free_port):
    port = free_port()
    async with platform.ingest(port):
        refused = {}
        for name in ("fan", "moto-1", "guard"):
            async with platform.channel(port, name) as opened:
                with pytest.raises(grpc.aio.AioRpcError) as error:
                    await RaceControlServiceStub(opened).ListStages(control_pb2.ListStagesRequest())
                refused[name] = failure_of(error.value)
        async with platform.channel(port, "director") as opened:
            await RaceControlServiceStub(opened).ListStages(control_pb2.ListStagesRequest())
            call = TelemetryServiceStub(opened).Relay()
            await call.write(RelayRequest(frame=frame_of("director", 1, [9001])))
            with pytest.raises(grpc.aio.AioRpcError) as not_a_relay:
                await asyncio.wait_for(call.read(), LIMIT_S)
    assert {failure.reason for failure in refused.values()} == {Reason.ERROR_REASON_ROLE_MISSING}
    assert refused["fan"].metadata["role"] == "public"
    assert not_a_relay.value.code() == grpc.StatusCode.PERMISSION_DENIED


async def test_only_ingest_may_write_the_log_and_only_the_teams_identity_sees_biometrics(platform, free_port):
    port = free_port()
    async with platform.ingest(port):
        denied = []
        for name in ("positioning", "security"):
            bus = await platform.bus(name)
            for subject in ("log.5.beat", "$JS.API.STREAM.DELETE.REFUSED", "refused.moto-1"):
                with pytest.raises((nats.errors.Error, TimeoutError)):
                    await bus.nc.request(subject, b"", timeout=0.3)
                denied.append(subject)
            assert "BIOMETRIC" not in {info.config.name for info in await bus.js.streams_info()}
            await bus.close()
        teams = await platform.bus("biometrics")
        assert {info.config.name for info in await teams.js.streams_info()} == {"BIOMETRIC"}
        await teams.close()
    assert len(denied) == 6


async def test_plaintext_needs_the_explicit_flag(platform, free_port):
    port = free_port()
    target, plain = f"127.0.0.1:{port}", CommonSettings(plaintext=True)
    async with platform.ingest(port), channel(target, plain, "director") as opened:
        with pytest.raises(grpc.aio.AioRpcError):
            await RaceControlServiceStub(opened).ListStages(control_pb2.ListStagesRequest(), timeout=LIMIT_S)
    with pytest.raises(ValueError, match="plaintext"):
        await Bus.connect(plain, "ingest")
