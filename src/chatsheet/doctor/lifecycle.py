"""When the model behind a deployment ends, and what follows it, by a dated table of what providers published. Pure."""

import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from importlib import resources
from itertools import groupby
from typing import Literal

from pydantic import BaseModel, ConfigDict

from chatsheet.doctor.findings import finding
from chatsheet.doctor.model import Finding

Seller = Literal["azure", "openai"]

WARN_DAYS = 60
"""Azure tells its own customers as early."""
_SIMULATED = "-simulated"
_SELLERS: dict[Seller, str] = {"azure": "on Azure", "openai": "at OpenAI"}


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Version(_Frozen):
    """One version of a model; without `retires` nobody has published a date that we could find."""

    name: str
    version: str
    released: date
    retires: date | None = None
    successor: str = ""
    source: str

    @property
    def answers_as(self) -> str:
        """What the provider writes into its answers."""
        return f"{self.name}-{self.version}"


class Table(_Frozen):
    """What was known on the day `checked`."""

    checked: date
    sources: Mapping[str, str]
    models: Mapping[Seller, tuple[Version, ...]]

    def find(self, model: str, seller: Seller) -> tuple[Version, ...]:
        """Return the version that a model's name means; all of them for a name without a version."""
        asked = _plain(model)
        rows = self.models[seller]
        return tuple(r for r in rows if r.answers_as == asked) or tuple(r for r in rows if r.name == asked)


@cache
def table() -> Table:
    """Return the table that comes with this release."""
    text = resources.files("chatsheet.doctor").joinpath("models.toml").read_text(encoding="utf-8")
    return Table.model_validate(tomllib.loads(text))


def judge(model_answered: str, today: date, *, known: Table | None = None) -> Finding | None:
    """Return what is to be said of a model on Azure whose end is past or less than 60 days away."""
    known = known or table()
    rows = [row for row in known.find(_real(model_answered, known, "azure"), "azure") if row.retires is not None]
    if not any((row.retires or today).toordinal() - today.toordinal() <= WARN_DAYS for row in rows):
        return None
    successor = next((row.successor for row in reversed(rows) if row.successor), "")
    ends = "; ".join(_ends(group, today) for group in _by_date(rows))
    unsaid = "" if len(rows) == 1 else " (which version answers was not told)"
    fix = f"deploy {successor} beside it, compare the answers, and change the deployment's name in settings"
    return finding("azure.model_retiring", f"{rows[0].name}{unsaid}: {ends}", fix=fix if successor else "")


def look(model_answered: str, seller: Seller = "azure", *, known: Table | None = None) -> tuple[str, ...]:
    """Return what is known of a model, as lines of evidence."""
    known = known or table()
    model = _real(model_answered, known, seller)
    told = () if model == model_answered else ("a simulator answers under this model's name",)
    rows = known.find(model, seller)
    if not rows:
        return (*told, f"not in our table of {known.checked}")
    return (*told, *(_line(row, _SELLERS[seller], known.checked) for row in rows))


def _line(row: Version, where: str, checked: date) -> str:
    end = f"retires {row.retires} {where}" if row.retires else f"no retirement date {where} in our table of {checked}"
    return f"model {row.name}, version {row.version}, {end}" + (f", successor {row.successor}" if row.successor else "")


def _ends(rows: Iterable[Version], today: date) -> str:
    listed = list(rows)
    versions = " and ".join(row.version for row in listed)
    end = listed[0].retires or today
    days = (end - today).days
    if days < 0:
        return f"{versions} ended on Azure on {end}, {-days} days ago, and can stop answering at any moment"
    return f"{versions} {'retires' if len(listed) == 1 else 'retire'} on Azure on {end}, in {days} days"


def _by_date(rows: Iterable[Version]) -> Iterable[list[Version]]:
    ordered = sorted(rows, key=lambda row: row.retires or date.max)
    return (list(group) for _, group in groupby(ordered, key=lambda row: row.retires))


def _plain(model: str) -> str:
    """Return a model's name as the table writes it: no provider in front, Azure's spelling of 3.5."""
    return model.strip().lower().rpartition("/")[2].replace("gpt-3.5-", "gpt-35-")


def _is_simulated(model: str) -> bool:
    return _plain(model).endswith(_SIMULATED)


def _real(model: str, known: Table, seller: Seller) -> str:
    """Return the model that our simulator plays, where it is one that the table knows."""
    played = _plain(model).removesuffix(_SIMULATED)
    return played if _is_simulated(model) and known.find(played, seller) else model
