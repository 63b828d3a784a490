"""docs/operator.md tells of every reason that a status may have, and of every event."""

import re
from pathlib import Path

from ardoise_operator.events import GOOD
from ardoise_operator.replications import WHY

MODULES = ("sites", "looking", "reaching", "secrets")

OPERATIONS, DECIDING = "services/ardoise/sites/operations", ("acting", "standing", "drill_decide")


def reasons(repository: Path) -> set[str]:
    """Words that the modules give as reasons, as they stand there."""
    text = "".join((repository / f"operator/ardoise_operator/{name}.py").read_text() for name in MODULES)
    said = set(re.findall(r'(?:Silence\(\s*|"SpecDiverged", "True", )"([A-Z][A-Za-z]+)"', text))
    ours = (f"operator/ardoise_operator/{name}.py" for name in ("acting", "drilling"))
    verdicts = (*ours, *(f"{OPERATIONS}/{name}.py" for name in DECIDING))
    told = "".join((repository / path).read_text() for path in verdicts)
    said |= set(re.findall(r'Verdict\(\s*Truth\.TRUTH_[A-Z]+,\s*"([A-Z][A-Za-z]+)"', told))
    return said | {word for words in WHY.values() for word in words.values()}


def events(repository: Path) -> set[str]:
    text = (repository / "operator/ardoise_operator/events.py").read_text()
    return set(re.findall(r'"((?:Site|Primary|Operation|Wish|Drill)[A-Z][a-z]+)"', text)) - set(GOOD)


def test_every_reason_condition_and_event_stands_in_the_page(repository: Path):
    page = (repository / "docs" / "operator.md").read_text()
    found = {*reasons(repository), *events(repository)}
    assert len(found) > 25
    assert {word for word in found if f"`{word}`" not in page} == set()
    assert {word for word in GOOD if f"| {word} |" not in page} == set()
