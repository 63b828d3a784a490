"""The few questions that are asked of etcd, over its JSON gateway, without a client that would have to be imported."""

import base64
import http.client
import json
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ardoise.sites.generation import KEY, WITNESS, Generation, Member, parse_generation

ASK_LIMIT_S = 1.5
NOBODY = "0"


@dataclass(frozen=True)
class Kept:
    """What stands under a key."""

    value: bytes
    revision: int
    """Of etcd's, when it was written last; 0: there is no such key."""


ABSENT = Kept(b"", 0)


class NoAnswer(Exception):
    """Nobody answered in time, or not as an etcd does."""


class NotDone(Exception):
    """It answered that it will not; the message is etcd's."""


class EtcdApi:
    """One member's client port. Every method raises NoAnswer or NotDone."""

    def __init__(self, client: str, tls: ssl.SSLContext) -> None:
        """`client`: host:port."""
        self._client, self._tls = client, tls

    def generation(self) -> Generation:
        """Of the cluster, as this member has it: it answers without a majority too."""
        kept = _kept(self._ask("kv/range", {"key": _encoded(KEY), "serializable": True}).get("kvs"))
        return parse_generation(kept.value) if kept.revision else Generation()

    def put_generation(self, generation: Generation) -> None:
        """Writes it down."""
        self.write({}, {KEY: generation.to_json()})

    def witness(self) -> str:
        """The member that is to be the third voter, as a majority has it; empty: nobody ever said."""
        return self.read(WITNESS)[0].value.decode()

    def put_witness(self, member: str) -> None:
        """Calls it to be the third voter."""
        self.write({}, {WITNESS: member})

    def read(self, *keys: str) -> list[Kept]:
        """What a majority has under these keys, all at one moment."""
        asked = [{"requestRange": {"key": _encoded(key)}} for key in keys]
        answers = self._ask("kv/txn", {"success": asked})["responses"]
        return [_kept(answer["response_range"].get("kvs")) for answer in answers]

    def write(self, unchanged: Mapping[str, int], values: Mapping[str, str], lease: str = NOBODY) -> bool:
        """Writes all `values`, by key, or none where a key of `unchanged` is at another revision; whether it did.

        `lease`: with whose end the keys go.
        """
        compare = [
            {"key": _encoded(key), "target": "MOD", "result": "EQUAL", "modRevision": str(revision)}
            for key, revision in unchanged.items()
        ]
        puts = [
            {"requestPut": {"key": _encoded(key), "value": _encoded(value), "lease": lease}}
            for key, value in values.items()
        ]
        return bool(self._ask("kv/txn", {"compare": compare, "success": puts}).get("succeeded"))

    def lease(self, ttl_s: int) -> str:
        """A new one, by its id: it ends unless it is kept alive."""
        return self._ask("lease/grant", {"TTL": ttl_s})["ID"]

    def keep_alive(self, lease: str) -> bool:
        """From now for its whole time again; False: it has ended."""
        return int(self._ask("lease/keepalive", {"ID": lease}).get("result", {}).get("TTL", 0)) > 0

    def end_lease(self, lease: str) -> None:
        """Before its time."""
        self._ask("lease/revoke", {"ID": lease})

    def has_leader(self) -> bool:
        """Whether this member knows of a majority."""
        return self._status().get("leader", NOBODY) != NOBODY

    def leads(self) -> bool:
        """Whether this member is the leader, by its own word."""
        status = self._status()
        return status.get("leader") == status["header"]["member_id"]

    def hand_over(self, member: str) -> None:
        """Has this member, which leads, give the leadership to another, named by its id."""
        self._ask("maintenance/transfer-leadership", {"targetID": member})

    def id(self) -> str:
        """This member's, as all of them know it."""
        return self._status()["header"]["member_id"]

    def is_learner(self) -> bool:
        """Whether this member has no vote."""
        return bool(self._status().get("isLearner"))

    def members(self) -> list[Member]:
        """All of the cluster, as a majority has it."""
        return _members(self._ask("cluster/member/list", {"linearizable": True}))

    def add_learner(self, peer_url: str) -> None:
        """Gives a seat to a new member, without a vote."""
        self._ask("cluster/member/add", {"peerURLs": [peer_url], "isLearner": True})

    def remove(self, member: str) -> None:
        """Takes a seat away."""
        self._ask("cluster/member/remove", {"ID": member})

    def promote(self, member: str) -> None:
        """Gives a learner its vote, once it has everything."""
        self._ask("cluster/member/promote", {"ID": member})

    def _status(self) -> Mapping[str, Any]:
        return self._ask("maintenance/status", {})

    def _ask(self, what: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        host, _, port = self._client.rpartition(":")
        connection = http.client.HTTPSConnection(host, int(port), timeout=ASK_LIMIT_S, context=self._tls)
        try:
            connection.request("POST", f"/v3/{what}", json.dumps(body))
            answer = connection.getresponse()
            content = json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NoAnswer(f"{self._client}: {error!r}") from error
        finally:
            connection.close()
        if answer.status != http.HTTPStatus.OK:
            raise NotDone(str(content.get("error") or content))
        return content


def _members(answer: Mapping[str, Any]) -> list[Member]:
    return [
        Member(
            id=one["ID"],
            peer_url=one["peerURLs"][0],
            ran=bool(one.get("clientURLs")),
            learner=bool(one.get("isLearner")),
        )
        for one in answer["members"]
    ]


def _kept(found: Sequence[Mapping[str, Any]] | None) -> Kept:
    if not found:
        return ABSENT
    return Kept(base64.b64decode(found[0].get("value", "")), int(found[0]["mod_revision"]))


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
