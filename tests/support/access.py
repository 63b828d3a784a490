"""The tables of charts/ardoise/ACCESS.md."""

import re
from collections.abc import Iterator

from tests.support.chart import CHART


def table(heading: str) -> Iterator[list[str]]:
    """Cells of the rows under a heading, without the table's head."""
    section = (CHART / "ACCESS.md").read_text().partition(f"# {heading}\n")[2].partition("\n#")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    for line in lines[1:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


def rights() -> dict[str, str]:
    """By ServiceAccount, what it may ask the API server beyond what every account of the cluster may."""
    return {
        name: cells[1] for cells in table("The API server") for name in re.findall(r"`([a-z-]+)`", cells[0])
    }


def rights_of_the_operator() -> set[tuple[str, str]]:
    """(verb, resource.group) that it has in its namespace; of secrets those alone that its role names."""
    return {
        (verb.strip(), f"{what.strip()}.{cells[2]}")
        for cells in table("What the operator may")
        for verb in cells[0].split(",")
        for what in cells[1].split(",")
    }


def rights_of_everyone() -> set[str]:
    """ClusterRoles that a cluster gives every account by itself."""
    return {cells[0].strip("`") for cells in table("What every account may")}
