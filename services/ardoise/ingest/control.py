"""RaceControlService: people decide, the log remembers."""

import asyncio

import grpc

from ardoise.chassis.paging import paginate
from ardoise.chassis.rpc import Failure, Reason, caller
from ardoise.chassis.telemetry import counter
from ardoise.ingest.domain import weather
from ardoise.ingest.domain.assignments import assignments
from ardoise.ingest.domain.decisions import DecisionRejected, DecisionUnknown, decision_id
from ardoise.ingest.writer import Epoch, LogWriter
from ardoise.pb import control_pb2, control_pb2_grpc
from ardoise.pb.common_pb2 import ResumeToken
from ardoise.pb.log_pb2 import LogRecord
from ardoise.pb.setup_pb2 import StageSetup
from ardoise.pb.weather_pb2 import WeatherReport

MAX_REQUEST_ID_CHARACTERS = 64
# Answers to LoadStage and ActivateStage kept for a request that is sent again.
REMEMBERED_REQUESTS = 256

_weather_refused = counter("weather.refused", "1", "Weather reports refused, by field.")


class RaceControlService(control_pb2_grpc.RaceControlServiceServicer):
    """Decisions become messages in the log, one at a time: each is checked against all before it."""

    def __init__(self, writer: LogWriter) -> None:
        self._writer = writer
        self._one_at_a_time = asyncio.Lock()
        self._answers: dict[tuple[str, str], object] = {}

    async def LoadStage(
        self, request: control_pb2.LoadStageRequest, context: grpc.aio.ServicerContext
    ) -> control_pb2.LoadStageResponse:
        """Opens the log of a stage."""
        _require_request_id(request.request_id)
        _check_setup(request.setup)
        async with self._one_at_a_time:
            if (answer := self._answers.get(("load", request.request_id))) is None:
                entry = await self._writer.open_epoch(request.setup)
                answer = control_pb2.LoadStageResponse(epoch=entry.epoch)
                self._remember("load", request.request_id, answer)
        return answer

    async def ActivateStage(
        self, request: control_pb2.ActivateStageRequest, context: grpc.aio.ServicerContext
    ) -> control_pb2.ActivateStageResponse:
        """Makes a loaded log the live one."""
        _require_request_id(request.request_id)
        async with self._one_at_a_time:
            if (answer := self._answers.get(("activate", request.request_id))) is None:
                position = await self._writer.activate(self._epoch(request.epoch))
                answer = control_pb2.ActivateStageResponse(position=position)
                self._remember("activate", request.request_id, answer)
        return answer

    async def ListStages(
        self, request: control_pb2.ListStagesRequest, context: grpc.aio.ServicerContext
    ) -> control_pb2.ListStagesResponse:
        """The logs, newest first."""
        epochs = sorted(self._writer.epochs, reverse=True)
        page, token = paginate(
            epochs, request.page_size, request.page_token, default=50, most=200, scope="stages"
        )
        stages = [
            control_pb2.StageLog(
                epoch=epoch,
                stage_id=self._writer.epochs[epoch].setup.stage_id,
                stage_name=self._writer.epochs[epoch].setup.stage_name,
                active=self._writer.active is self._writer.epochs[epoch],
                last_sequence=self._writer.acknowledged(epoch),
            )
            for epoch in page
        ]
        return control_pb2.ListStagesResponse(stages=stages, next_page_token=token)

    async def RecordDecision(
        self, request: control_pb2.RecordDecisionRequest, context: grpc.aio.ServicerContext
    ) -> control_pb2.RecordDecisionResponse:
        """Writes a decision."""
        _require_request_id(request.request_id)
        entry = self._epoch(request.epoch)
        async with self._one_at_a_time:
            identity = decision_id(entry.epoch, request.request_id)
            recorded = entry.decisions.recorded.get(identity)
            if recorded is None:
                recorded = await self._record(entry, identity, request.decision, caller(context).name)
        return control_pb2.RecordDecisionResponse(decision=recorded.decision, position=recorded.position)

    async def ListDecisions(
        self, request: control_pb2.ListDecisionsRequest, context: grpc.aio.ServicerContext
    ) -> control_pb2.ListDecisionsResponse:
        """The decisions of a log."""
        entry = self._epoch(request.epoch)
        page, token = paginate(
            list(entry.decisions.recorded.values()),
            request.page_size,
            request.page_token,
            default=50,
            most=200,
            scope=f"decisions:{entry.epoch}",
        )
        return control_pb2.ListDecisionsResponse(decisions=page, next_page_token=token)

    async def ListAssignments(
        self, request: control_pb2.ListAssignmentsRequest, context: grpc.aio.ServicerContext
    ) -> control_pb2.ListAssignmentsResponse:
        """Who rides with which tracker."""
        entry = self._epoch(request.epoch)
        page, token = paginate(
            assignments(entry.setup.assignments, entry.decisions.in_force()),
            request.page_size,
            request.page_token,
            default=200,
            most=1_000,
            scope=f"assignments:{entry.epoch}:{len(entry.decisions.recorded)}",
        )
        return control_pb2.ListAssignmentsResponse(assignments=page, next_page_token=token)

    async def RecordWeather(
        self, request: control_pb2.RecordWeatherRequest, context: grpc.aio.ServicerContext
    ) -> control_pb2.RecordWeatherResponse:
        """Writes a weather report."""
        _require_request_id(request.request_id)
        entry = self._epoch(request.epoch)
        async with self._one_at_a_time:
            identity = decision_id(entry.epoch, request.request_id)
            recorded = entry.weather.get(identity)
            if recorded is None:
                recorded = await self._report(entry, identity, request.report, caller(context).name)
        return recorded

    async def _report(
        self, entry: Epoch, identity: str, report: WeatherReport, author: str
    ) -> control_pb2.RecordWeatherResponse:
        now_ms = self._writer.now_ms(entry)
        report.report_id, report.author = identity, author
        report.effective_time_ms = report.effective_time_ms or now_ms
        try:
            weather.check(report, now_ms)
        except ValueError as error:
            field, _, _ = str(error).partition(":")
            _weather_refused.add(1, {"field": field})
            raise Failure(Reason.ERROR_REASON_FIELD_INVALID, str(error), field=field) from error
        return await self._writer.report(entry, report)

    async def _record(
        self, entry: Epoch, identity: str, decision: control_pb2.Decision, author: str
    ) -> control_pb2.RecordedDecision:
        now_ms = self._writer.now_ms(entry)
        decision.decision_id, decision.author = identity, author
        decision.effective_time_ms = decision.effective_time_ms or now_ms
        try:
            entry.decisions.check(decision, now_ms)
        except DecisionRejected as error:
            raise Failure(Reason.ERROR_REASON_DECISION_REJECTED, str(error)) from error
        except DecisionUnknown as error:
            raise Failure(Reason.ERROR_REASON_NOT_FOUND, str(error)) from error
        except ValueError as error:
            field, _, _ = str(error).partition(":")
            raise Failure(Reason.ERROR_REASON_FIELD_INVALID, str(error), field=field) from error
        sequence = await self._writer.append(entry, "decision", LogRecord(decision=decision))
        position = ResumeToken(epoch=entry.epoch, sequence=sequence)
        entry.decisions.add(control_pb2.RecordedDecision(decision=decision, position=position))
        entry.know_trackers()
        return entry.decisions.recorded[identity]

    def _epoch(self, epoch: int) -> Epoch:
        if not epoch:
            return self._writer.live()
        found = self._writer.epochs.get(epoch)
        if found is None:
            raise Failure(Reason.ERROR_REASON_EPOCH_UNKNOWN, f"no log of epoch {epoch} here", epoch=epoch)
        return found

    def _remember(self, call: str, request_id: str, answer: object) -> None:
        self._answers[call, request_id] = answer
        while len(self._answers) > REMEMBERED_REQUESTS:
            del self._answers[next(iter(self._answers))]


def _require_request_id(request_id: str) -> None:
    if not 1 <= len(request_id) <= MAX_REQUEST_ID_CHARACTERS:
        raise Failure(
            Reason.ERROR_REASON_FIELD_INVALID,
            f"request_id: 1 to {MAX_REQUEST_ID_CHARACTERS} characters, the same for a request sent again",
            field="request_id",
        )


def _check_setup(setup: StageSetup) -> None:
    missing = [
        name
        for name, there in (
            ("stage_id", setup.stage_id),
            ("route", len(setup.route.distance_cm) >= 2),
            ("riders", len(setup.riders)),
        )
        if not there
    ]
    if missing:
        raise Failure(
            Reason.ERROR_REASON_SETUP_INVALID,
            f"the set-up lacks {', '.join(missing)}: make it with `ardoise stage validate`",
            missing=",".join(missing),
        )
