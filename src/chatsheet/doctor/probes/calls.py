"""What only a call shows: a few tokens asked for, a few parameters tried, a tool call. Everything from auth upwards."""

import asyncio
import hashlib
import re
import statistics
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import aiohttp

from chatsheet.core.ids import new_id
from chatsheet.core.loose import JsonObject
from chatsheet.doctor import findings, gist, lifecycle
from chatsheet.doctor.model import Finding, ProbeAnswer, Rung, RungName, Speed
from chatsheet.doctor.subject import Subject
from chatsheet.llm import causes, legs, trial, wire
from chatsheet.llm.attempt import Attempt, Failed
from chatsheet.llm.causes import CATALOGUE, Cause, Evidence
from chatsheet.llm.credentials import TokenFailed
from chatsheet.llm.model import ChatRequest, Proof

_PLAIN = ChatRequest({"messages": [{"role": "user", "content": "Say ok."}], "max_tokens": 16, "temperature": 0})
"""Nothing of any person's, and a few tokens only."""
_TOOL: JsonObject = {
    "type": "function",
    "function": {
        "name": "report",
        "description": "Report one word.",
        "parameters": {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]},
    },
}
_WITH_TOOL = ChatRequest(
    {
        "messages": [{"role": "user", "content": "Call the tool report with the word ok."}],
        "tools": [_TOOL],
        "max_tokens": 64,
    }
)
_SCHEMA: JsonObject = {
    "type": "json_schema",
    "json_schema": {
        "name": "word",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"word": {"type": "string"}},
            "required": ["word"],
            "additionalProperties": False,
        },
    },
}
_TRIED: tuple[tuple[str, JsonObject], ...] = (
    ("max_tokens", {"max_tokens": 16}),
    ("max_completion_tokens", {"max_completion_tokens": 16}),
    ("temperature", {"temperature": 0}),
    ("json_schema", {"response_format": _SCHEMA}),
)
"""What the application sends sooner or later, one at a time and as it stands."""
_STRANGE = re.compile(r"[^\w.:/@+ -]")
_LONGEST_MODEL = 80
_ABOUT_PARAMETERS = frozenset({"azure.parameter", "provider.parameter", "azure.api_version", "request.invalid"})


@dataclass(frozen=True, slots=True)
class Called:
    """How a call went."""

    cause: Cause | None
    has_content: bool
    answer: ProbeAnswer
    evidence: tuple[str, ...]
    first_content_ms: int | None
    total_ms: int
    proof: Proof
    status: int | None
    hidden: str = ""

    @property
    def is_simulated(self) -> bool:
        """Whether our simulator answered, by the name that it gives its model."""
        return self.answer.model.endswith("-simulated")

    @property
    def is_out_of_time(self) -> bool:
        """Whether the examination's own time ended it, which says nothing of the route."""
        return self.cause is not None and self.cause.code == "deadline.exceeded"

    def finding(self, subject: Subject) -> Finding:
        """Return why it failed."""
        cause = self.cause or CATALOGUE["unknown"]
        how = "broke off after its first words" if self.has_content else "got no answer"
        how = f"got status {self.status}" if self.status not in {None, legs.OK} else how
        return findings.finding(cause.code, f"a call over {subject.path.name} {how}", hides=self.hidden)


async def chat(subject: Subject) -> Called:
    """Ask for a word."""
    return await _refined(subject, await _call(subject, _PLAIN))


async def _call(subject: Subject, request: ChatRequest) -> Called:
    clock, route = subject.means.clock, subject.route
    async with _attempt(subject) as attempt:
        failed = await trial.run(attempt, request, {})
        seen = attempt.collected
        if failed is not None and failed.cause.code == "stream.empty" and seen.finish_reason == "length":
            failed = None  # a reasoning model may use its few tokens for thought
        if failed is not None and route.is_ours:
            await subject.means.records.abandon(attempt.id)
        ended = attempt.ended(failed.cause.code if failed else None)
        usage = seen.usage
        answer = ProbeAnswer(
            model=_plain(seen.model),
            finish_reason=seen.finish_reason,
            called_tool=bool(seen.tools),
            input_tokens=usage.input_tokens if usage else 0,
            output_tokens=usage.output_tokens if usage else 0,
            adapted=ended.adapted,
            text_digest=hashlib.sha256("".join(seen.text).strip().lower().encode()).hexdigest()[:12] if seen.text else "",
        )
        total_ms = round((clock.monotonic() - attempt.started) * 1000)
        return Called(
            failed.cause if failed else None,
            attempt.first_content is not None,
            answer,
            _told(attempt, failed),
            ended.first_content_ms,
            total_ms,
            ended.proof,
            ended.status,
        )


