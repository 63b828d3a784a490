"""Three sites, started once for all drills of a run."""

from collections.abc import Iterator

import pytest

from tests.support.sites_up import SitesUp


@pytest.fixture(scope="session")
def sites_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SitesUp]:
    """All that runs at the truck, in Amsterdam and in London."""
    with SitesUp(tmp_path_factory.mktemp("sites")) as running:
        yield running


@pytest.fixture(scope="session")
def doctored_sites_up(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SitesUp]:
    """The same with guards taken out, those of the parameter: what they guard against has to be seen."""
    with SitesUp(tmp_path_factory.mktemp("doctored"), request.param) as running:
        yield running
