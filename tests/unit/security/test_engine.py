"""One alert per rule and subject while it lasts, the same at every site, in bounded memory whoever attacks."""

import json
import random
import tracemalloc

from ardoise.security.domain import engine as limits
from ardoise.security.domain.alert import Origin, Severity
from ardoise.security.domain.engine import Engine
from ardoise.security.domain.observation import SIGNALS, Observation, from_refusal
from ardoise.security.domain.rules import load_rules
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.attack import START_MS, invented_sources, invented_trackers
from tests.unit.security.observing import seen

RULES = load_rules()


def flood(number: int, start_s: float = 0.0, **about) -> list[Observation]:
    return [seen("refusal:malformed", start_s + position / 100, **about) for position in range(number)]


def test_what_comes_again_is_counted_in_the_same_alert():
    engine = Engine(RULES)
    (raised,) = engine.observe(flood(20))
    (grown,) = engine.observe(flood(30, start_s=5))
    assert grown is raised
    assert grown.count == 50
    assert len(grown.evidence) == 10
    assert grown.last_seen_ms > grown.first_seen_ms


def test_one_batch_names_an_alert_once():
    assert len(Engine(RULES).observe(flood(500))) == 1


def test_a_record_that_stands_for_many_counts_as_many():
    (alert,) = Engine(RULES).observe([seen("refusal:malformed", count=300)])
    assert (alert.count, len(alert.evidence)) == (300, 1)


def test_after_a_quiet_period_it_is_another_alert():
    engine, quiet_s = Engine(RULES), limits.QUIET_MS / 1000
    (first,) = engine.observe(flood(20))
    last_s = (first.last_seen_ms - first.first_seen_ms) / 1000
    (still,) = engine.observe(flood(1, start_s=last_s + quiet_s))
    assert still is first
    assert engine.observe(flood(19, start_s=last_s + 2 * quiet_s + 1)) == []
    (second,) = engine.observe(flood(1, start_s=last_s + 2 * quiet_s + 1))
    assert second.alert_id != first.alert_id
    assert first.count == 21


def test_three_sites_that_hear_the_same_raise_the_same():
    records = flood(25) + [seen("oddity:jump", number, tracker=7) for number in range(5)]
    sites = [Engine(RULES).observe(records) for _ in range(3)]
    assert sites[0] == sites[1] == sites[2]
    assert len({alert.alert_id for alert in sites[0]}) == len(sites[0]) == 2


def test_a_recording_that_is_replayed_raises_its_alerts_anew():
    engine = Engine(RULES)
    before = engine.observe(
        [seen("oddity:jump", 200 + n)._replace(origin=Origin(1, n, f"1-{n}")) for n in range(3)]
    )
    again = engine.observe([seen("oddity:jump", n)._replace(origin=Origin(2, n, f"2-{n}")) for n in range(3)])
    assert [alert.count for alert in (*before, *again)] == [3, 3]
    assert before[0].alert_id != again[0].alert_id


def test_one_certificate_in_two_places_is_about_the_relay():
    engine = Engine(RULES)
    (alert,) = engine.observe([seen("refusal:identity-twice", number, tracker=0) for number in range(4)])
    assert (alert.rule, alert.subject) == ("relay-two-places", "relay:moto-3")


def test_an_attacker_who_invents_trackers_gets_one_alert_about_the_source():
    engine = Engine(RULES)
    for record in invented_trackers(5_000, repeats=10):
        engine.observe([from_refusal(record)])
    alerts = engine.lasting_alerts()
    single = [alert for alert in alerts if alert.subject.startswith("tracker:")]
    (rolled_up,) = [alert for alert in alerts if alert.rule == "unknown-tracker" and alert not in single]
    assert len(single) == limits.ALERTS_PER_SOURCE
    assert rolled_up.subject == "source:moto-6"
    assert rolled_up.title == "Not in the set-up: many trackers of moto-6"
    assert rolled_up.severity is Severity.WARNING
    (scan,) = [alert for alert in alerts if alert.rule == "tracker-scan"]
    assert (scan.count, scan.severity) == (5_000, Severity.CRITICAL)


def test_an_attacker_does_not_drown_what_happens_elsewhere():
    engine = Engine(RULES)
    for number, record in enumerate(invented_trackers(5_000, repeats=10)):
        engine.observe([from_refusal(record)])
        if number % 1000 == 0:
            honest = Observation(
                "refusal:unknown-tracker", record.time_ms, "moto-1", 77, 1, "spare bike", Origin(1, 1, "x")
            )
            engine.observe([honest])
    assert "tracker:77" in {alert.subject for alert in engine.lasting_alerts()}


