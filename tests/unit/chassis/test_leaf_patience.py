"""Who of two servers over a link gives up first: the region, whose pings wait behind nothing."""

import re
from pathlib import Path

from ardoise.chassis.nats_config import PING_INTERVAL_S, Leaves, server_config

WINDOW_BYTES = 32 * 1024 * 1024
"""What nats-server 2.15 sends a mirror before it waits for an answer."""
SLOWEST_BYTES_A_SECOND = 1_000_000 // 8


def patience_s(leaves: Leaves) -> int:
    """How long a server of this kind waits for an answer to its ping."""
    text = server_config(Path("/x"), "site", "127.0.0.1:1", None, leaves)
    most = re.search(r"^ping_max: (\d+)$", text, re.MULTILINE)
    assert most
    return int(most[1]) * PING_INTERVAL_S


def test_the_truck_waits_until_a_whole_window_is_through_a_link_of_a_megabit():
    truck = Leaves(regions=("10.0.0.2:7422", "10.0.0.3:7422"))
    assert patience_s(truck) > WINDOW_BYTES / SLOWEST_BYTES_A_SECOND
    text = server_config(Path("/x"), "truck", "127.0.0.1:1", None, truck)
    assert f'write_deadline: "{patience_s(truck)}s", remotes' in text


def test_a_region_finds_a_dead_link_within_seconds():
    assert patience_s(Leaves(listen="10.0.0.2:7422")) <= 10
    assert patience_s(Leaves()) <= 10
