"""Spans and metrics of model calls: one span per attempt, attributes of a fixed set of names with categorical values.

Stands on OpenTelemetry's API alone. Names are those of its gen_ai conventions where they have one, `chatsheet.llm.…` else;
docs/howto/watch-model-calls.md lists them all.
"""

from collections.abc import Mapping
from typing import Final, Literal, Protocol

from opentelemetry import metrics, trace
from opentelemetry.trace import SpanKind, Status, StatusCode

from chatsheet.telemetry import values
from chatsheet.telemetry.instruments import Instruments
from chatsheet.telemetry.targets import Target
from chatsheet.telemetry.values import ANSWERED

BreakerState = Literal["closed", "open", "half_open"]

_NO_HEADERS: Final[Mapping[str, str]] = {}
_MOST_CACHED = 256
_Told = str | int | float | tuple[str, ...]


class Listener(Protocol):
    """Who else counts what callers' calls met; outcomes are "answered" or a cause's code. Probes are not told."""

    def attempted(self, *, route: str, outcome: str) -> None: ...
    def fell_back(self, *, route: str, to: str, cause: str) -> None: ...


class AttemptSpan:
    """One attempt while it runs: what to send along, and where its end is told."""

    __slots__ = ("_instruments", "_is_ended", "_listener", "_span", "_target", "headers")

    headers: Mapping[str, str]
    """`traceparent`, and `tracestate` where there is one; empty while no span is recorded."""

    def __init__(
        self, instruments: Instruments, target: Target, span: trace.Span | None, listener: Listener | None = None
    ) -> None:
        self._instruments = instruments
        self._listener = listener
        self._target = target
        self._span = span
        self._is_ended = False
        self.headers = _NO_HEADERS if span is None else _trace_headers(span)

    def end(  # noqa: PLR0913  all that is known of an attempt, told once
        self,
        *,
        cause: str,
        status: int | None,
        seconds: float,
        first_content_s: float | None,
        response_model: str,
        finish_reason: str,
        input_tokens: int | None,
        output_tokens: int | None,
        cached_tokens: int | None,
        cost: float | None,
        proof: str,
        request_id: str,
    ) -> None:
        """Tell how the attempt ended; `cause` is "" for a good one, `cost` None where the price is not known. Counts once."""
        if self._is_ended:
            return
        self._is_ended = True
        target, to = self._target, self._instruments
        answer = target.answer(response_model)
        outcome = values.code(cause) if cause else ANSWERED
        to.duration.record(seconds, answer.ended(outcome))
        if first_content_s is not None:
            to.first_chunk.record(first_content_s, answer.common)
        if input_tokens is not None:
            to.tokens.record(input_tokens, answer.input)
        if output_tokens is not None:
            to.tokens.record(output_tokens, answer.output)
        if cached_tokens is not None:
            to.cached_tokens.add(target.labels, cached_tokens)
        if cost is not None:
            to.cost.add(target.labels, cost)
        elif not cause or first_content_s is not None or output_tokens is not None:
            to.unpriced.add(target.labels)
        to.attempts.add((target.route, outcome, values.code(proof)))
        if self._listener is not None:
            self._listener.attempted(route=target.route, outcome=outcome)
        if self._span is not None:
            told: dict[str, _Told | None] = {
                "gen_ai.response.model": answer.model or None,
                "gen_ai.response.finish_reasons": (values.finish_reason(finish_reason),) if finish_reason else None,
                "gen_ai.response.time_to_first_chunk": first_content_s,
                "gen_ai.usage.input_tokens": input_tokens,
                "gen_ai.usage.output_tokens": output_tokens,
                "gen_ai.usage.cache_read.input_tokens": cached_tokens,
                "http.response.status_code": status,
                "error.type": outcome if cause else None,
                "chatsheet.llm.proof": values.code(proof),
                "chatsheet.llm.cost": cost,
                "chatsheet.llm.request_id": values.name(request_id) or None,
            }
            _end_span(self._span, told, is_failed=bool(cause))


