"""Composition root of the operator."""

import asyncio
import logging
import os

import kopf
from ardoise.chassis.lifecycle import Service
from ardoise.sites.operations.drills import DrillClaims
from ardoise.sites.topology import SiteKind, read_site

from ardoise_operator import watching
from ardoise_operator.api import GONE, Api, ApiTrouble
from ardoise_operator.carrying import Carrying
from ardoise_operator.drilling import Drilling
from ardoise_operator.looking import Asked, Looking
from ardoise_operator.reaching import Reaching
from ardoise_operator.secrets import Secrets
from ardoise_operator.settings import OperatorSettings
from ardoise_operator.watching import Objects
from ardoise_operator.writer import Writer

NAME = "operator"
KOPF_END_LIMIT_S = 7.0


async def run(settings: OperatorSettings) -> None:
    """Runs the operator until it is told to stop. Raises ValueError where it cannot be of use."""
    # kopf asks for the user's name, and a pod's user may have none.
    os.environ.setdefault("USER", NAME)
    async with Service(NAME, settings, certified=False) as service:
        topology, here = read_site(settings.sites_file, settings.site)
        if here.kind is not SiteKind.REGION:
            raise ValueError(f"{here.name} is no region: the operator runs in regions' clusters")
        api = Api(settings.namespace)
        service.on_drain("api", api.close)
        await _check_kinds(api)
        secrets = Secrets(api)
        service.on_drain("secrets", secrets.close)
        objects = Objects()
        reaching = Reaching(here.name, settings, objects, secrets)
        service.on_drain("sites", reaching.close)
        asked = Asked(here.name, objects, secrets, reaching)
        writer = Writer(api, objects, f"{NAME}-{here.name}")
        carrying = Carrying(here.name, reaching)
        service.on_drain("acting", carrying.stop)
        drilling = Drilling(here.name, settings.drill_template, api, DrillClaims(reaching.etcd))
        looking = Looking(here.name, topology, objects, asked, writer, carrying, drilling)
        service.spawn("secrets", secrets.run())
        service.spawn("writer", writer.run())
        service.spawn("looks", looking.run())
        await _start_kopf(service, settings, api.namespace, objects, looking)
        await service.run()


async def _check_kinds(api: Api) -> None:
    try:
        await api.check_kinds()
    except ApiTrouble as trouble:
        # A server that is away may be back with them.
        if trouble.cause == GONE:
            raise ValueError(
                "the cluster does not know Site, Replication and Drill: definitions.sites of the chart's values says "
                "which release brings them"
            ) from trouble


async def _start_kopf(
    service: Service, settings: OperatorSettings, namespace: str, objects: Objects, looking: Looking
) -> None:
    """As a task of ours among others: it stops when we do, and stops nothing that is not its own."""
    # One line for each probe would drown the rest.
    logging.getLogger("kopf.activities.probe").setLevel(logging.WARNING)
    service.spawn("watchers", watching.heed_watchers())
    ours = asyncio.all_tasks()
    tasks = await kopf.spawn_tasks(
        registry=watching.registry(objects, looking.too_old),
        settings=watching.settings(),
        standalone=True,
        namespaces=[namespace],
        liveness_endpoint=f"http://{settings.liveness_listen}/healthz",
        stop_flag=service.stopping,
    )
    service.heed_signals()
    running = service.spawn("kopf", kopf.run_tasks(tasks, ignored=ours))

    async def ended() -> None:
        if (this := asyncio.current_task()) is not None:
            ours.add(this)
        await asyncio.wait({running}, timeout=KOPF_END_LIMIT_S)

    service.on_drain("kopf", ended)
