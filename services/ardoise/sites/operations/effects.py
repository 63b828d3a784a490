"""What is done to the platform: `sites` is asked, by gRPC, under the operation's id."""

from collections.abc import Callable

import grpc
import structlog

from ardoise.chassis.rpc import failure_of
from ardoise.pb.sites_pb2 import BreakGlassRequest, SwitchOverRequest
from ardoise.pb.sites_pb2_grpc import SitesServiceStub
from ardoise.sites.operations.record import Operation
from ardoise.sites.operations.situation import Answer, Refusal

SWITCH_OVER_LIMIT_S = 120.0
"""It answers within 100 s."""
FORCE_LIMIT_S = 10.0
"""It answers once the order is on disk."""
HOLD_S = 10.0
"""After a refusal that names no time."""
REFUSALS = {
    "SWITCHOVER_REFUSED": Refusal.NOT_BEGUN,
    "BREAK_GLASS_REFUSED": Refusal.NOT_BEGUN,
    "SWITCHOVER_CAME_TO_NOTHING": Refusal.CAME_TO_NOTHING,
}

_log = structlog.get_logger(__name__)


class Unreached(Exception):
    """`sites` of a site cannot be asked: nobody knows where it is, or with what certificate."""


class SitesEffects:
    """Asks `sites` of the sites."""

    def __init__(self, here: str, sites: Callable[[str], SitesServiceStub]) -> None:
        """`sites`: of a site, by its name, as race operations; raises Unreached."""
        self._here, self._sites = here, sites

    async def switch_over(self, operation: Operation) -> Answer | None:
        """The own region's is asked: it tells Patroni of both."""
        request = SwitchOverRequest(request_id=operation.id, target=operation.target)
        try:
            done = await self._sites(self._here).SwitchOver(request, timeout=SWITCH_OVER_LIMIT_S)
        except (grpc.aio.AioRpcError, Unreached) as error:
            return _refusal(operation, error)
        return Answer(operation.id, f"{done.message} ({done.took_ms} ms)")

    async def force(self, operation: Operation) -> Answer | None:
        """The target's is asked, which makes its own region primary."""
        request = BreakGlassRequest(
            request_id=operation.id, region=operation.target, accepted_loss=operation.accepted_loss
        )
        try:
            await self._sites(operation.target).BreakGlass(request, timeout=FORCE_LIMIT_S)
        except (grpc.aio.AioRpcError, Unreached) as error:
            return _refusal(operation, error)
        return Answer(operation.id, f"{operation.target} goes on by itself")


def _refusal(operation: Operation, error: grpc.aio.AioRpcError | Unreached) -> Answer | None:
    if isinstance(error, Unreached):
        _log.warning("not_asked", operation=operation.id, reason=str(error))
        return None
    failure = failure_of(error)
    refusal = REFUSALS.get(failure.reason_name)
    if refusal is None:
        return None
    hold_s = HOLD_S if failure.retry_after_ms is None else failure.retry_after_ms / 1000
    return Answer(operation.id, failure.message, refusal, hold_s)
