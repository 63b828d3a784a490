"""`ardoise tracker add` for a phone that comes by a broker."""

import base64
import json

import httpx
from ardoise.chassis.phones import SOURCE
from ardoise.trackers.domain.numbers import tracker_of

from tests.support.broker import Broker, location
from tests.support.gateway import Gateway
from tests.support.tracker_command import Command, tracker

LOGIN = (("password", "password"), ("client_id", "clientId"))
"""What a phone is told from its link, by what the link calls it."""


async def test_a_phone_that_opens_its_link_comes_by_the_broker_and_is_the_riders(
    broker: Broker, race, free_port
):
    port, epoch = race
    async with broker.gateway(free_port, port, broker.source()) as grpc_port:
        opened = Gateway(broker.platform, epoch, port, grpc_port, {})
        adding = ("add", "--bib", "3", "--device", "ben/bike", "--host", broker.phones.listen)
        unsaid = await tracker(opened, *adding)
        assert (unsaid.code, "--password-file" in unsaid.err) == (1, True), unsaid.err
        adding = await Command.start(opened, *adding, f"--password-file={broker.directory / 'ben.password'}")
        said = json.loads(base64.b64decode(httpx.URL(await adding.line("owntracks:")).params["inline"]))
        await adding.line("waiting")
        assert (said["mode"], said["tls"], f"{said['host']}:{said['port']}") == (
            0,
            True,
            broker.phones.listen,
        )
        async with broker.phone(said["username"], **{key: said[name] for key, name in LOGIN}) as phone:
            assert phone.refused == ""
            await phone.publish(f"owntracks/{said['username']}/{said['deviceId']}", location(acc=7))
            done = await adding.done()
        assert (done.code, "got it: 7 m, 87 % battery" in done.out) == (0, True), done.out + done.err
        assert [tracker for tracker, _ in await broker.fixes(epoch, 1)] == [tracker_of(SOURCE, "ben/bike")]
