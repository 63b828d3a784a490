"""The number by which the race knows a device: in the log, in race control's assignments, on every site."""

import hashlib

MOST_DIGITS = 15
"""An IMEI's: such names are numbers already."""
DERIVED_FROM = 2**52
"""Numbers made from names are at least this and below twice it: where no IMEI is, and exact in a page too."""


def is_derived(text: str) -> bool:
    """Whether it is a number made from a name, as lists show it: no device may be called so."""
    if not (text.isascii() and text.isdigit() and len(text) == len(str(DERIVED_FROM))):
        return False
    return DERIVED_FROM <= int(text) < 2 * DERIVED_FROM


def tracker_of(device: str) -> int:
    """The same for the same name everywhere, so that no table of devices has to be carried from site to site."""
    if device.isascii() and device.isdigit() and len(device) <= MOST_DIGITS and device[0] != "0":
        return int(device)
    digest = hashlib.sha256(device.encode()).digest()
    return DERIVED_FROM + int.from_bytes(digest[:8]) % DERIVED_FROM
