"""The test server itself: what the other integration tests take for granted."""

import nats
import pytest
from nats.js.api import StreamConfig

from tests.support.nats import NatsServer


async def test_an_acknowledged_message_outlives_a_killed_server(nats_server: NatsServer):
    client = await nats.connect(nats_server.url)
    jetstream = client.jetstream()
    await jetstream.add_stream(StreamConfig(name="KEPT", subjects=["kept"]))
    await jetstream.publish("kept", b"one")
    await client.close()

    nats_server.kill()
    url = nats_server.url
    nats_server.start()

    assert nats_server.url == url
    client = await nats.connect(nats_server.url)
    assert (await client.jetstream().get_msg("KEPT", seq=1)).data == b"one"
    await client.close()


def test_a_server_that_cannot_start_says_why(tmp_path):
    with pytest.raises(RuntimeError, match="nowhere"):
        NatsServer(tmp_path, extra='tls { cert_file: "/nowhere.pem", key_file: "/nowhere.key" }').start()