@asynccontextmanager
async def _attempt(subject: Subject) -> AsyncGenerator[Attempt, None]:
    attempt = Attempt(subject.means, subject.route, deadline=subject.ends)
    try:
        yield attempt
    finally:
        attempt.close()


def _plain(model: str) -> str:
    """Return a model's name as it may be shown: it is the provider's word."""
    return _STRANGE.sub("?", model)[:_LONGEST_MODEL]


def _told(attempt: Attempt, failed: Failed | None) -> tuple[str, ...]:
    """Say what was seen, without a word of the provider's."""
    lines = [
        f"status {attempt.status}" if attempt.status is not None else "",
        f"request id {attempt.request_id}" if attempt.request_id else "",
        f"vouched for by: {attempt.proof}" if attempt.route.kind == "litellm" else "",
        f"adapted: {', '.join(attempt.adapted)}" if attempt.adapted else "",
        f"filtered: {failed.filtered}" if failed and failed.filtered else "",
        f"asked to wait {failed.retry_after_s:g} s" if failed and failed.retry_after_s is not None else "",
    ]
    return tuple(line for line in lines if line)


# ── the same answer, another cause: told apart by a second look ──

_CLOSED_TO_PUBLIC = frozenset({"azure.public_access_disabled", "azure.firewall"})
_SAYS_LITTLE = frozenset(
    {
        "unknown",
        "request.invalid",
        "provider.error",
        "provider.unavailable",
        "provider.rate_limited",
        "provider.not_json",
    }
)
"""What is left where no words are known."""
_MASKS = frozenset({"litellm.cooldown", "litellm.upstream_unreachable"})


async def _refined(subject: Subject, called: Called) -> Called:
    """Look again where one answer has several causes."""
    if called.cause is None:
        return called
    code = called.cause.code
    if code in _SAYS_LITTLE and (read := await _gist(subject)):
        called, code = _renamed(called, read, "named by the gist of words that are not known"), read
    if code in _MASKS:
        return replace(called, hidden=next(iter(subject.evidence.get("hidden", ())), ""))
    if code in _CLOSED_TO_PUBLIC and subject.path.way == "direct":
        return _renamed(called, _why_public(subject))
    if code == "azure.resource_not_found" and subject.path.way == "direct" and await _is_path_known(subject):
        return _renamed(called, "azure.model_retired", "the path answers for another deployment: this one's model is gone")
    return called


async def _gist(subject: Subject) -> str:
    """Ask once more, and return what the answer comes to; empty where it comes to nothing."""
    seen = await _refusal(subject, {"max_tokens": 16})
    return "" if seen is None or seen.status is None else gist.read(seen.route_kind, seen.status, seen.headers, seen.body)


def _renamed(called: Called, code: str, *evidence: str) -> Called:
    return replace(called, cause=CATALOGUE[code], evidence=(*called.evidence, *evidence)) if code else called


def _why_public(subject: Subject) -> str:
    """Return why a request arrived on the public side though a private one exists; empty where none does."""
    classes = {host.host: host.address_class for host in subject.hosts}
    is_private_here = classes.get(subject.route.origin[0]) in {"private", "allowed"}
    if subject.is_proxied and is_private_here:
        return "net.proxied_public"
    has_private_sibling = any(found in {"private", "allowed"} for found in classes.values())
    return "net.zone_missing" if has_private_sibling and not is_private_here else ""


async def _is_path_known(subject: Subject) -> bool:
    """Tell whether a deployment that cannot exist is refused by name: then path and api-version are right."""
    route, strange = subject.route, new_id("no")
    elsewhere = replace(route, url=route.url.replace(f"/deployments/{route.model}/", f"/deployments/{strange}/"), model=strange)
    _, cause = await _send(replace(subject, path=replace(subject.path, route=elsewhere)), {"max_tokens": 1})
    return cause is not None and cause.code == "azure.deployment_not_found"


def out_of_time(name: RungName) -> Rung:
    """Return a rung that the examination had no time for."""
    return findings.not_reached(name).model_copy(update={"evidence": ("the time of the examination ended before",)})


# ── the model ──


