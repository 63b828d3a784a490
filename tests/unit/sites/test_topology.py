"""The file that says which sites there are."""

from pathlib import Path

import pytest
from ardoise.sites.topology import read_topology

TRUCK = "- {name: truck, kind: edge, nats: a:1, etcd: a:2, positioning: a:3, sites: a:6}"
LONDON = (
    "- {name: london, kind: region, nats: b:1, etcd: b:2, positioning: b:3, sites: b:6,"
    " patroni: b:4, postgres: b:5}"
)


def read(directory: Path, *lines: str):
    path = directory / "sites.yaml"
    path.write_text("\n".join(["sites:", *lines]))
    return read_topology(path)


def test_the_truck_and_its_regions_are_found(tmp_path: Path):
    topology = read(tmp_path, TRUCK, LONDON)
    assert topology.edge.name == "truck"
    assert [region.name for region in topology.regions] == ["london"]
    assert topology.site("london").postgres == "b:5"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((TRUCK,), "at least one region"),
        ((LONDON, LONDON), "same name"),
        ((TRUCK, TRUCK.replace("truck", "van"), LONDON), "one edge"),
        ((TRUCK, LONDON.replace(", postgres: b:5", "")), "regions only"),
        ((TRUCK, LONDON.replace("london", "Big London")), "name"),
        (("- {",), "sites.yaml"),
    ],
)
def test_a_faulty_file_is_refused_with_the_reason(tmp_path: Path, lines: tuple[str, ...], said: str):
    with pytest.raises(ValueError, match=said):
        read(tmp_path, *lines)
