"""Objects of all cases, rendered once."""

import pytest

from tests.support.chart import Object, objects
from tests.support.chart_cases import CASES, values_of


@pytest.fixture(scope="session")
def site_objects() -> dict[str, list[Object]]:
    """What each case makes."""
    return {case: objects(values_of(case)) for case in CASES}


@pytest.fixture(params=CASES)
def made(request: pytest.FixtureRequest, site_objects: dict[str, list[Object]]) -> list[Object]:
    """The objects of one case after the other."""
    return site_objects[request.param]
