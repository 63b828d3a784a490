"""The site under the other integration tests."""

import nats
import pytest
from ardoise.chassis.identity import Role
from ardoise.chassis.nats_config import inbox_of
from ardoise.chassis.settings import CommonSettings
from ardoise.ingest.settings import IngestSettings
from nats.js.api import StreamConfig

from tests.support.site import Site

# A stream is a file, and a busy disk takes seconds to have it.
BUSY_LIMIT_S = 30


async def connect(site: Site, name: str, role: Role) -> nats.NATS:
    context = site.identity(name, role).client_context()
    return await nats.connect(
        site.server.url, tls=context, allow_reconnect=False, connect_timeout=10, inbox_prefix=inbox_of(name)
    )


async def test_a_service_reads_no_inbox_but_its_own(site: Site):
    nosy = await connect(site, "security", Role.SERVICE)
    heard = []

    async def listen(message: nats.aio.msg.Msg) -> None:
        heard.append(message.subject)

    for subject in (f"{inbox_of('ingest')}.>", "_INBOX.>", "log.>"):
        await nosy.subscribe(subject, cb=listen)
    ingest = await connect(site, "ingest", Role.SERVICE)
    await ingest.jetstream().add_stream(StreamConfig(name="LOG_2", subjects=["log.2.>"]))
    await ingest.jetstream().publish("log.2.beat", b"")
    await nosy.flush()
    await ingest.close()
    await nosy.close()
    assert heard == []


async def test_ingest_may_write_to_the_log_and_a_reader_may_not(site: Site):
    ingest = await connect(site, "ingest", Role.SERVICE)
    log = ingest.jetstream(timeout=BUSY_LIMIT_S)
    await log.add_stream(StreamConfig(name="LOG_1", subjects=["log.1.>"]))
    await log.publish("log.1.beat", b"")

    reader = await connect(site, "security", Role.SERVICE)
    with pytest.raises(nats.errors.Error):
        await reader.jetstream().publish("log.1.beat", b"", timeout=0.3)
    assert (await reader.jetstream(timeout=BUSY_LIMIT_S).stream_info("LOG_1")).state.messages == 1
    await ingest.close()
    await reader.close()


async def test_a_site_has_room_for_the_logs_of_a_three_week_race(site: Site):
    ingest = await connect(site, "ingest", Role.SERVICE)
    log = ingest.jetstream(timeout=BUSY_LIMIT_S)
    bound = IngestSettings.model_fields["log_max_bytes"].default
    for epoch in range(1, 31):
        await log.add_stream(StreamConfig(name=f"LOG_{epoch}", subjects=[f"log.{epoch}.>"], max_bytes=bound))
    await ingest.close()


def test_settings_point_a_service_at_this_site(site: Site):
    settings = site.settings(CommonSettings, site="london")
    assert (settings.site, settings.nats_url) == ("london", site.server.url)
    assert settings.identity_dir == site.identity_dir
