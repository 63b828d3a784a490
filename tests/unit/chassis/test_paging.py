"""Pages of a list, and tokens that are good for one request only."""

import pytest
from ardoise.chassis.paging import paginate
from ardoise.chassis.rpc import Failure, Reason
from hypothesis import given
from hypothesis import strategies as st


@given(st.integers(0, 60), st.integers(0, 30))
def test_all_pages_together_are_the_list(length, page_size):
    items, found, token = list(range(length)), [], ""
    while True:
        page, token = paginate(items, page_size, token, default=7, most=20, scope="a")
        assert len(page) <= min(page_size or 7, 20)
        found += page
        if not token:
            break
    assert found == items


def test_a_list_that_grows_goes_on_where_the_page_ended():
    page, token = paginate([1, 2, 3], 2, "", default=5, most=5, scope="a")
    assert page == [1, 2]
    assert paginate([1, 2, 3, 4], 5, token, default=5, most=5, scope="a") == ([3, 4], "")


@pytest.mark.parametrize("token", ["nonsense", "MTI=", "////", "é"])
def test_a_token_that_was_not_given_out_is_refused(token):
    with pytest.raises(Failure) as refused:
        paginate([1, 2, 3], 2, token, default=5, most=5, scope="a")
    assert refused.value.reason == Reason.ERROR_REASON_PAGE_TOKEN_INVALID


def test_a_token_of_another_list_is_refused():
    _, token = paginate([1, 2, 3], 2, "", default=5, most=5, scope="a")
    with pytest.raises(Failure, match="another request"):
        paginate([1, 2, 3], 2, token, default=5, most=5, scope="b")
