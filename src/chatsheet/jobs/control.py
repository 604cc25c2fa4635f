"""Whether what a person wants of a job makes sense beyond its state: by its kind, and by what was done of it. Pure."""

from chatsheet.jobs import states
from chatsheet.jobs.model import AiColumn, Job
from chatsheet.jobs.states import JobNotSo, Verb


def check(job: Job, verb: Verb, *, changed: bool = False) -> None:
    """Raise JobNotSo for what a job cannot be told; `changed`: to ask rows that changed since."""
    states.step(job.state, verb)
    match verb:
        case "sample" if not job.is_unasked:
            raise JobNotSo("the sample of this job is asked already, or needs no asking.", fix="look at it.")
        case "start" if job.is_unasked:
            raise JobNotSo("nothing of this draft was asked yet.", fix="ask for its sample first.")
        case "retry":
            _check_retry(job, changed=changed)
        case _:
            pass


def _check_retry(job: Job, *, changed: bool) -> None:
    if not job.is_settled:
        raise JobNotSo("what is done is being put into the sheet.", fix="try again in a moment.")
    if job.started_at is None:
        raise JobNotSo("the job was never started: there is nothing to ask again.", fix="make a new draft.")
    if isinstance(job.order, AiColumn):
        return
    if changed:
        raise JobNotSo("only a column that a model fills knows which rows changed.", fix="make a new draft.")
    if job.state == "completed" or job.result_version:
        raise JobNotSo("the job is done: once more would be done twice.", fix="make a new draft.")
