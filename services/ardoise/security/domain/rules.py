"""What is worth an alert, as data: rules.yaml, read strictly."""

import hashlib
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from ardoise.security.domain.alert import Severity
from ardoise.security.domain.observation import SIGNALS, Observation

MOST_RULES = 64
# Bounds what one subject costs in memory: a window keeps at most so many occurrences.
MOST_THRESHOLD = 100
MOST_WINDOW_S = 3600


class RulesInvalid(ValueError):
    """The file of rules is wrong; the message lists every fault."""


class SubjectKind(StrEnum):
    """Whom a rule's alerts are about: alerts are kept apart by it."""

    RELAY = "relay"
    SOURCE = "source"
    TRACKER = "tracker"
    PLATFORM = "platform"


def _severity(value: object) -> object:
    return (
        Severity[value.upper()] if isinstance(value, str) and value.upper() in Severity.__members__ else value
    )


def _signal(value: str) -> str:
    if value not in SIGNALS:
        raise ValueError(f"nothing reports {value!r}; known are {', '.join(sorted(SIGNALS))}")
    return value


SeverityName = Annotated[Severity, BeforeValidator(_severity)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Escalation(_Strict):
    """The alert becomes this bad once it was seen so often while it lasted."""

    at_count: int = Field(ge=2)
    severity: SeverityName


class Rule(_Strict):
    """Raises an alert when `threshold` occurrences of `counts` about one subject fall into `window_s`.

    With `distinct`, not occurrences are counted but different trackers.
    A rule counts one signal: it reads one stream with one clock, and how the streams interleave changes nothing.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9-]{2,40}$")
    counts: str
    subject: SubjectKind
    distinct: Literal["tracker"] | None = None
    threshold: int = Field(ge=1, le=MOST_THRESHOLD)
    window_s: int = Field(ge=1, le=MOST_WINDOW_S)
    severity: SeverityName
    escalation: Escalation | None = None
    title: str = Field(min_length=8, max_length=80)
    action: str = Field(min_length=20, max_length=600)

    _known_signal = field_validator("counts")(_signal)

    @model_validator(mode="after")
    def _makes_sense(self) -> "Rule":
        if self.escalation and self.escalation.severity <= self.severity:
            raise ValueError("escalation must be more severe than severity")
        if self.escalation and self.escalation.at_count <= self.threshold:
            raise ValueError("escalation.at_count must be above threshold")
        if self.distinct and self.threshold < 2:
            raise ValueError("distinct needs a threshold of 2 or more")
        if self.distinct and self.subject is SubjectKind.TRACKER:
            raise ValueError(
                "one tracker cannot be several trackers: distinct: tracker needs another subject"
            )
        return self

    def subject_of(self, observation: Observation) -> str:
        """Whom the observation is about, as it stands in the alert: "tracker:9123"."""
        if self.subject is SubjectKind.TRACKER and observation.tracker:
            return f"tracker:{observation.tracker}"
        if self.subject is SubjectKind.RELAY:
            return f"relay:{observation.source}"
        if self.subject is SubjectKind.PLATFORM:
            return "platform:ardoise"
        return f"source:{observation.source}"

    @property
    def fingerprint(self) -> str:
        """Changes when anything in the rule does."""
        return hashlib.blake2b(self.model_dump_json().encode(), digest_size=8).hexdigest()


class _RuleFile(_Strict):
    rules: tuple[Rule, ...]

    @model_validator(mode="after")
    def _can_be_told_apart(self) -> "_RuleFile":
        if not 1 <= len(self.rules) <= MOST_RULES:
            raise ValueError(f"{len(self.rules)} rules: write 1 to {MOST_RULES}")
        ids = [rule.id for rule in self.rules]
        twice = sorted({rule_id for rule_id in ids if ids.count(rule_id) > 1})
        if twice:
            raise ValueError(f"rules with the same id: {', '.join(twice)}")
        return self


def parse_rules(text: str) -> tuple[Rule, ...]:
    """The rules in a YAML text. Raises RulesInvalid with every fault, each with the rule and field it is in."""
    try:
        content = YAML(typ="safe", pure=True).load(text)
        return _RuleFile.model_validate(content).rules
    except YAMLError as error:
        raise RulesInvalid(f"not YAML: {error}") from error
    except ValidationError as error:
        faults = [f"{_where(fault['loc'], content)}: {fault['msg']}" for fault in error.errors()]
        raise RulesInvalid("\n".join(faults)) from error


def _where(location: tuple[int | str, ...], content: object) -> str:
    """Names the rule by its id where it has one: "rule malformed-flood, threshold"."""
    match location:
        case ("rules", int(index), *fields):
            rule = content["rules"][index]
            name = rule.get("id", f"number {index + 1}") if isinstance(rule, dict) else f"number {index + 1}"
            return ", ".join([f"rule {name}", ".".join(map(str, fields))]).removesuffix(", ")
        case _:
            return ".".join(map(str, location)) or "file"


def load_rules(path: Path | None = None) -> tuple[Rule, ...]:
    """The rules that are shipped, or those of a file of one's own. Raises RulesInvalid."""
    shipped = resources.files("ardoise.security") / "rules.yaml"
    return parse_rules((path or shipped).read_text(encoding="utf-8"))
