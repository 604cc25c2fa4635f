"""One try at one route: sends the request, reads the stream under its time limits, and judges whether it is an answer.

Through our LiteLLM the egress's record is believed over LiteLLM's words.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import aiohttp

from chatsheet.core.clock import Clock
from chatsheet.core.ids import new_id
from chatsheet.core.loose import JsonObject
from chatsheet.llm import allowance, causes, legs, retry_after, wire
from chatsheet.llm import model as values
from chatsheet.llm.causes import CATALOGUE, Cause, Evidence
from chatsheet.llm.collect import Collected, Delta
from chatsheet.llm.credentials import TokenFailed
from chatsheet.llm.legs import OK, Legs
from chatsheet.llm.records import Record
from chatsheet.llm.routes import Route

_MOST_UNNAMED = 50
_LEAST_RECORD_S = 0.1  # also past the deadline: an answer that is there must still be verified
_MOST_RECORD_S = 1.0


class RecordReader(Protocol):
    """Where an attempt asks what the egress saw, and whether the LiteLLM that we run is there at all."""

    def is_ready(self) -> bool: ...
    def litellm_pid(self) -> int | None: ...
    async def get(self, attempt: str, *, wait: bool = True) -> Record | None: ...
    async def abandon(self, attempt: str) -> None: ...


class Failed(Exception):
    """An attempt that ended without a whole answer."""

    def __init__(self, cause: Cause, *, filtered: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(cause.code)
        self.cause = cause
        self.filtered = filtered
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Means:
    """What every attempt of a gateway uses, and the evidence of failures that nobody could name."""

    legs: Legs
    records: RecordReader
    clock: Clock
    unnamed: deque[tuple[str, Evidence]] = field(default_factory=lambda: deque[tuple[str, Evidence]](maxlen=_MOST_UNNAMED))


class Attempt:
    """One try, from its request to its verdict; `close` ends the upstream call wherever it stands."""

    def __init__(self, means: Means, route: Route, *, deadline: float, remembered: str = "") -> None:
        self.route = route
        self._id = ""
        self.started = means.clock.monotonic()
        self.first_content: float | None = None
        self.status: int | None = None
        self.request_id: str | None = None
        self.proof: values.Proof = "unverified" if route.kind == "litellm" else "direct"
        self.adapted: tuple[str, ...] = ()
        self.allowance: values.Allowance | None = None
        self.is_rushed = False
        """Given less time than its limit, because the deadline is near: silence says nothing then."""
        self.collected = Collected()
        self._means = means
        self._deadline = deadline
        self._remembered = remembered
        self._decoder = wire.EventDecoder()
        self._response: aiohttp.ClientResponse | None = None
        self._watch: _Watch | None = None
        self._is_over = False

    @property
    def id(self) -> str:
        """What our egress records the attempt under; made when it is first asked for."""
        self._id = self._id or new_id("att")
        return self._id

    async def open(self, body: JsonObject, headers: Mapping[str, str], first_content_s: float) -> list[Delta]:
        """Send the request and return the first content; raises Failed."""
        if self.route.is_ours and not self._means.records.is_ready():
            # its port may be anybody's while it is down: neither key nor prompt goes there
            raise Failed(CATALOGUE["litellm.down"])
        limit = min(self.started + first_content_s, self._deadline)
        self._watch = watch = _Watch(limit, self._means.clock, self.route.idle_s, self._deadline)
        try:
            with watch:
                watch.response = await self._send(body, headers)
        except (aiohttp.ClientError, OSError, TokenFailed) as error:  # TimeoutError is an OSError
            raise await self._broken(error) from None
        except (TypeError, UnicodeEncodeError):  # a value that no JSON has, from a caller of ours
            raise Failed(CATALOGUE["request.invalid"]) from None
        return await self.more()

    async def _send(self, body: JsonObject, headers: Mapping[str, str]) -> aiohttp.ClientResponse:
        """Return the response that streams; raises Failed for any other."""
        answer = await self._means.legs.ask(self.route, body, headers)
        self._response = response = answer.response
        self.adapted, self.status, self.request_id = answer.adapted, response.status, answer.request_id
        if response.status != OK:
            raise await self._refused(response, answer.said)
        self.allowance = allowance.read(response.headers)
        if response.content_type == "text/html":
            raise await self._failure(symptom="provider.not_json")
        return response

    async def more(self) -> list[Delta]:
        """Return what came next of the answer, or an empty list at its end; raises Failed."""
        response, watch = self._response, self._watch
        if response is None or watch is None:
            raise AssertionError("an attempt is opened before it is read")
        deltas: list[Delta] = []
        collected = self.collected
        if self.first_content is not None:
            # counted from here: while the caller is busy nobody reads
            watch.go_on(min(self._means.clock.monotonic() + self.route.idle_s, self._deadline))
        while not deltas:
            if self._is_over or collected.problem:
                return deltas
            try:
                data = await response.content.readany()
            except (aiohttp.ClientError, OSError) as error:
                raise await self._broken(error) from None
            is_said = self._take(data, deltas)
            if self.first_content is None:
                if deltas:
                    self.first_content = self._means.clock.monotonic()
            elif is_said:
                watch.until = min(self._means.clock.monotonic() + self.route.idle_s, self._deadline)
        watch.pause()
        return deltas

    def _take(self, data: bytes, deltas: list[Delta]) -> bool:
        """Read what arrived; tell whether it says anything: a comment is no sign of progress."""
        collected = self.collected
        if not data:
            self._is_over = True
            return True
        try:
            events = self._decoder.feed(data)
        except OverflowError:
            collected.problem = "stream.malformed"
            return True
        if self._decoder.is_page:
            collected.problem = "provider.not_json"
            return True
        for event in events:
            collected.take(event, deltas)
            if collected.problem or collected.is_done:
                self._is_over = True
                break
        return bool(events)

    async def judge(self) -> None:
        """Return for a whole answer; raises Failed for anything else."""
        collected = self.collected
        if verdict := collected.verdict():
            failed = await self._failure(symptom=verdict, body=collected.error_body, filtered=collected.filtered)
            if failed.retry_after_s is None:
                failed.retry_after_s = retry_after.read({}, collected.error_body, self._means.clock.now())
            raise failed
        if self.route.is_ours:
            await self._verify()
        if self._response is not None:
            self._means.legs.finish(self._response)
            self._response = None

    async def _verify(self) -> None:
        """Hold LiteLLM's word against the egress's record: what the provider did not finish is not an answer."""
        record = await self._record()
        if record is None:
            raise Failed(CATALOGUE["litellm.no_record"])
        if record.end != "complete":
            raise Failed(CATALOGUE[record.cause or "stream.cut"], filtered=record.filtered)
        # also where the provider said nothing: LiteLLM makes up usage, and names its alias
        self.collected.model = record.model
        self.collected.usage = record.usage
        self.collected.finish_reason = record.finish_reason

    def break_off(self) -> None:
        """Let whoever reads the answer fail at once."""
        if self._response is not None:
            self._response.content.set_exception(aiohttp.ClientConnectionError("the gateway was closed"))

    def close(self) -> None:
        """End the call; what is still open upstream is cancelled by it."""
        if self._watch is not None:
            self._watch.end()
        if self._response is not None:
            self._response.close()

    def ended(self, cause: str | None) -> values.Attempt:
        """Return the attempt as the trail keeps it."""
        first = self.first_content
        return values.Attempt(
            route=self.route.name,
            cause=cause,
            proof=self.proof,
            status=self.status,
            milliseconds=round((self._means.clock.monotonic() - self.started) * 1000),
            first_content_ms=None if first is None else round((first - self.started) * 1000),
            request_id=self.request_id,
            adapted=self.adapted,
        )

    # ── why it failed ──

    async def _broken(self, error: Exception) -> Failed:
        """Name an exception; our own limits, and an end after content, only we can see."""
        is_timeout = isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ClientError)
        if is_timeout and self._means.clock.monotonic() >= self._deadline:
            return await self._failure(symptom="deadline.exceeded", wait=False)
        if self.first_content is not None:
            return await self._failure(symptom="stream.stalled" if is_timeout else "stream.cut", wait=not is_timeout)
        return await self._failure(exceptions=legs.exception_chain(error), wait=False)

    async def _refused(self, response: aiohttp.ClientResponse, said: str) -> Failed:
        headers = dict(response.headers)
        failed = await self._failure(body=said, headers=headers)
        if failed.retry_after_s is None:
            failed.retry_after_s = retry_after.read(headers, said, self._means.clock.now())
        if failed.cause.code == "azure.token_rejected":
            self._means.legs.reject_token(self.route)
        return failed

    async def _failure(
        self,
        *,
        exceptions: tuple[str, ...] = (),
        symptom: str = "",
        body: str = "",
        headers: Mapping[str, str] | None = None,
        filtered: str = "",
        wait: bool = True,
    ) -> Failed:
        """Name why the attempt failed; where our egress saw the provider fail, that is the cause."""
        record = await self._record(wait=wait) if self.route.is_ours else None
        if record is not None and record.cause is not None:
            return Failed(CATALOGUE[record.cause], filtered=record.filtered, retry_after_s=record.retry_after_s)
        evidence = Evidence(
            route_kind=self.route.kind,
            status=self.status,
            headers=headers or (dict(self._response.headers) if self._response is not None else {}),
            body=body,
            exceptions=exceptions,
            symptom=symptom,
            remembered=self._remembered,
            key_sent=self.route.key is not None,
        )
        cause = causes.classify(evidence)
        if cause.code == "unknown":
            self._means.unnamed.append((self.route.name, evidence))
        return Failed(cause, filtered=filtered or causes.filter_category(body))

    async def _record(self, *, wait: bool = True) -> Record | None:
        limit_s = max(_LEAST_RECORD_S, min(_MOST_RECORD_S, self._deadline - self._means.clock.monotonic()))
        try:
            async with asyncio.timeout(limit_s):
                record = await self._means.records.get(self.id, wait=wait)
        except TimeoutError:
            return None
        if record is not None:
            self.proof = "egress"
            self.status = record.status
            self.request_id = record.request_id
            self.adapted = tuple(dict.fromkeys((*record.adapted, *self.adapted)))
        return record


class _Watch:
    """Ends an attempt whose next content is late; one timer, moved on by setting `until`.

    While the request is sent it is entered, and cancels the task as asyncio.timeout does; then it breaks the response off.
    """

    __slots__ = (
        "_at",
        "_cancelling",
        "_clock",
        "_deadline",
        "_handle",
        "_idle_s",
        "_is_late",
        "_is_paused",
        "_task",
        "response",
        "until",
    )

    def __init__(self, until: float, clock: Clock, idle_s: float, deadline: float) -> None:
        self.response: aiohttp.ClientResponse | None = None
        self._deadline = deadline
        self.until = until
        self._clock = clock
        self._idle_s = idle_s
        self._is_paused = False
        self._is_late = False
        self._task: asyncio.Task[object] | None = None
        self._cancelling = 0
        self._handle = self._set(until)

    def __enter__(self) -> None:
        self._task = asyncio.current_task()
        self._cancelling = self._task.cancelling() if self._task else 0

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        task, self._task = self._task, None
        if self._is_late and task is not None and task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError

    def _set(self, until: float) -> asyncio.TimerHandle:
        self._at = until
        return asyncio.get_running_loop().call_later(max(0.0, until - self._clock.monotonic()), self._look)

    def _look(self) -> None:
        now = self._clock.monotonic()
        if now >= self._deadline and self.response is not None:
            # also while the caller takes its time: nothing is held open past the deadline
            self.response.content.set_exception(TimeoutError())
            self.response.close()
        elif self._is_paused:
            self._handle = self._set(min(now + self._idle_s, self._deadline))
        elif now < self.until:
            self._handle = self._set(self.until)
        elif self.response is not None:
            self.response.content.set_exception(TimeoutError())
        elif self._task is not None:
            self._is_late = True
            self._task.cancel()

    def pause(self) -> None:
        """Let the caller take its time."""
        self._is_paused = True

    def go_on(self, until: float) -> None:
        """Set the next limit, also one earlier than the last."""
        self.until, self._is_paused = until, False
        if until < self._at:
            self._handle.cancel()
            self._handle = self._set(until)

    def end(self) -> None:
        self._handle.cancel()
