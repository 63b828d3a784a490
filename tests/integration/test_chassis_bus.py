"""A connection to the site's nats-server, and its end."""

import asyncio

import pytest
from ardoise.chassis.bus import Bus
from ardoise.chassis.settings import CommonSettings

from tests.support.site import Site

LIMIT_S = 20.0
# Well under the 10 s for which nats-py's drain() waits for a server that is gone.
AT_ONCE_S = 5.0


@pytest.mark.parametrize("noticed", [True, False], ids=["noticed", "not noticed yet"])
async def test_a_connection_whose_server_is_gone_is_closed_at_once(site: Site, noticed: bool):
    bus = await Bus.connect(site.settings(CommonSettings), "ingest")
    await bus.nc.subscribe("_INBOX_ingest.test")
    site.server.process.kill()
    await site.server.process.wait()
    if noticed:
        async with asyncio.timeout(LIMIT_S):
            while True:
                if not bus.nc.is_connected:
                    break
                await asyncio.sleep(0.01)
    await bus.nc.publish("log.1.beat", b"pending")
    closing = asyncio.create_task(bus.close())
    done, _ = await asyncio.wait({closing}, timeout=AT_ONCE_S)
    assert done
    closing.result()
    assert bus.nc.is_closed


async def test_what_was_published_before_the_close_arrives(site: Site):
    listener = await Bus.connect(site.settings(CommonSettings), "ingest")
    heard = await listener.nc.subscribe("_INBOX_ingest.test")
    await listener.nc.flush()
    speaker = await Bus.connect(site.settings(CommonSettings), "ingest")
    await speaker.nc.publish("_INBOX_ingest.test", b"last words")
    await speaker.close()
    assert (await heard.next_msg(timeout=LIMIT_S)).data == b"last words"
    await listener.close()
