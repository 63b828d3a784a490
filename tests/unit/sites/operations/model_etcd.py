"""What the comparisons of memory and claims do, without an etcd: keys with revisions."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from ardoise.sites.etcd_api import ABSENT, Kept
from ardoise.sites.operations.memory import LEASE, RECORD, WISH, Claim, Claims, Memory, Remembered, Superseded
from ardoise.sites.operations.record import Record, Wish

READ, WRITTEN_SINCE = 2, 3
"""Revisions: of what was read, and of what another has written since."""


class ModelEtcd:
    """As EtcdApi: it compares revisions and writes all or nothing."""

    def __init__(self, kept: Mapping[str, Kept]) -> None:
        self.kept = dict(kept)

    def read(self, *keys: str) -> list[Kept]:
        return [self.kept.get(key, ABSENT) for key in keys]

    def write(self, unchanged: Mapping[str, int], values: Mapping[str, str], lease: str = "") -> bool:
        del lease
        if any(self.kept.get(key, ABSENT).revision != revision for key, revision in unchanged.items()):
            return False
        self.kept.update({key: Kept(value.encode(), WRITTEN_SINCE) for key, value in values.items()})
        return True


def run(coroutine: Any) -> Any:
    return asyncio.run(coroutine)


def writes(lease_as_read: bool, record_as_read: bool) -> bool:
    """Whether Memory lets one write who read both."""
    now = {
        LEASE: Kept(b"who", READ if lease_as_read else WRITTEN_SINCE),
        RECORD: Kept(b"", READ if record_as_read else WRITTEN_SINCE),
    }
    revisions = {LEASE: READ, RECORD: READ}
    seen = Remembered(None, Record(), False, "who", revisions)
    return run(Memory(lambda: [ModelEtcd(now)], "who").write(Record(), seen))


def finds(taken: bool) -> bool:
    """Whether Claims finds what is claimed."""
    kept = {"/ardoise/operator/claims/x": Kept(json.dumps(vars(Claim("", "", 1, ""))).encode(), READ)}
    return run(Claims(lambda: [ModelEtcd(kept if taken else {})]).find("x")) is not None


def begins(
    request_id: str, claim: Claim, taken: bool, wish: Wish | None, used: bool
) -> tuple[bool, Wish | None]:
    """Whether Claims lets one begin it, and the accepted wish then. `taken`: it is claimed; `used`: was accepted."""
    kept = {}
    if taken:
        kept[f"/ardoise/operator/claims/{request_id}"] = Kept(b"{}", READ)
    if wish is not None:
        kept[WISH] = Kept(wish.to_json().encode(), READ)
    if used:
        kept[f"/ardoise/operator/wishes/{request_id}"] = Kept(b"{}", READ)
    etcd = ModelEtcd(kept)
    try:
        begun = run(Claims(lambda: [etcd]).begin(request_id, claim))
    except Superseded:
        begun = False
    return begun, Wish.from_json(etcd.kept[WISH].value) if WISH in etcd.kept else None
