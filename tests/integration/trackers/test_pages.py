"""What docs/trackers says to try is tried: the page's own bytes, before the gateway and a real ingest."""

import asyncio
import re
from pathlib import Path

import pytest
from ardoise.trackers.domain.numbers import tracker_of

from tests.integration.trackers.test_hardware import LIMIT_S, STAGE, logged
from tests.support.gateway import gateway
from tests.support.platform import Platform

NOON_MS = 1_783_166_400_000
"""4 July 2026, 12:00 UTC: of which the pages' positions are."""


def blocks(page: Path, kind: str) -> list[str]:
    """Its blocks of code of one kind."""
    return re.findall(rf"^```{kind}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(
    ("name", "transport", "port", "device", "seconds", "speed_mmps"),
    [
        ("nmea", "udp", 10110, "moto-2", [0, 1], 10_289),
        ("gt06", "tcp", 5023, "123456789012345", [0], 10_000),
        ("h02", "tcp", 5013, "4106000826", [0, 1], 10_289),
    ],
)
async def test_a_pages_bytes_do_what_it_says(
    platform: Platform,
    free_port,
    repository: Path,
    name: str,
    transport: str,
    port: int,
    device: str,
    seconds: list[int],
    speed_mmps: int,
):
    page = repository / "docs" / "trackers" / f"{name}.md"
    (script,) = blocks(page, "bash")
    assert f"{name}={transport}://0.0.0.0:{port}`" in page.read_text()
    async with gateway(platform, free_port, f"{name}={transport}://127.0.0.1:0", setup=STAGE) as opened:
        opened_port = opened.addresses[f"{name} {transport}"].rpartition(":")[2]
        assert f"/{port}\n" in script
        bash = await asyncio.create_subprocess_exec(
            "bash", "-ec", script.replace(f"/{port}\n", f"/{opened_port}\n"), stdout=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(LIMIT_S):
            said, _ = await bash.communicate()
        assert (bash.returncode, said.decode()) == (0, "".join(blocks(page, "text")))
        fixes = await logged(opened, len(seconds))
    assert [(fix.tracker, fix.time_ms, fix.speed_mmps) for fix in fixes] == [
        (tracker_of(name, device), NOON_MS + 1000 * second, speed_mmps) for second in seconds
    ]
    assert all(abs(fix.longitude_e7 - 50_100_000) < 1_300 for fix in fixes)
