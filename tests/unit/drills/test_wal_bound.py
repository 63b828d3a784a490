"""Bounds of WAL are put back as they were, whatever came of making them small."""

import json
from typing import Any

import httpx
import pytest
from ardoise.rehearsal.drills.failure import DrillFailed
from ardoise.rehearsal.drills.wal_bound import WalBound

BEFORE = {"max_slot_wal_keep_size": "4096MB", "wal_keep_size": "1024MB", "max_connections": 100}


class Silent:
    """A platform whose Patroni takes the first change, and does not get to say so."""

    def __init__(self) -> None:
        self.parameters: dict[str, Any] = dict(BEFORE)
        self.changes = 0

    def data_plane(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self.answer))

    def at(self, *_: str) -> str:
        return "patroni:8008"

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH":
            changed = {**self.parameters, **json.loads(request.content)["postgresql"]["parameters"]}
            self.parameters = {name: value for name, value in changed.items() if value is not None}
            self.changes += 1
            if self.changes == 1:
                raise httpx.ReadTimeout("no answer")
        return httpx.Response(200, json={"postgresql": {"parameters": self.parameters}})


async def test_a_change_without_an_answer_is_taken_back():
    patroni = Silent()
    bound = WalBound(patroni)
    with pytest.raises(DrillFailed, match="does not bound its WAL"):
        await bound.set("amsterdam", 64)
    assert patroni.parameters["wal_keep_size"] == "64MB"
    await bound.restore("amsterdam")
    assert patroni.parameters == BEFORE
    await bound.restore("amsterdam")
    assert patroni.changes == 2, "once"
