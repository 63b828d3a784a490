"""Tests that every decoder must pass, ours and anybody's: docs/decoders.md.

    from ardoise.trackers.conformance import Conformance

    class TestMine(Conformance):
        decoder = DECODER

Takes pytest and hypothesis (the extra `conformance`).
"""

import pytest

pytest.register_assert_rewrite("ardoise.trackers.conformance.suite", "ardoise.trackers.conformance.work")

from ardoise.trackers.conformance.suite import Conformance  # noqa: E402

__all__ = ["Conformance"]