def test_who_keeps_knocking_is_not_forgotten_for_newcomers():
    engine, alerts = Engine(RULES), []
    for knock in range(5):
        alerts += engine.observe([seen("refusal:unknown-tracker", knock, tracker=77)])
        newcomers = range(1000 * knock + 1000, 1000 * knock + 1000 + limits.SUBJECTS_PER_SOURCE - 1)
        engine.observe([seen("refusal:unknown-tracker", knock, tracker=tracker) for tracker in newcomers])
    assert "tracker:77" in {alert.subject for alert in alerts}


def test_a_report_that_comes_late_does_not_turn_time_back():
    engine = Engine(RULES)
    (alert,) = engine.observe([seen("oddity:jump", at_s) for at_s in (50, 0, 100, 60)])
    assert [piece.time_ms - START_MS for piece in alert.evidence] == [50_000, 50_000, 100_000, 100_000]


def test_invented_trackers_cost_no_memory():
    engine = Engine(RULES)
    tracemalloc.start()
    for record in invented_trackers(5_000):
        engine.observe([from_refusal(record)])
    after_a_few, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    small = len(json.dumps(engine.dump()))
    rest = invented_trackers(50_000, start_ms=START_MS + 4_000)
    engine.observe(
        Observation("refusal:unknown-tracker", r.time_ms, "moto-6", r.tracker, 1, "", "") for r in rest
    )
    assert len(engine.lasting_alerts()) == 1
    assert len(json.dumps(engine.dump())) < small * 1.1
    assert after_a_few < 1_000_000


def test_invented_sources_share_one_place_once_there_is_no_room():
    engine = Engine(RULES)
    for record in invented_sources(2_000, seed=1):
        engine.observe([from_refusal(record)])
    alerts = engine.lasting_alerts()
    (rest,) = [alert for alert in alerts if alert.subject == "source:others"]
    assert len(alerts) == limits.MOST_SOURCES + 1
    assert rest.count > 100_000


def test_a_quiet_source_makes_room_for_a_new_one():
    engine = Engine(RULES)
    engine.observe(seen("refusal:malformed", source=f"moto-{n}") for n in range(limits.MOST_SOURCES))
    (alert,) = engine.observe(flood(20, source="heli-1"))
    assert alert.subject == "source:heli-1"


def test_a_stranger_cannot_write_control_characters_into_an_alert():
    record = next(invented_sources(1, seed=1))
    record.detail = "\x1b[2Jall is well\n" + "x" * 10_000
    (alert,) = Engine(RULES).observe([from_refusal(record)])
    (evidence,) = alert.evidence
    assert evidence.detail.isprintable()
    assert len(evidence.detail) <= 200


def observations(seed: int, number: int) -> list[Observation]:
    rng = random.Random(seed)
    signals, now, out = sorted(SIGNALS), 0.0, []
    for _ in range(number):
        now += rng.choice((0, 0.1, 1, 1, 30)) if rng.random() < 0.995 else rng.choice((700, -200))
        out.append(
            seen(
                rng.choice(signals),
                now,
                source=f"moto-{int(rng.paretovariate(0.4)) % 90}",
                tracker=int(rng.paretovariate(0.3)) % 5_000,
                count=rng.choice((1, 1, 1, 40)),
            )
        )
    return out


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.lists(st.integers(0, 600), max_size=4))
def test_an_engine_restored_and_run_on_equals_one_that_ran_through(seed, cuts):
    everything = observations(seed, 600)
    through = Engine(RULES)
    through.observe(everything)
    restored, start = Engine(RULES), 0
    for cut in [*sorted(cuts), 600]:
        restored.observe(everything[start:cut])
        start = cut
        state = json.loads(json.dumps(restored.dump()))
        alerts = {alert.alert_id: alert for alert in restored.lasting_alerts()}
        restored = Engine(RULES)
        restored.restore(state, alerts)
    assert restored.lasting_alerts() == through.lasting_alerts()
    assert restored.dump() == through.dump()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32))
def test_the_limits_hold_for_any_traffic(seed):
    engine = Engine(RULES)
    engine.observe(observations(seed, 3_000))
    for _, charged in engine.dump().values():
        assert len(charged) <= limits.MOST_SOURCES + 1
        assert all(len(subjects) <= limits.SUBJECTS_PER_SOURCE for _, subjects in charged)


def test_a_rule_that_was_changed_starts_with_nothing():
    engine = Engine(RULES)
    engine.observe(flood(19))
    changed = [
        rule.model_copy(update={"threshold": 19}) if rule.id == "malformed-flood" else rule for rule in RULES
    ]
    restored = Engine(changed)
    restored.restore(engine.dump(), {})
    assert restored.observe(flood(1, start_s=1)) == []