class ModelCalls:
    """Spans and metrics of model calls; categorical values only."""

    def __init__(self, *, tracer: trace.Tracer, meter: metrics.Meter, listener: Listener | None = None) -> None:
        self._listener = listener
        self._tracer = None if isinstance(tracer, trace.NoOpTracer) else tracer
        self._instruments = Instruments(meter)
        self._targets: dict[tuple[str, str, str, str, int], Target] = {}
        self._calls: dict[tuple[str, str], Mapping[str, str]] = {}

    @staticmethod
    def off(listener: Listener | None = None) -> "ModelCalls":
        """Return one that records nothing, and tells its listener all the same."""
        return _Off(listener)

    def attempt(self, *, route: str, kind: str, model: str, server: str, port: int, is_probe: bool = False) -> AttemptSpan:
        """Start the span of one attempt, as a child of the current one."""
        key = (route, kind, model, server, port)
        target = self._targets.get(key)
        if target is None:
            target = Target(route=route, kind=kind, model=model, server=server, port=port)
            if len(self._targets) < _MOST_CACHED:
                self._targets[key] = target
        span = None
        if self._tracer is not None:
            span = self._tracer.start_span(target.span_name, kind=SpanKind.CLIENT, attributes=target.started)
        recorded = span if span is not None and span.is_recording() else None
        return AttemptSpan(self._instruments, target, recorded, None if is_probe else self._listener)

    def fallback(self, *, route: str, to: str, cause: str) -> None:
        """Count that a call left one route for another."""
        self._instruments.fallbacks.add((route, to, values.code(cause)))
        if self._listener is not None:
            self._listener.fell_back(route=route, to=to, cause=values.code(cause))

    def passed_by(self, *, route: str, to: str, cause: str) -> None:
        """Tell the listener that a call went past an ill route: for it, that is a call that failed there and left."""
        if self._listener is not None:
            self._listener.attempted(route=route, outcome=cause)
            self._listener.fell_back(route=route, to=to, cause=cause)

    def restarted(self, *, route: str, cause: str) -> None:
        """Count that a route died after content had reached the caller."""
        self._instruments.restarts.add((route, values.code(cause)))

    def breaker(self, *, route: str, deployment: str, state: BreakerState, cause: str) -> None:
        """Tell which state a deployment's breaker is in; told at the start, it is visible from then on."""
        if self._instruments.breaker.put((route, deployment), state):
            self._instruments.transitions.add((route, deployment, state, values.code(cause) if cause else ""))

    def call(self, *, seconds: float, attempts: int, outcome: str, route: str) -> None:
        """Tell of a whole call over all its attempts; `outcome` is "answered" or the cause that ended it."""
        attributes = self._calls.get((route, outcome))
        if attributes is None:
            attributes = {"chatsheet.llm.route": route, "chatsheet.llm.outcome": values.code(outcome)}
            if len(self._calls) < _MOST_CACHED:
                self._calls[route, outcome] = attributes
        self._instruments.call_duration.record(seconds, attributes)
        self._instruments.call_attempts.record(attempts, attributes)


class _NoSpan(AttemptSpan):
    """An attempt of which only the listener hears."""

    __slots__ = ("_route",)

    def __init__(self, listener: Listener | None, route: str) -> None:
        self.headers = _NO_HEADERS
        self._is_ended = listener is None
        self._listener = listener
        self._route = route

    def end(self, *, cause: str, **_: object) -> None:
        if not self._is_ended and self._listener is not None:
            self._is_ended = True
            self._listener.attempted(route=self._route, outcome=values.code(cause) if cause else ANSWERED)


_NOTHING: Final = _NoSpan(None, "")


class _Off(ModelCalls):
    """Records nothing, at the price of the calls themselves."""

    def __init__(self, listener: Listener | None) -> None:
        self._listener = listener

    def attempt(self, *, route: str, is_probe: bool = False, **_: object) -> AttemptSpan:
        return _NOTHING if self._listener is None or is_probe else _NoSpan(self._listener, route)

    def fallback(self, *, route: str, to: str, cause: str) -> None:
        if self._listener is not None:
            self._listener.fell_back(route=route, to=to, cause=values.code(cause))

    def restarted(self, **_: object) -> None:
        return

    def breaker(self, **_: object) -> None:
        return

    def call(self, **_: object) -> None:
        return


def _end_span(span: trace.Span, told: Mapping[str, _Told | None], *, is_failed: bool) -> None:
    span.set_attributes({key: value for key, value in told.items() if value is not None})
    if is_failed:
        span.set_status(Status(StatusCode.ERROR))  # no description: that is where text would get in
    span.end()


def _trace_headers(span: trace.Span) -> Mapping[str, str]:
    context = span.get_span_context()
    parent = f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
    if context.trace_state:
        return {"traceparent": parent, "tracestate": context.trace_state.to_header()}
    return {"traceparent": parent}
