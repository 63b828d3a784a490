"""Every port of the stretched database asks who is there."""

import asyncio
import ssl
from pathlib import Path

import httpx
import psycopg
import pytest
from ardoise.chassis.identity import Credentials, Role, ensure_development_identity
from ardoise.chassis.store import Store
from ardoise.up.programs import Programs
from sqlalchemy import text

from tests.support.stretched import Stretched

ETCD_CLIENT, ETCD_PEER, PATRONI = 2379, 2380, 8008
LIMIT_S = 10.0


async def is_let_in(host: str, port: int, tls: ssl.SSLContext) -> bool:
    """Asks something: with TLS 1.3 a server refuses a client's certificate after the handshake."""
    try:
        async with httpx.AsyncClient(verify=tls, timeout=LIMIT_S) as http:
            await http.get(f"https://{host}:{port}/version")
    except (httpx.TransportError, ssl.SSLError):  # httpx lets the second through as it is
        return False
    return True


def without_certificate(trusted: Credentials) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=trusted.ca)


def with_certificate_of(stranger: Credentials, trusted: Credentials) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=trusted.ca)
    context.load_cert_chain(stranger.certificate, stranger.key)
    return context


@pytest.mark.timeout(180)
async def test_a_stranger_is_refused_at_each_port(programs: Programs, tmp_path: Path):
    async with Stretched(tmp_path / "sites", programs) as cluster:
        known = cluster.identity("sites")
        stranger = ensure_development_identity(tmp_path / "elsewhere", "patroni", Role.SERVICE)
        await only_the_data_plane_is_let_in(cluster, cluster.hosts["london"], stranger)

        # The database: known holders as the user that is theirs, and nobody else, whatever CA made them.
        store = Store(cluster.url("amsterdam", "london"), "test")
        async with store.transaction() as connection:
            assert await connection.scalar(text("SELECT current_user")) == "ardoise"
        await store.close()
        for holder, user in (("moto-1", "ardoise"), ("recorder", "postgres"), ("recorder", "replicator")):
            cluster.identity(holder)
            refused = await refusal(cluster.url("amsterdam", holder=holder, user=user))
            assert "certificate authentication failed" in refused or "no pg_hba.conf entry" in refused, (
                refused
            )
        url = cluster.url("amsterdam")
        mine = str(known.certificate.parent / "recorder")
        foreign = url.replace(quoted(mine), quoted(str(stranger.certificate.parent / "patroni")))
        assert foreign != url
        assert "unknown ca" in await refusal(foreign)
        assert "no pg_hba.conf entry" in await refusal(url.split("?")[0] + "?sslmode=disable")


async def only_the_data_plane_is_let_in(cluster: Stretched, host: str, stranger: Credentials) -> None:
    """Neither a relay nor a screen may write who is primary; and who may is no member of etcd for it."""
    peer, holder = cluster.data_plane("etcd"), cluster.data_plane("sites")
    for port in (ETCD_CLIENT, PATRONI):
        assert await is_let_in(host, port, holder.client_context()), port
    assert await is_let_in(host, ETCD_PEER, peer.client_context())
    assert not await is_let_in(host, ETCD_PEER, holder.client_context())
    assert not await is_let_in(host, ETCD_PEER, cluster.data_plane("patroni").client_context())
    others = [
        cluster.identity("moto-1", role=Role.RELAY),
        cluster.identity("mediawall"),
        cluster.identity("sites"),
        stranger,
    ]
    for port in (ETCD_CLIENT, ETCD_PEER, PATRONI):
        assert not await is_let_in(host, port, without_certificate(peer)), port
        for other in others:
            assert not await is_let_in(host, port, with_certificate_of(other, peer)), (port, other)


def quoted(path: str) -> str:
    return path.replace("/", "%2F")


async def refusal(url: str) -> str:
    """Why a connection is refused."""

    def connect() -> str:
        with pytest.raises(psycopg.OperationalError) as refused:
            psycopg.connect(url, connect_timeout=5)
        return str(refused.value)

    return await asyncio.to_thread(connect)
