"""The number by which the race knows a device: in the log, in race control's assignments, on every site."""

import hashlib

DERIVED_FROM = 2**52
"""Numbers of devices are at least this and below twice it: above every IMEI and printed number, and exact in a page."""


def tracker_of(source: str, device: str) -> int:
    """Of a device by its name at one source of the gateway; at every other one the same name is another number.

    The same everywhere, so that no table of devices has to be carried from site to site.
    """
    # No name has the separator in it: a source's has letters, digits and dashes, a device's is printable.
    digest = hashlib.sha256(f"{source}\0{device}".encode()).digest()
    return DERIVED_FROM + int.from_bytes(digest[:8]) % DERIVED_FROM
