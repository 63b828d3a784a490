"""Whether all sites show the same race: snapshots of the same name, compared. Pure."""

from collections import OrderedDict
from collections.abc import Iterable

from ardoise.pb.sites_pb2 import DigestReport, DigestStatus

TICKS_KEPT = 2_400
"""Ten minutes of four ticks a second; a name that is older is forgotten."""
MOST_DIFFERING = 20
ON_THEIR_WAY_S = 5
"""Of the race: what is newer may still be on its way from a site."""

type Name = tuple[str, int, int]


class Digests:
    """What each site reported of each name. A name is compared once every site that answers has reported it."""

    def __init__(self) -> None:
        self._second: dict[Name, int] = {}
        self._ticks: OrderedDict[Name, dict[str, bytes]] = OrderedDict()
        self._settled: dict[Name, bool] = {}
        """Names that were compared, and whether all were equal."""

    def add(self, site: str, reported: Iterable[DigestReport]) -> None:
        """Takes a site's newest snapshots; those known already change nothing."""
        for report in reported:
            name = (report.name.engine_version, report.name.epoch, report.name.sequence)
            self._ticks.setdefault(name, {}).setdefault(site, report.digest)
            self._second[name] = report.race_time_ms // 1000
        while len(self._ticks) > TICKS_KEPT:
            oldest, _ = self._ticks.popitem(last=False)
            self._settled.pop(oldest, None)
            del self._second[oldest]

    def compare(self, sites: Iterable[str]) -> list[Name]:
        """Compares what these sites have all reported by now; returns the names that turned out to differ."""
        wanted, found = set(sites), []
        for name, by_site in self._ticks.items():
            if name in self._settled or len(by_site) < 2 or not wanted <= by_site.keys():
                continue
            self._settled[name] = len(set(by_site.values())) == 1
            if not self._settled[name]:
                found.append(name)
        return found

    def status(self) -> DigestStatus:
        """Seconds of the race of which at least one tick was compared, of those old enough, and which names differ."""
        differing = [name for name, equal in self._settled.items() if not equal][-MOST_DIFFERING:]
        until_s = max(self._second.values(), default=0) - ON_THEIR_WAY_S
        seconds = {second for second in self._second.values() if second <= until_s}
        compared = seconds & {self._second[name] for name in self._settled}
        status = DigestStatus(seconds=len(seconds), seconds_compared=len(compared))
        for engine_version, epoch, sequence in differing:
            status.differing.add(engine_version=engine_version, epoch=epoch, sequence=sequence)
        return status
