"""The attributes of attempts, built once per deployment and answering model and used again for each attempt."""

from collections.abc import Mapping

from chatsheet.telemetry import values
from chatsheet.telemetry.values import ANSWERED, OTHER

_MOST_MODELS = 16
_MOST_OUTCOMES = 128


class Answer:
    """The attributes of metrics once it is known which model answered."""

    __slots__ = ("_ended", "_where", "common", "input", "model", "output")

    def __init__(self, model: str, common: Mapping[str, str], where: Mapping[str, str | int]) -> None:
        self.model = model
        self.common: Mapping[str, str] = {**common, "gen_ai.response.model": model} if model else common
        self.input: Mapping[str, str] = {**self.common, "gen_ai.token.type": "input"}
        self.output: Mapping[str, str] = {**self.common, "gen_ai.token.type": "output"}
        self._where = where
        self._ended: dict[str, Mapping[str, str | int]] = {}

    def ended(self, outcome: str) -> Mapping[str, str | int]:
        """Return the attributes of an attempt's duration, with `error.type` where it failed."""
        found = self._ended.get(outcome)
        if found is None:
            error = {} if outcome == ANSWERED else {"error.type": outcome}
            found = {**self.common, **self._where, **error}
            if len(self._ended) < _MOST_OUTCOMES:
                self._ended[outcome] = found
        return found


class Target:
    """What is the same for all attempts at one deployment."""

    __slots__ = ("_answers", "_common", "_other", "_where", "labels", "route", "span_name", "started")

    def __init__(self, *, route: str, kind: str, model: str, server: str, port: int) -> None:
        self.route = route
        self.labels = (route, model)
        self.span_name = f"chat {model}"
        self._common: Mapping[str, str] = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": values.provider(kind),
            "gen_ai.request.model": model,
            "chatsheet.llm.route": route,
        }
        self._where: Mapping[str, str | int] = {"server.address": server, "server.port": port}
        self.started: Mapping[str, str | int] = {**self._common, **self._where}
        self._answers: dict[str, Answer] = {}
        self._other = Answer(OTHER, self._common, self._where)

    def answer(self, response_model: str) -> Answer:
        """Return the attributes for a model that answered; a server that names ever new ones gets `_OTHER` for the rest."""
        found = self._answers.get(response_model)
        if found is not None:
            return found
        if len(self._answers) >= _MOST_MODELS:
            return self._other
        answer = Answer(values.name(response_model), self._common, self._where)
        self._answers[response_model] = answer
        return answer
