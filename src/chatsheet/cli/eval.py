"""`chatsheet eval PACK`: known questions through the real chain; a line per question on stderr, the scorecard on stdout."""

import asyncio
import sys
import tempfile
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from ipaddress import ip_address
from pathlib import Path
from typing import TypedDict, Unpack
from urllib.parse import urlsplit

import click

from chatsheet.chat.loop import Limits
from chatsheet.cli.main import Options
from chatsheet.core import ids, loose, secret
from chatsheet.core.errors import BadInput
from chatsheet.core.settings import AzureRoute, LitellmRoute, LlmSettings, RouteSettings, Settings, TelemetrySettings
from chatsheet.evals import contexts, pack, results, scorecard, scripted
from chatsheet.evals.asking import Examiner, Nobody, Rehearser
from chatsheet.evals.model import CONTEXTS, Context, Mark
from chatsheet.evals.pack import Pack
from chatsheet.evals.results import Head, Results
from chatsheet.simulator import weights
from chatsheet.simulator.brain import Brain
from chatsheet.simulator.brains.scripted import ScriptedBrain
from chatsheet.simulator.server import Simulator
from chatsheet.simulator.serving import serving
from chatsheet.wiring import open_services

_CALLS = 2
"""Model calls that most questions take: the query, and the answer."""
_LOCAL_BUDGET_TOKENS = 1_500
_LOCAL_S = 1_800.0
_LOCAL_STEPS = 8
_SCRIPTED = "scripted replies, no model"


class QuestionUnknown(BadInput):
    """A question that was named is not in the pack."""

    code = "eval.question_unknown"


class ConsentNeeded(BadInput):
    """The run would spend money, and nobody is there to ask."""

    code = "eval.consent_needed"


class _Options(TypedDict):
    pack: str
    route: str | None
    is_scripted: bool
    is_local: bool
    as_json: bool
    only: tuple[str, ...]
    ablation: bool
    context: Context
    results: Path | None
    baseline: Path | None
    show: bool
    yes: bool


