"""A log is gone on with only where no copy has more of it, or other content."""

import itertools

import pytest
from ardoise.ingest.domain.continuity import Break, Held, broken


def held(last: int, first: int = 1, differs_at: int = 0) -> Held:
    return Held(first, last, differs_at)


@pytest.mark.parametrize(
    ("mark", "own", "mirrors"),
    [
        (100, held(100), {}),
        (100, held(103), {"london": held(90)}),
        (100, held(103), {"amsterdam": held(103), "london": held(0)}),
        (0, held(0), {}),
    ],
    ids=["mark_reached", "written_and_not_acknowledged", "mirrors_level", "fresh"],
)
def test_a_log_that_has_everything_goes_on(mark: int, own: Held, mirrors: dict[str, Held]):
    assert broken(mark, own, mirrors) is None


@pytest.mark.parametrize(
    ("mark", "own", "mirrors", "kept", "lost"),
    [
        (100, None, {}, 0, (1, 100)),
        (100, held(80), {}, 80, (81, 100)),
        (100, held(3), {"london": held(97), "amsterdam": held(95)}, 97, (98, 100)),
        (100, held(3), {"london": held(100)}, 100, None),
        (100, held(150, first=151), {"london": held(97)}, 97, (98, 100)),
        (100, held(150, first=151), {}, 0, (1, 100)),
        (100, held(150, first=120), {"london": held(150)}, 150, None),
        (100, None, {"london": held(101)}, 101, None),
    ],
    ids=[
        "gone",
        "tail_gone",
        "mirrors_have_nearly_all",
        "a_mirror_has_all",
        "made_again_further_on",
        "made_again_further_on_unmirrored",
        "begins_late",
        "mirrored_and_not_yet_acknowledged",
    ],
)
def test_what_no_copy_has_is_lost_and_nothing_else(
    mark: int, own: Held | None, mirrors: dict[str, Held], kept: int, lost: tuple[int, int] | None
):
    found = broken(mark, own, mirrors)
    assert found is not None
    assert (found.kept, found.lost) == (kept, lost)


def test_where_the_mark_went_back_too_nobody_knows_how_far_was_acknowledged():
    found = broken(80, held(80), {"london": held(97)})
    assert found == Break("london has it up to 97, the truck to 80", 97, (98, 0))


def test_sequences_used_again_break_the_log_though_it_is_the_longer_one():
    found = broken(120, held(120), {"amsterdam": held(97, differs_at=97), "london": held(97, differs_at=97)})
    assert found is not None
    assert (found.kept, found.lost) == (97, (98, 0))
    assert "message 97 is another in amsterdam" in found.reason


def test_nothing_that_a_mirror_has_is_ever_called_lost():
    sizes = range(4)
    for mark, first, last, *mirrored in itertools.product(sizes, (1, 2, 3), sizes, sizes, sizes):
        own = None if last + 1 < first else held(last, first)
        mirrors = {f"region-{number}": held(upto) for number, upto in enumerate(mirrored)}
        found = broken(mark, own, mirrors)
        if found is not None and found.lost is not None:
            assert found.lost[0] == max([found.kept, *mirrored]) + 1
        if found is None:
            assert own is not None
            assert own.last >= max([mark, *mirrored])
