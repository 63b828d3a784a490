"""Composition root of analytics."""

import contextlib
from collections.abc import Callable

from ardoise.analytics.consumer import watch_race
from ardoise.analytics.deriver import Deriver
from ardoise.analytics.predictor import Predictor
from ardoise.analytics.rpc import AnalyticsService
from ardoise.analytics.settings import AnalyticsSettings
from ardoise.chassis.lifecycle import Service
from ardoise.chassis.rpc import channel
from ardoise.pb import analytics_pb2


async def run(settings: AnalyticsSettings) -> None:
    """Runs analytics until it is told to stop."""
    async with Service("analytics", settings) as service, contextlib.AsyncExitStack() as held:
        predictor, deriver = Predictor(), Deriver()
        publish = _recorder(service, settings)
        positioning = await held.enter_async_context(
            channel(settings.positioning_target, settings, identity="analytics")
        )
        service.spawn("watch", watch_race(positioning, predictor, deriver, publish).run())
        await service.serve_rpc(AnalyticsService(predictor, deriver, service.stopping).servicer())
        await service.run()


def _recorder(service: Service, settings: AnalyticsSettings) -> Callable[[analytics_pb2.PredictionSet], None]:
    """Where predictions go besides the callers: the database, or nowhere."""
    if not settings.database_url:
        service.log.info("predictions_not_stored")
        return lambda _: None
    # Imported here: without a database this runs where its driver is not installed.
    from ardoise.analytics.store import PredictionStore
    from ardoise.chassis.store import Store, StoreUnavailable

    database = Store(settings.database_url, "analytics")
    store = PredictionStore(database)

    async def write_the_rest() -> None:
        try:
            await store.flush()
        except StoreUnavailable as error:
            service.log.warning("predictions_lost", waiting=store.waiting, error=str(error))
        finally:
            await database.close()

    service.on_drain("predictions", write_the_rest)
    service.spawn("store", store.flush_forever())
    return store.offer