def model(subject: Subject, called: Called) -> Rung:
    """Say which model answers behind the deployment, when it ends, and whether its cost is known."""
    provider, answered = subject.path.provider, called.answer.model
    warnings: list[Finding] = []
    known: tuple[str, ...] = ()
    if answered and provider in {"azure", "openai"}:
        known = lifecycle.look(answered, "azure" if provider == "azure" else "openai")
        if provider == "azure" and (ending := lifecycle.judge(answered, subject.means.clock.now().date())) is not None:
            warnings.append(ending)
    if provider in {"azure", "openai"} and subject.route.price is None:
        priced = subject.path.serves or subject.route.name
        warnings.append(findings.finding("accounting.unpriced", f"no prices are set for {priced}"))
    return findings.passed("model", f"answered by {answered}" if answered else "not told", *known, warnings=tuple(warnings))


# ── parameters ──


async def parameters(subject: Subject) -> Rung:
    """Try the parameters that the application sends, each by itself; refused ones are adapted and worth knowing."""
    if subject.path.way == "litellm":
        return findings.passed("parameters", "tried on the direct path")
    if subject.route.is_slow:
        return findings.passed("parameters", "not tried: this route is slow by nature")
    lines: list[str] = []
    warnings: list[Finding] = []
    tried = await asyncio.gather(*(_send(subject, more) for _, more in _TRIED))
    for (name, _), (status, cause) in zip(_TRIED, tried, strict=True):
        if cause is None:
            lines.append(f"{name}: taken")
        elif cause.code in _ABOUT_PARAMETERS:
            lines.append(f"{name}: refused with {status}")
            warnings.append(
                findings.finding(_about(cause, subject), f"{name} is refused by the deployment {subject.route.model}")
            )
        else:
            lines.append(f"{name}: not tried ({cause.code})")
    return findings.passed("parameters", *lines, warnings=tuple(warnings))


def _about(cause: Cause, subject: Subject) -> str:
    if cause.code != "request.invalid":
        return cause.code
    return "azure.parameter" if subject.route.kind == "azure" else "provider.parameter"


async def _send(subject: Subject, more: JsonObject) -> tuple[int | None, Cause | None]:
    """Send a body as it stands, nothing adapted; return the status, and the cause of a refusal."""
    seen = await _refusal(subject, more)
    return (legs.OK, None) if seen is None else (seen.status, causes.classify(seen))


async def _refusal(subject: Subject, more: JsonObject) -> Evidence | None:
    """Send a body as it stands, and return what was seen of its failure in time; None where it was answered."""
    left_s = max(0.0, min(subject.route.first_content_s, subject.left_s))
    try:
        async with asyncio.timeout(left_s):
            return await _sent(subject, more)
    except TimeoutError:
        return Evidence(route_kind=subject.route.kind, symptom="stream.silent")


async def _sent(subject: Subject, more: JsonObject) -> Evidence | None:
    body: JsonObject = {**_PLAIN.body, "model": subject.route.model, "stream": False}
    body.pop("max_tokens", None)
    body.pop("temperature", None)
    kind = subject.route.kind
    try:
        response = await subject.means.legs.post(subject.route, wire.as_json({**body, **more}), {})
        try:
            if response.status == legs.OK:
                return None
            said = await legs.error_body(response)
        finally:
            response.close()
    except (aiohttp.ClientError, OSError, TokenFailed) as error:
        return Evidence(route_kind=kind, exceptions=legs.exception_chain(error))
    return Evidence(route_kind=kind, status=response.status, headers=dict(response.headers), body=said)


async def tools(subject: Subject) -> Rung:
    """Ask for a tool call, which every answer from a sheet stands on."""
    called = await _call(subject, _WITH_TOOL)
    if called.is_out_of_time:
        return out_of_time("tools")
    if called.cause is not None:
        return findings.broken("tools", called.finding(subject), *called.evidence)
    if not called.answer.called_tool:
        found = findings.finding("model.no_tool_call", f"{called.answer.model or subject.route.model} answered in words")
        return findings.passed("tools", *called.evidence, warnings=(found,))
    return findings.passed("tools", "called the tool", *called.evidence)


async def speed(subject: Subject, first: Called, probes: int) -> Speed:
    """Ask for a word some more times, while there is time, and return the medians; the call before counts as the first."""
    seen: Sequence[Called] = (first,)
    while len(seen) < probes and not subject.route.is_slow and subject.left_s > 2 * first.total_ms / 1000:
        seen = (*seen, await _call(subject, _PLAIN))
    counted = [one for one in seen if not one.is_out_of_time]
    good = [one for one in counted if one.cause is None]
    firsts = [one.first_content_ms for one in good if one.first_content_ms is not None]
    return Speed(
        probes=len(counted),
        failed=len(counted) - len(good),
        first_content_ms=round(statistics.median(firsts)) if firsts else None,
        total_ms=round(statistics.median(one.total_ms for one in good)) if good else None,
    )
