"""SitesService: what this site knows of itself, and what follows from what all of them know."""

import asyncio
import re

import grpc
import structlog

from ardoise.chassis.rpc import OPERATORS, Failure, Reason, Role, Servicer, caller
from ardoise.pb import sites_pb2, sites_pb2_grpc
from ardoise.sites import witness
from ardoise.sites.break_glass import BreakGlass, Refused
from ardoise.sites.etcd_api import EtcdApi, NoAnswer, NotDone
from ardoise.sites.observer import Observer
from ardoise.sites.planned import Planned
from ardoise.sites.reporting import Reporter

SOON_MS = 1_000
MOST_REQUEST_ID_CHARACTERS = 64
# It becomes a file's name.
OPERATION_ID = re.compile(rf"[A-Za-z0-9-]{{1,{MOST_REQUEST_ID_CHARACTERS}}}")
RACE_OPERATIONS = frozenset({Role.RACE_OPERATIONS})

_log = structlog.get_logger(__name__)


class SitesService(sites_pb2_grpc.SitesServiceServicer):
    """Answers from what was looked at last: a call costs nobody else anything."""

    def __init__(
        self,
        reporter: Reporter,
        observer: Observer,
        planned: Planned,
        break_glass: BreakGlass | None,
        etcd: EtcdApi,
    ) -> None:
        """`etcd`: this site's member."""
        self._reporter, self._observer = reporter, observer
        self._planned, self._break_glass, self._etcd = planned, break_glass, etcd

    def servicer(self) -> Servicer:
        """For services and operators."""
        return Servicer(
            self,
            sites_pb2_grpc.add_SitesServiceServicer_to_server,
            "ardoise.v1.SitesService",
            {"*": OPERATORS, **dict.fromkeys(("SwitchOver", "BreakGlass", "MoveWitness"), RACE_OPERATIONS)},
        )

    async def GetSite(
        self, request: sites_pb2.GetSiteRequest, context: grpc.aio.ServicerContext
    ) -> sites_pb2.GetSiteResponse:
        """This site."""
        del request, context
        report = self._reporter.newest.value
        if report is None:
            raise Failure(
                Reason.ERROR_REASON_DRAINING, "this site has not looked at itself yet", retry_after_ms=SOON_MS
            )
        return sites_pb2.GetSiteResponse(report=report)

    async def GetSitesStatus(
        self, request: sites_pb2.GetSitesStatusRequest, context: grpc.aio.ServicerContext
    ) -> sites_pb2.GetSitesStatusResponse:
        """All sites."""
        del request, context
        return sites_pb2.GetSitesStatusResponse(status=self._observer.status())

    async def SwitchOver(
        self, request: sites_pb2.SwitchOverRequest, context: grpc.aio.ServicerContext
    ) -> sites_pb2.SwitchOverResponse:
        """A planned change of the primary, one at a time; it goes on where the caller does not wait for it."""
        del context
        _check_id(request.request_id)
        carried_out = self._planned.carry_out(request.request_id, request.target)
        return await asyncio.shield(asyncio.ensure_future(carried_out))

    async def BreakGlass(
        self, request: sites_pb2.BreakGlassRequest, context: grpc.aio.ServicerContext
    ) -> sites_pb2.BreakGlassResponse:
        """A failover that a person forces: accepted here, carried out by the process beside."""
        _check_id(request.request_id)
        if self._break_glass is None:
            raise Failure(
                Reason.ERROR_REASON_BREAK_GLASS_REFUSED,
                "this site has no database that could be forced, or was not told where its members are "
                "(ARDOISE_ETCD_DIR, ARDOISE_PATRONI_DIR)",
            )
        try:
            forced = self._break_glass.accept(request, caller(context).name)
        except Refused as error:
            raise Failure(Reason.ERROR_REASON_BREAK_GLASS_REFUSED, str(error)) from error
        return sites_pb2.BreakGlassResponse(forced=forced)

    async def MoveWitness(
        self, request: sites_pb2.MoveWitnessRequest, context: grpc.aio.ServicerContext
    ) -> sites_pb2.MoveWitnessResponse:
        """Who is the third voter of etcd; the members' keepers do the rest."""
        del context
        _check_id(request.request_id)
        status = self._observer.status()
        if against := witness.objections(status, request.witness):
            raise Failure(Reason.ERROR_REASON_WITNESS_REFUSED, "; ".join(against))
        member = witness.wanted(status, request.witness)
        try:
            await asyncio.to_thread(self._etcd.put_witness, member)
        except (NoAnswer, NotDone) as error:
            raise Failure(Reason.ERROR_REASON_WITNESS_REFUSED, f"etcd: {error}") from error
        _log.info("witness_called", member=member)
        return sites_pb2.MoveWitnessResponse(member=member)


def _check_id(request_id: str) -> None:
    if not OPERATION_ID.fullmatch(request_id):
        raise Failure(
            Reason.ERROR_REASON_FIELD_INVALID,
            f"request_id: 1 to {MOST_REQUEST_ID_CHARACTERS} letters, digits and hyphens, "
            "the same for a request sent again",
            field="request_id",
        )
