"""What a region's cluster shows a person: a Replication and its Sites as the operator writes them, on a good day."""

import copy
from datetime import UTC, datetime
from typing import Any

from ardoise_operator.plugin.picture import Picture

from tests.support.own_kinds import LOG, condition, example_objects, link

NOW = datetime(2026, 7, 7, 14, 0, 5, tzinfo=UTC)
LOOKED = "2026-07-07T14:00:03Z"
TODAY = NOW.date()
OTHER = {"amsterdam": "london", "london": "amsterdam"}
WELL = [
    condition("Ready", "True", "AsWished", "amsterdam is primary, as wished for"),
    condition("Protected", "True", "RegionReady", "london could take over"),
    condition("PromotionBlocked", "False", "RegionReady"),
    condition("PrimaryUnobserved", "False", "PrimarySeen"),
    condition("WitnessAbsent", "False", "ThirdVoterAnswers"),
    condition("Degraded", "False", "Whole"),
    condition("SpecDiverged", "False", "Aligned"),
    condition("OperationInProgress", "False", "Idle"),
    condition("PicturesEqual", "True", "Equal"),
]


class World:
    """Objects that a test changes before somebody looks."""

    def __init__(self, primary: str = "amsterdam") -> None:
        made = copy.deepcopy(example_objects())
        self.replication: dict[str, Any] = dict(made["race"])
        self.sites = {name: dict(made[name]) for name in ("truck", "amsterdam", "london")}
        self.replication["metadata"].update(namespace="race", generation=3, resourceVersion="41")
        self.replication["spec"]["primary"] = primary
        other = OTHER[primary]
        self.replication["status"] = {
            **{"observedGeneration": 3, "observedAt": LOOKED, "seenFrom": "amsterdam", "primary": primary},
            **{"timeline": 7, "epoch": LOG["epoch"]},
            **{"acceptedRequestId": "as-installed", "acceptedPrimary": primary},
            "canPromote": [
                {"site": primary, "status": "True", "reasons": []},
                {"site": other, "status": "True", "reasons": ["synchronous member: every decision is here"]},
            ],
            "lossNow": {"region": other, "messages": 2, "raceMilliseconds": 1500, "decisions": "False"},
            "conditions": copy.deepcopy(WELL),
        }
        self.sites["truck"]["status"] = {
            **{
                "seenFrom": "amsterdam",
                "role": "Origin",
                "log": LOG,
                "links": [link("amsterdam", "True", 41)],
            },
            "conditions": [condition("Ready", "True", "Answers")],
        }
        for region in OTHER:
            self.sites[region]["status"] = {
                **{"role": "Primary" if region == primary else "SynchronousStandby", "timeline": 7},
                **{"log": {**LOG, "lastSequence": 4178, "watermark": 4177}},
                **{"lag": {"mirrorMessages": 2, "walBytes": 0 if region == primary else 352}},
                **{"links": [link("amsterdam", "True", 1 if region == "amsterdam" else 14)]},
                "conditions": [
                    condition("Ready", "True", "Answers"),
                    condition("Degraded", "False", "Whole"),
                ],
            }

    @property
    def status(self) -> dict[str, Any]:
        """The Replication's."""
        return self.replication["status"]

    @property
    def spec(self) -> dict[str, Any]:
        """The Replication's."""
        return self.replication["spec"]

    def say(self, kind: str, status: str, reason: str, message: str = "") -> None:
        """One of the Replication's conditions."""
        kept = [one for one in self.status["conditions"] if one["type"] != kind]
        self.status["conditions"] = [*kept, condition(kind, status, reason, message)]

    def lose(self, region: str) -> None:
        """It does not answer, and was primary: as the other's operator sees it."""
        other = OTHER[region]
        unknown = dict.fromkeys(("messages", "raceMilliseconds", "decisions"), "Unknown")
        self.status.update(seenFrom=other, primary="Unknown", lossNow=unknown)
        self.status["canPromote"] = [
            {"site": region, "status": "Unknown", "reasons": [f"it does not answer {other}"]},
            {"site": other, "status": "False", "reasons": ["no synchronous member"]},
        ]
        self.say("Ready", "False", "PrimaryUnobserved", "no region that answers is primary")
        self.sites[region]["status"] = {
            "role": "Unknown",
            "links": [{**link(other, "False", "Unknown"), "silentSince": "2026-07-07T13:59:00Z"}],
        }
        self.sites[other]["status"]["role"] = "Standby"

    def lose_majority(self) -> None:
        """Of etcd: nobody acts, and nothing that is remembered there can be read."""
        said = "etcd has no majority that is reached, nothing is done, only break-glass goes on"
        self.lose("amsterdam")
        for kind in ("Ready", "SpecDiverged"):
            self.say(kind, "Unknown", "NoMajority", said)
        for field in ("acceptedRequestId", "acceptedPrimary"):
            del self.status[field]

    def wish(self, request_id: str, region: str, seen: bool = True) -> None:
        """Somebody writes it into the spec; `seen`: by the operator too, which accepts it."""
        self.spec.update(primary=region, requestId=request_id)
        self.replication["metadata"]["generation"] += 1
        if seen:
            self.status["observedGeneration"] = self.replication["metadata"]["generation"]
            self.status.update(acceptedRequestId=request_id, acceptedPrimary=region)

    def look(self, now: datetime = NOW) -> Picture:
        """As it is now."""
        return Picture(copy.deepcopy(self.replication), copy.deepcopy(list(self.sites.values())), now)


def ended(request_id: str, outcome: str = "Moved", **said: Any) -> dict[str, Any]:
    """A change of the primary, of a history."""
    return {
        **{"id": request_id, "type": "Switchover", "from": "amsterdam", "to": "london", "outcome": outcome},
        **{"startedAt": "2026-07-07T13:59:50Z", "finishedAt": "2026-07-07T13:59:58Z"},
        **{
            "writesInterruptedMilliseconds": 2450,
            "lostMessages": 0,
            "lostDecisions": 0,
            "replayedMessages": 3,
        },
        **said,
    }


def running(request_id: str, step: str = "Switching", *done: str) -> dict[str, Any]:
    """An operation; `done`: what came of the steps before."""
    steps = [
        {"step": "Switching", "finishedAt": f"2026-07-07T13:59:5{3 + number}Z", "message": message}
        for number, message in enumerate(done)
    ]
    return {
        **{"id": request_id, "type": "Switchover", "from": "amsterdam", "to": "london", "step": step},
        **{"startedAt": "2026-07-07T13:59:50Z", "steps": steps},
    }
