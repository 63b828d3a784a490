"""A race operator at a site: asks every service there that could take a decision, and keeps what came of it."""

import itertools

import grpc

from ardoise.chassis.rpc import failure_of
from ardoise.pb import control_pb2
from ardoise.pb.control_pb2_grpc import RaceControlServiceStub
from ardoise.rehearsal.drills.history import History, RaceDecision
from ardoise.rehearsal.drills.platform import Reached
from ardoise.rehearsal.drills.stage import decide

ASKED = ("ingest", "sites", "positioning", "security", "analytics", "mediawall")
"""Ingest takes decisions, at the truck; whatever else speaks gRPC must not."""
_numbers = itertools.count(1)


async def try_to_decide(reached: Reached, site: str, action: str, history: History) -> RaceDecision:
    """Asks one service after the other until one takes it; none does: it is refused, with what each said."""
    reason = f"drill: {action} at {site}, {next(_numbers)}"
    decision = control_pb2.Decision(reason=reason)
    getattr(decision, action).SetInParent()
    told = []
    for service in ASKED:
        if service not in reached.state["sites"][site]["ports"]:
            continue
        async with reached.channel(site, service) as opened:
            try:
                answer = await decide(RaceControlServiceStub(opened), history.epoch, decision)
            except grpc.aio.AioRpcError as error:
                told.append(f"{service}: {error.code().name.lower()}, {failure_of(error).message}")
            else:
                return RaceDecision(history.now_s(), site, action, reason, answer.position.sequence)
    return RaceDecision(history.now_s(), site, action, reason, detail="; ".join(told))
