"""Every metric of model calls: its name, unit, buckets and meaning."""

from typing import Final

from opentelemetry.metrics import Meter

from chatsheet.telemetry.totals import States, Total

SECONDS: Final = (
    *(0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64),
    *(1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84, 327.68, 655.36),
)
"""The conventions' boundaries, 0.01 to 81.92, and more at both ends: answers in milliseconds, and models that take minutes."""
TOKENS: Final = tuple(4**power for power in range(14))
ATTEMPTS: Final = (1, 2, 3, 4, 6, 8, 12)

_ROUTE: Final = "chatsheet.llm.route"
_MODEL: Final = "gen_ai.request.model"
_DEPLOYMENT: Final = "chatsheet.llm.deployment"
_STATE: Final = "chatsheet.llm.breaker.state"


class Instruments:
    """The metrics of one process, made once."""

    def __init__(self, meter: Meter) -> None:
        self.duration = meter.create_histogram(
            "gen_ai.client.operation.duration",
            unit="s",
            description="How long an attempt took.",
            explicit_bucket_boundaries_advisory=SECONDS,
        )
        self.first_chunk = meter.create_histogram(
            "gen_ai.client.operation.time_to_first_chunk",
            unit="s",
            description="How long an attempt took to its first content.",
            explicit_bucket_boundaries_advisory=SECONDS,
        )
        self.tokens = meter.create_histogram(
            "gen_ai.client.token.usage",
            unit="{token}",
            description="Tokens of an attempt, as the provider counted them.",
            explicit_bucket_boundaries_advisory=TOKENS,
        )
        self.call_duration = meter.create_histogram(
            "chatsheet.llm.call.duration",
            unit="s",
            description="How long a call took over all its attempts.",
            explicit_bucket_boundaries_advisory=SECONDS,
        )
        self.call_attempts = meter.create_histogram(
            "chatsheet.llm.call.attempts",
            unit="{attempt}",
            description="How many attempts a call took.",
            explicit_bucket_boundaries_advisory=ATTEMPTS,
        )
        self.attempts = Total(
            meter,
            "chatsheet.llm.attempts",
            unit="{attempt}",
            about="Attempts by outcome, and by what proves it.",
            labels=(_ROUTE, "chatsheet.llm.outcome", "chatsheet.llm.proof"),
        )
        self.cached_tokens = Total(
            meter,
            "chatsheet.llm.cached_tokens",
            unit="{token}",
            about="Input tokens that the provider read from its prompt cache.",
            labels=(_ROUTE, _MODEL),
        )
        self.cost = Total(
            meter,
            "chatsheet.llm.cost",
            unit="{USD}",
            about="Cost of the attempts whose price is known.",
            labels=(_ROUTE, _MODEL),
        )
        self.unpriced = Total(
            meter,
            "chatsheet.llm.unpriced_calls",
            unit="{attempt}",
            about="Attempts that cost something, nobody here knows how much.",
            labels=(_ROUTE, _MODEL),
        )
        self.fallbacks = Total(
            meter,
            "chatsheet.llm.fallbacks",
            unit="{fallback}",
            about="Calls that left one route for another, by cause.",
            labels=(_ROUTE, "chatsheet.llm.to_route", "error.type"),
        )
        self.restarts = Total(
            meter,
            "chatsheet.llm.restarts",
            unit="{restart}",
            about="Answers that began again because their route died after content.",
            labels=(_ROUTE, "error.type"),
        )
        self.transitions = Total(
            meter,
            "chatsheet.llm.breaker.transitions",
            unit="{transition}",
            about="Changes of a deployment's breaker.",
            labels=(_ROUTE, _DEPLOYMENT, _STATE, "error.type"),
        )
        self.breaker = States(
            meter,
            "chatsheet.llm.breaker",
            about="1 for the state that a deployment's breaker is in, 0 for the others.",
            labels=(_ROUTE, _DEPLOYMENT),
            label=_STATE,
            states=("closed", "half_open", "open"),
        )
