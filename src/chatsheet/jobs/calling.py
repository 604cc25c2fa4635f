"""One call for one row: what the model said, or why it did not, as what is to be written."""

from contextlib import aclosing
from dataclasses import dataclass, field, replace

from chatsheet.core.acts import NOTHING, Spent
from chatsheet.core.errors import ChatSheetError
from chatsheet.jobs import asking, pace
from chatsheet.jobs.asking import AnswerInvalid
from chatsheet.jobs.ledger import Outcome, Taken
from chatsheet.jobs.model import JobProblem
from chatsheet.jobs.pace import GiveUp
from chatsheet.jobs.store import Known
from chatsheet.llm import metering
from chatsheet.llm.gateway import Gateway, NoRouteAnswered, NotConfigured, RequestRefused
from chatsheet.llm.model import Allowance, ChatRequest, Finished, Reply

_CAPACITY = "capacity"
_LONGEST_MODEL = 255
_MOST_TOKENS = 2**31 - 1
"""What a provider says is kept as far as the columns of the ledger hold it."""


@dataclass(frozen=True, slots=True)
class Called:
    """What came of a row, what it took, and what it says of the routes."""

    known: Known
    outcome: Outcome
    spent: Spent = NOTHING
    cause: str = ""
    """Why there is no answer; empty where there is one, or nobody waited for it."""
    is_answer: bool = False
    is_refused: bool = False
    is_throttled: bool = False
    retry_after_s: float | None = None
    allowance: Allowance | None = None

    def judged(self, *, is_outage: bool) -> "Called":
        """Return it with what becomes of a row that failed."""
        taken, tries = self.outcome.taken, self.outcome.taken.tries
        next_ = pace.after_failure(tries=tries, is_refused=self.is_refused, is_throttled=self.is_throttled, is_outage=is_outage)
        if isinstance(next_, GiveUp):
            return replace(self, outcome=replace(self.outcome, taken=taken, state="failed", tries=tries + 1))
        counted = tries + 1 if next_.is_counted else tries
        return replace(self, outcome=replace(self.outcome, state="open", tries=counted, wait_s=next_.after_s))


@dataclass(slots=True)
class Caller:
    """Asks the gateway."""

    gateway: Gateway
    left: dict[int, Spent] = field(default_factory=dict[int, Spent])
    """What calls took that were left before their end, by the id of what was taken."""

    async def ask(self, known: Known, taken: Taken) -> Called:
        """Return what came of asking; a cancellation leaves in `left` what was spent."""
        job = known.job
        inputs = dict(zip(asking.places(job.asked.template), (text or "" for text in taken.inputs), strict=False))
        request = asking.request(job.asked, inputs, tenant=known.workspace_id, tries=taken.tries)
        failed = Outcome(taken=taken, state="open")
        try:
            reply = await self._reply(request, taken)
        except (NoRouteAnswered, RequestRefused) as error:
            problem = JobProblem(code=error.cause.code, what=error.what)
            is_refused = isinstance(error, RequestRefused)
            return Called(
                known,
                replace(failed, problem=problem),
                spent=error.spent,
                cause=error.cause.code,
                is_refused=is_refused,
                is_throttled=error.cause.layer == _CAPACITY and not is_refused,
                retry_after_s=None if isinstance(error, RequestRefused) else error.retry_after_s,
            )
        except NotConfigured as error:
            return Called(known, replace(failed, problem=_problem(error)), cause=error.code)
        said = replace(
            failed,
            model=reply.model[:_LONGEST_MODEL],
            route=reply.route,
            input_tokens=min(reply.usage.input_tokens, _MOST_TOKENS),
            output_tokens=min(reply.usage.output_tokens, _MOST_TOKENS),
            cost=reply.cost,
            milliseconds=reply.trail.attempts[-1].milliseconds if reply.trail.attempts else 0,
        )
        try:
            read = asking.read(job.asked, reply)
        except AnswerInvalid as error:
            return Called(known, replace(said, problem=_problem(error)), spent=reply.spent, cause=error.code)
        done = replace(said, state="done", value=read.value, confidence=read.confidence, reason=read.reason, tries=taken.tries)
        return Called(known, done, spent=reply.spent, is_answer=True, allowance=reply.allowance)

    async def _reply(self, request: ChatRequest, taken: Taken) -> Reply:
        async def left(spent: Spent) -> None:
            self.left[id(taken)] = spent

        async with aclosing(metering.stream(self.gateway, request, left)) as events:
            async for event in events:
                if type(event) is Finished:
                    return event.reply
        raise AssertionError("a stream ends with Finished or an error")


def _problem(error: ChatSheetError) -> JobProblem:
    return JobProblem(code=error.code, what=error.what)
