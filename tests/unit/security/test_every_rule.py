"""Every shipped rule: raised at its threshold, silent just below it, and kept apart by subject."""

import pytest
from ardoise.security.domain.alert import Alert
from ardoise.security.domain.engine import Engine
from ardoise.security.domain.observation import Observation
from ardoise.security.domain.rules import Rule, SubjectKind, load_rules

from tests.unit.security.observing import seen

RULES = load_rules()
EVERY_RULE = pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])


def occurrences(rule: Rule, number: int, *, within_s: float, subject: int = 0) -> list[Observation]:
    """So many about one subject, spread evenly over within_s; different trackers where the rule counts those."""
    step = within_s / max(1, number - 1)
    first_tracker = 1000 * (subject + 1)
    return [
        seen(
            rule.counts,
            position * step,
            source=f"moto-{subject}",
            tracker=first_tracker + (position if rule.distinct else 0),
        )
        for position in range(number)
    ]


def raised(rule: Rule, observations: list[Observation]) -> list[Alert]:
    return Engine([rule]).observe(observations)


@EVERY_RULE
def test_it_is_raised_when_the_threshold_falls_into_the_window(rule: Rule):
    observations = occurrences(rule, rule.threshold, within_s=rule.window_s - 0.001)
    (alert,) = raised(rule, observations)
    assert (alert.rule, alert.severity, alert.count) == (rule.id, rule.severity, rule.threshold)
    assert alert.first_seen_ms == observations[0].time_ms
    assert alert.last_seen_ms == observations[-1].time_ms
    assert len(alert.evidence) == min(10, rule.threshold)
    assert alert.title.startswith(rule.title)
    assert alert.action == rule.action


@EVERY_RULE
def test_it_is_silent_one_below_the_threshold(rule: Rule):
    assert raised(rule, occurrences(rule, rule.threshold - 1, within_s=1)) == []


@EVERY_RULE
def test_it_is_silent_when_the_threshold_takes_longer_than_the_window(rule: Rule):
    if rule.threshold == 1:
        pytest.skip("one occurrence takes no time")
    assert raised(rule, occurrences(rule, rule.threshold, within_s=rule.window_s)) == []


@EVERY_RULE
def test_two_subjects_are_not_added_up(rule: Rule):
    if rule.subject is SubjectKind.PLATFORM or rule.threshold == 1:
        pytest.skip("there is one platform, and one occurrence cannot be shared")
    halves = [occurrences(rule, rule.threshold - 1, within_s=1, subject=subject) for subject in (0, 1)]
    assert raised(rule, halves[0] + halves[1]) == []


@EVERY_RULE
def test_two_subjects_make_two_alerts(rule: Rule):
    both = [occurrences(rule, rule.threshold, within_s=0, subject=subject) for subject in (0, 1)]
    alerts = raised(rule, both[0] + both[1])
    expected = 1 if rule.subject is SubjectKind.PLATFORM else 2
    assert len({alert.alert_id for alert in alerts}) == len({alert.subject for alert in alerts}) == expected


@EVERY_RULE
def test_it_counts_nothing_but_its_own_signal(rule: Rule):
    others = {other.counts for other in RULES} - {rule.counts}
    noise = [seen(signal, tracker=1000 + number) for signal in sorted(others) for number in range(100)]
    assert raised(rule, noise) == []


@EVERY_RULE
def test_it_becomes_worse_where_it_says_so(rule: Rule):
    if rule.escalation is None:
        pytest.skip("does not escalate")
    below = rule.escalation.at_count - rule.threshold - 1
    start = occurrences(rule, rule.threshold, within_s=1)
    engine = Engine([rule])
    engine.observe([*start, start[-1]._replace(count=below)])
    (alert,) = engine.lasting_alerts()
    assert (alert.count, alert.severity) == (rule.escalation.at_count - 1, rule.severity)
    engine.observe([start[-1]])
    assert alert.severity is rule.escalation.severity


@EVERY_RULE
def test_tracker_counting_rules_ignore_one_loud_tracker(rule: Rule):
    if not rule.distinct:
        pytest.skip("counts occurrences")
    assert raised(rule, [seen(rule.counts, number / 100) for number in range(1000)]) == []
