"""The file of rules: what is shipped is right, and what is wrong in one of your own is said clearly."""

import pytest
from ardoise.security.domain.alert import Severity
from ardoise.security.domain.observation import SIGNALS
from ardoise.security.domain.rules import Rule, RulesInvalid, load_rules, parse_rules

GOOD = """
rules:
  - id: malformed-flood
    counts: refusal:malformed
    subject: source
    threshold: 20
    window_s: 60
    severity: warning
    escalation: {at_count: 1000, severity: critical}
    title: Flood of malformed frames
    action: Look at the evidence, then revoke the certificate.
"""


def test_a_rule_is_read_as_written():
    (rule,) = parse_rules(GOOD)
    assert (rule.id, rule.threshold, rule.severity) == ("malformed-flood", 20, Severity.WARNING)
    assert rule.escalation is not None
    assert rule.escalation.severity is Severity.CRITICAL


def test_the_shipped_rules_watch_everything_that_is_reported():
    assert {rule.counts for rule in load_rules()} == SIGNALS


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            "threshold: 20",
            "threshold: 0",
            "rule malformed-flood, threshold: Input should be greater",
        ),
        ("threshold: 20", "threshold: 100000", "less than or equal to 100"),
        ("threshold: 20", "treshold: 20", "rule malformed-flood, treshold: Extra inputs are not permitted"),
        ("refusal:malformed", "refusal:ugly", "nothing reports 'refusal:ugly'; known are oddity:clock"),
        ("subject: source", "subject: rider", "rule malformed-flood, subject"),
        ("severity: warning\n", "severity: severe\n", "rule malformed-flood, severity"),
        ("severity: critical", "severity: info", "escalation must be more severe than severity"),
        ("at_count: 1000", "at_count: 20", "escalation.at_count must be above threshold"),
        ("threshold: 20", "distinct: tracker\n    threshold: 1", "distinct needs a threshold of 2 or more"),
        (
            "subject: source",
            "subject: tracker\n    distinct: tracker",
            "one tracker cannot be several trackers",
        ),
        ("id: malformed-flood", "id: 7", "rule 7, id"),
        ("  - id", "  - just text\n  - id", "rule number 1"),
        ("rules:", "rule:", "rules: Field required"),
        ("rules:", "rules: [", "not YAML"),
        (GOOD, "rules: []", "0 rules: write 1 to 64"),
        (GOOD, "", "file: Input should be a valid dictionary"),
    ],
)
def test_a_fault_is_named_with_its_rule_and_field(before: str, after: str, said: str):
    with pytest.raises(RulesInvalid) as refused:
        parse_rules(GOOD.replace(before, after))
    assert said in str(refused.value)


def test_two_rules_with_one_id_are_refused():
    with pytest.raises(RulesInvalid, match="rules with the same id: malformed-flood"):
        parse_rules(GOOD + GOOD.removeprefix("\nrules:\n"))


def test_every_fault_is_listed_not_only_the_first():
    with pytest.raises(RulesInvalid) as refused:
        parse_rules(GOOD.replace("threshold: 20", "threshold: 0").replace("window_s: 60", "window_s: -1"))
    assert len(str(refused.value).splitlines()) == 2


def test_a_changed_rule_has_another_fingerprint():
    before, after = parse_rules(GOOD)[0], parse_rules(GOOD.replace("20", "21"))[0]
    assert before.fingerprint != after.fingerprint
    assert before.fingerprint == Rule.model_validate(before.model_dump()).fingerprint
