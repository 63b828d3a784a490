"""What a port refused becomes an alert that security shows, named by the port and with who sent it."""

import asyncio
from pathlib import Path

import httpx
from ardoise.pb.security_pb2 import SEVERITY_INFO

from tests.support.gateway import gateway
from tests.support.security import SecurityPlatform

NAMELESS = 25
"""More than the rule's threshold."""


async def test_phones_without_a_name_are_an_alert_about_their_port(tmp_path: Path, free_port):
    platform = SecurityPlatform(tmp_path, free_port())
    await platform.server.start()
    try:
        async with gateway(platform, free_port, "osmand=http://127.0.0.1:0") as phones, platform.security():
            async with httpx.AsyncClient() as http:
                url = f"http://{phones.addresses['osmand http']}/?lat=45.0&lon=5.01"
                answers = await asyncio.gather(*(http.get(url) for _ in range(NAMELESS)))
            assert {answer.status_code for answer in answers} == {400}
            alert = await platform.alert(lambda alert: alert.rule == "tracker-no-device")
    finally:
        await platform.server.stop()
    assert (alert.subject, alert.severity) == ("source:tracker-osmand", SEVERITY_INFO)
    assert "the message names no device" in alert.evidence[0].detail
    assert "127.0.0.1" in alert.evidence[0].detail
