"""The guard's promise, against everything a platform can look like."""

from ardoise.sites.guard import UNKNOWN, Epoch, Held, Holding, Unknown, Verdict, judge
from hypothesis import given, settings
from hypothesis import strategies as st

# Short logs, so that their ends meet often.
LONGEST_LOG = 5
thoroughly = settings(max_examples=1_000)
EPOCH = 1_783_000_000_000


@st.composite
def held(draw: st.DrawFn, least_first: int = 1, end: int = LONGEST_LOG) -> Held:
    last = draw(st.integers(0, end))
    return Held(draw(st.integers(least_first, last + 1)), last)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[int, Epoch, set[int]]:
    """How long the log has become, what is known of it, and which messages beyond the watermark exist somewhere."""
    end = draw(st.integers(0, LONGEST_LOG))
    watermark = draw(st.integers(0, end))
    mirror = draw(st.one_of(st.none(), held(end=end)))
    truck = draw(st.one_of(st.none(), st.integers(1, end + 1).map(lambda first: Held(first, end))))
    there = sequences(mirror) | sequences(truck)
    seen_mirror: Holding = draw(st.sampled_from([mirror, UNKNOWN]))
    seen_truck: Holding = draw(st.sampled_from([truck, UNKNOWN]))
    return end, Epoch(watermark, seen_mirror, seen_truck), there


def sequences(holding: Held | None) -> set[int]:
    return set(range(holding.first, holding.last + 1)) if holding else set()


def beyond(epoch: Epoch, end: int) -> set[int]:
    return set(range(epoch.watermark + 1, end + 1))


def keeps_the_rule(epoch: Epoch, end: int, there: set[int]) -> bool:
    """The truck has what the mirror has not got yet."""
    mirror = epoch.mirror
    return not isinstance(mirror, Held) or set(range(mirror.last + 1, end + 1)) <= there


@thoroughly
@given(worlds())
def test_loss_free_is_said_only_where_everything_beyond_the_watermark_is_held(world):
    end, epoch, there = world
    if judge({EPOCH: epoch}, synchronous=True).verdict is Verdict.LOSS_FREE:
        hidden = isinstance(epoch.truck, Unknown) or epoch.truck is None
        # What a truck that cannot be asked, or that has lost the log, holds is known by the rule alone.
        assert (hidden and not keeps_the_rule(epoch, end, there)) or beyond(epoch, end) <= there


@thoroughly
@given(worlds())
def test_loss_is_said_only_where_something_is_gone_or_the_log_is_known_to_nobody(world):
    end, epoch, there = world
    if judge({EPOCH: epoch}, synchronous=True).verdict is Verdict.LOSS:
        nowhere = epoch.mirror is None and epoch.truck is None
        behind = (
            isinstance(epoch.mirror, Held) and epoch.mirror.last < epoch.watermark and epoch.truck is None
        )
        assert nowhere or behind or not beyond(epoch, end) <= there


@given(worlds())
def test_with_everybody_asked_nothing_is_unknown(world):
    _, epoch, _ = world
    asked = not isinstance(epoch.mirror, Unknown) and not isinstance(epoch.truck, Unknown)
    if asked:
        assert judge({EPOCH: epoch}, synchronous=True).verdict is not Verdict.UNKNOWN


@given(worlds(), st.integers(0, LONGEST_LOG))
def test_being_further_on_never_turns_loss_free_into_loss(world, further: int):
    """A watermark that grows, within what the mirror has, makes no promotion worse."""
    _, epoch, _ = world
    if isinstance(epoch.mirror, Held) and judge({EPOCH: epoch}, True).verdict is Verdict.LOSS_FREE:
        watermark = max(epoch.watermark, min(epoch.watermark + further, epoch.mirror.last))
        grown = Epoch(watermark, epoch.mirror, epoch.truck)
        assert judge({EPOCH: grown}, True).verdict is Verdict.LOSS_FREE


@given(worlds(), worlds(), st.sampled_from([True, False, UNKNOWN]))
def test_the_verdict_is_the_worst_of_its_parts(one, other, synchronous):
    promotion = judge({1: one[1], 2: other[1]}, synchronous)
    parts = [promotion.decisions.verdict, *(finding.verdict for finding in promotion.epochs.values())]
    assert promotion.verdict in parts
    assert (promotion.verdict is Verdict.LOSS_FREE) == (set(parts) == {Verdict.LOSS_FREE})
    assert (promotion.verdict is Verdict.LOSS) == (Verdict.LOSS in parts)


def test_a_region_that_is_far_behind_loses_nothing_while_its_mirror_goes_on_from_the_watermark():
    behind = Epoch(watermark=10, mirror=Held(5, 1_000_000), truck=UNKNOWN)
    promotion = judge({EPOCH: behind}, synchronous=True)
    assert promotion.verdict is Verdict.LOSS_FREE
    assert "11" in promotion.epochs[EPOCH].reason


def test_a_mirror_that_begins_after_the_watermark_is_a_loss_unless_the_truck_has_the_rest():
    mirror = Held(50, 90)
    assert judge({EPOCH: Epoch(10, mirror, Held(1, 95))}, True).verdict is Verdict.LOSS_FREE
    assert judge({EPOCH: Epoch(10, mirror, UNKNOWN)}, True).verdict is Verdict.UNKNOWN
    lost = judge({EPOCH: Epoch(10, mirror, Held(40, 95))}, True)
    assert lost.verdict is Verdict.LOSS
    assert lost.reasons == [
        f"epoch {EPOCH}: the mirror begins at 50, after watermark + 1 = 11,"
        " and the truck begins at 40, after watermark + 1 = 11"
    ]


def test_a_hole_between_mirror_and_truck_is_a_loss():
    assert judge({EPOCH: Epoch(10, Held(1, 20), Held(25, 30))}, True).verdict is Verdict.LOSS


def test_an_epoch_that_nobody_has_a_log_of_is_no_leave():
    assert judge({EPOCH: Epoch(10, None, None)}, True).verdict is Verdict.LOSS
    assert judge({EPOCH: Epoch(10, None, UNKNOWN)}, True).verdict is Verdict.UNKNOWN


def test_what_was_not_asked_is_unknown_and_never_zero():
    assert judge(UNKNOWN, True).verdict is Verdict.UNKNOWN
    assert judge({}, UNKNOWN).verdict is Verdict.UNKNOWN
    assert judge({}, synchronous=False).verdict is Verdict.LOSS
    assert judge({}, synchronous=True).verdict is Verdict.LOSS_FREE
