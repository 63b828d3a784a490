"""Sessions on a database whose primary moves."""

import pytest
from ardoise.chassis.store import Store, StoreUnavailable
from sqlalchemy import text


async def test_a_session_that_outlives_its_primary_is_not_handed_out_again(plain_url: str):
    store = Store(plain_url, "test")
    async with store.transaction() as connection:
        # As on a server that was demoted under it.
        await connection.execute(text("SET default_transaction_read_only = on"))
    create = text("CREATE TABLE written (n integer)")
    with pytest.raises(StoreUnavailable):
        async with store.transaction() as connection:
            await connection.execute(create)
    async with store.transaction() as connection:
        await connection.execute(create)
    await store.close()


async def test_the_nearest_server_is_the_first_of_the_url_and_is_read_whatever_it_is(plain_url: str):
    store = Store(plain_url, "test")
    near = store.nearest()
    async with near.transaction() as connection:
        await connection.execute(text("SET default_transaction_read_only = on"))
        assert await connection.scalar(text("SELECT current_setting('application_name')")) == "ardoise-test"
    await near.close()
    await store.close()