@click.command("eval")
@click.argument("pack", metavar="PACK")
@click.option("--route", help="Ask this route of the settings alone.")
@click.option(
    "--scripted", "is_scripted", is_flag=True, help="Let a script answer: engine, grounding, refusal and repair, offline."
)
@click.option("--local", "is_local", is_flag=True, help="Let the offline model answer: see `model pull`.")
@click.option("--only", metavar="ID", multiple=True, help="Ask this question, after those it follows on; may be repeated.")
@click.option("--context", type=click.Choice(CONTEXTS), default="cards", show_default=True, help="What the model is told.")
@click.option("--ablation", is_flag=True, help="Ask in every context, and print them side by side.")
@click.option(
    "--results", type=click.Path(path_type=Path, dir_okay=False), help="Keep answers here, and go on with what is there."
)
@click.option(
    "--baseline", type=click.Path(path_type=Path, dir_okay=False), help="Fail where these results were right and now are not."
)
@click.option("--show", is_flag=True, help="Print what the results hold so far, and ask nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before paid routes are called.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def command(options: Options, **chosen: Unpack[_Options]) -> int:
    """Score the answers to PACK, a folder with a pack.toml or a shipped pack such as `office`.

    Exit code 1: something that was right in the baseline is not any more, or a scripted answer was not handled as it must be.
    """
    if chosen["is_scripted"] + chosen["is_local"] + (chosen["route"] is not None) > 1:
        raise click.UsageError("--scripted, --local and --route exclude each other.")
    if chosen["show"] and chosen["results"] is None:
        raise click.UsageError("--show needs --results.")
    loaded = pack.load(chosen["pack"])
    if unknown := set(chosen["only"]) - {question.id for question in loaded.questions}:
        raise QuestionUnknown(f"{loaded.name} has no question {', '.join(sorted(unknown))}.", fix="see its pack.toml.")
    before = results.read(chosen["baseline"])[1] if chosen["baseline"] is not None else []
    run = _Run(options, loaded, chosen, before)
    if chosen["show"] and chosen["results"] is not None:
        return run.report(*results.read(chosen["results"]))
    return asyncio.run(run.run())


class _Run:
    """One evaluation: who answers, what is asked, what is kept."""

    def __init__(self, options: Options, loaded: Pack, chosen: _Options, before: Sequence[Mark]) -> None:
        self._options = options
        self._pack = loaded
        self._chosen = chosen
        self._before = before
        self._contexts = CONTEXTS if chosen["ablation"] else (chosen["context"],)
        self._conversations = list(loaded.conversations(chosen["only"]))
        self._limits: Limits | None = None
        self._rehearser: Rehearser = Nobody()
        self._answered_by = _SCRIPTED

    async def run(self) -> int:
        """Ask what is not yet answered, print the scorecard, and return the exit code."""
        with tempfile.TemporaryDirectory(prefix="chatsheet-eval-") as folder:
            async with self._answering(Path(folder)) as settings:
                kept = self._results(Path(folder))
                for context in self._contexts:
                    await self._ask(settings, context, kept)
        return self.report(kept.head, kept.marks)

    @asynccontextmanager
    async def _answering(self, folder: Path) -> AsyncGenerator[Settings, None]:
        """Yield settings that lead to whoever answers."""
        if self._chosen["is_scripted"]:
            brain = ScriptedBrain()
            self._rehearser = scripted.Script(brain, self._pack)
            async with _simulated(brain, folder) as settings:
                yield settings
        elif self._chosen["is_local"]:
            from chatsheet.simulator.brains.local import LocalBrain  # noqa: PLC0415  loads the model's own library

            limited = f"{_LOCAL_BUDGET_TOKENS} tokens of prompt, {_LOCAL_STEPS} steps"
            self._answered_by = f"{weights.NAME} on this machine, {limited}"
            self._limits = Limits(model_steps=_LOCAL_STEPS, seconds=2 * _LOCAL_S)  # a busy machine says nothing about the model
            async with _simulated(LocalBrain(None), folder, budget_tokens=_LOCAL_BUDGET_TOKENS) as settings:
                yield settings
        else:
            route = self._chosen["route"]
            settings = self._options.settings(llm__routes=None if route is None else (route,))
            self._answered_by = f"routes {', '.join(settings.llm.routes)}, asked for {settings.llm.model}"
            self._consent(settings)
            asked_anew = settings.cache.model_copy(update={"model_replies": False})
            yield settings.model_copy(update={"cache": asked_anew})

    def _consent(self, settings: Settings) -> None:
        """Ask before money is spent."""
        questions = len(self._contexts) * sum(map(len, self._conversations))
        paid = sorted(set(_paid(settings.llm, settings.llm.routes)))
        if not paid or self._chosen["yes"]:
            return
        calls = f"{questions} questions, some {_CALLS * questions} model calls and at most {Limits().model_steps * questions}"
        if not sys.stdin.isatty():
            raise ConsentNeeded(f"{calls}, would go to {', '.join(paid)}.", fix="say --yes, or --scripted or --local.")
        click.confirm(f"{calls}, go to {', '.join(paid)}. Ask them?", abort=True, err=True)

    def _results(self, folder: Path) -> Results:
        today = date.today()  # noqa: DTZ011  the day where the person is
        head = Head(pack=self._pack.name, pack_sha256=self._pack.sha256, answered_by=self._answered_by, begun=today)
        return Results(self._chosen["results"] or folder / "results.jsonl", head)

    async def _ask(self, settings: Settings, context: Context, kept: Results) -> None:
        done = {mark.id for mark in kept.marks if mark.context == context}
        left = [one for one in self._conversations if any(question.id not in done for question in one)]
        if not left:
            return
        shape = contexts.shape(context, self._pack)
        async with open_services(settings, has_page=False, limits=self._limits, shape=shape) as services:
            examiner = Examiner(
                library=services.library, chats=services.chats, pack=self._pack, context=context, rehearser=self._rehearser
            )
            for conversation in left:
                async for mark in examiner.ask(conversation):
                    kept.add(mark)
                    click.echo(_line(mark), err=True)

    def report(self, head: Head, kept: Sequence[Mark]) -> int:
        """Print the scorecard of what was asked for, and return the exit code."""
        shown = CONTEXTS if self._chosen["show"] else self._contexts
        marks, before = self._asked(kept, shown), self._asked(self._before, shown)
        lost = scorecard.regressions(marks, before)
        failed = lost or (self._chosen["is_scripted"] and not all(mark.is_right for mark in marks))
        models = sorted({mark.model for mark in marks} - {""})
        about = [
            f"pack {self._pack.name}, frozen {self._pack.frozen}, {self._pack.sha256[:12]}; answers from {head.begun}",
            f"answered by {head.answered_by}; the model called itself {', '.join(models) or 'nothing'}",
            *([f"**no longer right: {', '.join(lost)}**"] if lost else []),
        ]
        if self._chosen["as_json"]:
            figures = {one: scorecard.figures([m for m in marks if m.context == one]) for one in shown}
            dumped = [mark.model_dump(mode="json") for mark in marks]
            click.echo(loose.dumps({"about": about, "figures": figures, "regressions": lost, "marks": dumped}))
        else:
            click.echo(scorecard.page(marks, about=about, total=len(self._pack.questions)), nl=False)
        return 1 if failed else 0

    def _asked(self, marks: Sequence[Mark], shown: Sequence[Context]) -> list[Mark]:
        """Return the marks of the questions and contexts that this run is about, in the pack's order."""
        asked = {question.id for conversation in self._conversations for question in conversation}
        places = {question.id: place for place, question in enumerate(self._pack.questions)}
        known = [mark for mark in marks if mark.id in asked and mark.context in shown]
        return sorted(known, key=lambda mark: places[mark.id])


@asynccontextmanager
async def _simulated(brain: Brain, folder: Path, *, budget_tokens: int | None = None) -> AsyncGenerator[Settings, None]:
    """Serve a brain behind the simulator's wire, and yield settings whose only route leads there."""
    key = ids.new_key()
    simulator = Simulator(brain=brain, key=key, control_key=ids.new_key(), deployments={scripted.DEPLOYMENT})
    async with brain, serving(simulator.wire_app()) as port:
        route = AzureRoute(
            kind="azure",
            endpoint=f"http://127.0.0.1:{port}",
            deployment=scripted.DEPLOYMENT,
            key=secret.literal(key),
            prompt_budget_tokens=budget_tokens,
        )
        llm = LlmSettings(
            routes=("simulator",), route={"simulator": route}, deadline_s=_LOCAL_S, first_content_s=_LOCAL_S, idle_s=_LOCAL_S
        )
        yield Settings(data=folder / "data", llm=llm, telemetry=TelemetrySettings(metrics=False))


def _paid(llm: LlmSettings, names: Sequence[str]) -> Iterator[str]:
    """Yield the routes that lead off this machine or have a price."""
    for name in names:
        route = llm.route[name]
        if isinstance(route, LitellmRoute) and route.serves:
            yield from _paid(llm, route.serves)
        elif route.input_price or not _is_loopback(_address(route)):
            yield name


def _address(route: RouteSettings) -> str:
    return route.endpoint if isinstance(route, AzureRoute) else route.base_url


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _line(mark: Mark) -> str:
    sign = "+" if mark.is_right else "-"
    return f"{sign} {mark.id} ({mark.context}): {mark.verdict}{f', {mark.why}' if mark.why else ''}; {mark.seconds:.1f} s"
