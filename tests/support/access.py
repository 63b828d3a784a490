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


HAVING_RIGHTS = {"operator": "What the operator may", "drill": "What a drill may"}
NAMED_ALONE = {"secrets.", "podtemplates.", "statefulsets/scale.apps", "deployments/scale.apps"}
"""Of these some by name, never all."""


def rights_in_namespace(name: str) -> set[tuple[str, str]]:
    """(verb, resource.group) that an account has in its namespace."""
    return {
        (verb.strip(), f"{what.strip()}.{cells[2]}")
        for cells in table(HAVING_RIGHTS[name])
        for verb in cells[0].split(",")
        for what in cells[1].split(",")
    }


def rights_of_everyone() -> set[str]:
    """ClusterRoles that a cluster gives every account by itself."""
    return {cells[0].strip("`") for cells in table("What every account may")}
