"""Takes guards out of the platform, for drills that have to fail then: Python imports this before anything else.

DOCTORED names them, separated by commas. Each replaces one function, in the module that owns it, as that is imported.
"""

import dataclasses
import functools
import importlib.abc
import importlib.util
import os
import sys


def lazy_fsync(module):
    """A frame is acknowledged before it is on the disk."""
    original = module.server_config

    @functools.wraps(original)
    def server_config(*arguments, **named):
        return original(*arguments, **named).replace("sync_interval: always", "sync_interval: '2m'")

    module.server_config = server_config


def trusted_lag(module):
    """A mirror that says it lags by nothing is believed."""
    original = module.decide

    @functools.wraps(original)
    def decide(stream, seen, *arguments, **named):
        if seen.mirror is not None and seen.origin is not None:
            return module.Finding(stream, module.MirrorState.FOLLOWING, "it says so", behind=0)
        return original(stream, seen, *arguments, **named)

    module.decide = decide


def agreeing_hook(module):
    """Patroni's pre_promote hook promotes whatever the guard has found."""
    if "ardoise.sites.before_promotion" not in sys.orig_argv:
        return
    original = module.judge

    @functools.wraps(original)
    def judge(*arguments, **named):
        found = original(*arguments, **named)
        return dataclasses.replace(found, verdict=module.Verdict.LOSS_FREE)

    module.judge = judge


def watermark_apart(module):
    """The watermark is committed before the rows that it speaks of, and not with them."""
    step, write = module._step_watermark, module.RaceStore.write

    async def stepped_already(*_):
        pass

    async def write_apart(self, epoch, after, batch, *, here=False):
        async with self._primary(here).transaction() as connection:
            await step(connection, epoch, after, batch[-1])
        await write(self, epoch, after, batch, here=here)

    module._step_watermark, module.RaceStore.write = stepped_already, write_apart


def altered_constant(module):
    """London parts groups at half a second."""
    if os.environ.get("ARDOISE_SITE") == "london":
        module.SPLIT_MS = 500


GUARDS = {
    "agreeing-hook": ("ardoise.sites.guard", agreeing_hook),
    "lazy-fsync": ("ardoise.chassis.nats_config", lazy_fsync),
    "trusted-lag": ("ardoise.sites.mirrors", trusted_lag),
    "watermark-apart": ("ardoise.positioning.store", watermark_apart),
    "altered-constant": ("ardoise.race.groups", altered_constant),
}


class _Doctor(importlib.abc.MetaPathFinder):
    def __init__(self, cures):
        self._cures = cures

    def find_spec(self, name, path=None, target=None):
        cure = self._cures.pop(name, None)
        if cure is None:
            return None
        spec = importlib.util.find_spec(name)
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            cure(module)

        spec.loader.exec_module = exec_module
        return spec


wanted = [name for name in os.environ.get("DOCTORED", "").split(",") if name]
sys.meta_path.insert(0, _Doctor(dict(GUARDS[name] for name in wanted)))
