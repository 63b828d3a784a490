"""Who may see alerts, and who may say that they have seen to one."""

import grpc
import pytest
from ardoise.chassis.identity import Role, ensure_development_identity
from ardoise.chassis.rpc import Reason
from ardoise.pb.security_pb2 import (
    AcknowledgeRequest,
    ListAlertsRequest,
    ListOutboxRequest,
    WatchAlertsRequest,
)
from ardoise.pb.security_pb2_grpc import SecurityServiceStub
from ardoise.security.rpc import ON_BEHALF_OF
from grpc.aio import AioRpcError

from tests.support.security import DENIED, INVALID, failure, raised

LIMIT_S = 30


@pytest.mark.parametrize("stranger", ["no certificate", "certificate of another authority", "no encryption"])
async def test_a_stranger_is_refused_before_any_call(platform, stranger: str, tmp_path):
    mine = platform.identity("guard", Role.SECURITY)
    theirs = ensure_development_identity(tmp_path / "elsewhere", "guard", Role.SECURITY)
    credentials = {
        "no certificate": grpc.ssl_channel_credentials(mine.ca.read_bytes()),
        "certificate of another authority": grpc.ssl_channel_credentials(
            mine.ca.read_bytes(), theirs.key.read_bytes(), theirs.certificate.read_bytes()
        ),
        "no encryption": None,
    }[stranger]
    target = f"127.0.0.1:{platform.port}"
    async with platform.security():
        channel = (
            grpc.aio.secure_channel(target, credentials) if credentials else grpc.aio.insecure_channel(target)
        )
        async with channel:
            with pytest.raises(AioRpcError) as refused:
                await SecurityServiceStub(channel).ListAlerts(ListAlertsRequest(), timeout=LIMIT_S)
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize("name", ["fan", "moto-1"])
async def test_the_public_and_relays_may_do_nothing(platform, name: str):
    async with platform.security(), platform.as_holder(name) as stub:
        assert await failure(stub.ListAlerts(ListAlertsRequest())) == DENIED
        assert await failure(stub.WatchAlerts(WatchAlertsRequest())) == DENIED
        assert await failure(stub.ListOutbox(ListOutboxRequest())) == DENIED
        assert await failure(stub.Acknowledge(AcknowledgeRequest(request_id="r", alert_id="a"))) == DENIED


async def test_race_operations_may_read_and_not_acknowledge(platform, reporter):
    async with platform.security(), platform.as_holder("director") as stub:
        alert = await raised(platform, reporter)
        assert (await stub.ListAlerts(ListAlertsRequest())).alerts[0].alert_id == alert.alert_id
        assert (await stub.WatchAlerts(WatchAlertsRequest()).read()).alert.alert_id == alert.alert_id
        await stub.ListOutbox(ListOutboxRequest())
        request = AcknowledgeRequest(request_id="r", alert_id=alert.alert_id)
        assert await failure(stub.Acknowledge(request)) == DENIED
        assert not (await stub.ListAlerts(ListAlertsRequest())).alerts[0].acknowledged_by


async def test_the_author_is_the_holder_of_the_certificate(platform, reporter, guard):
    async with platform.security():
        alert = await raised(platform, reporter)
        request = AcknowledgeRequest(request_id="r", alert_id=alert.alert_id, note="unit replaced")
        assert await failure(guard.Acknowledge(request, metadata=((ON_BEHALF_OF, "ana"),))) == DENIED
        answer = await guard.Acknowledge(request)
    assert answer.alert.acknowledged_by == "guard"
    assert answer.alert.acknowledged_ms > 0


async def test_the_media_wall_acts_for_the_person_it_names_and_no_other_service_does(platform, reporter):
    async with platform.security():
        alert = await raised(platform, reporter)
        request = AcknowledgeRequest(request_id="r", alert_id=alert.alert_id)
        async with platform.as_holder("positioning") as stub:
            assert await failure(stub.Acknowledge(request, metadata=((ON_BEHALF_OF, "ana"),))) == DENIED
        async with platform.as_holder("mediawall") as stub:
            assert await failure(stub.Acknowledge(request)) == INVALID
            two = ((ON_BEHALF_OF, "ana"), (ON_BEHALF_OF, "bob"))
            assert await failure(stub.Acknowledge(request, metadata=two)) == INVALID
            assert await failure(stub.Acknowledge(request, metadata=((ON_BEHALF_OF, "a b\\n"),))) == INVALID
            answer = await stub.Acknowledge(request, metadata=((ON_BEHALF_OF, "ana"),))
    assert answer.alert.acknowledged_by == "ana"


async def test_what_cannot_be_acknowledged_is_said_clearly(platform, reporter, guard):
    async with platform.security():
        alert = await raised(platform, reporter)
        missing = AcknowledgeRequest(request_id="r", alert_id="nothing")
        assert await failure(guard.Acknowledge(missing)) == (
            grpc.StatusCode.NOT_FOUND,
            Reason.ERROR_REASON_NOT_FOUND,
        )
        for wrong in (
            AcknowledgeRequest(alert_id=alert.alert_id),
            AcknowledgeRequest(request_id="two words", alert_id=alert.alert_id),
            AcknowledgeRequest(request_id="r", alert_id=alert.alert_id, note="x" * 501),
        ):
            assert await failure(guard.Acknowledge(wrong)) == INVALID
