"""The second set: the failures of altered.toml, and several at once, where each path must name the first on its way.

Pure, but for the file that is read once.
"""

import tomllib
from collections.abc import Iterator
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue, TypeAdapter

from chatsheet.core import loose
from chatsheet.core.loose import JsonObject
from chatsheet.doctor.rehearsal import props
from chatsheet.doctor.rehearsal.model import AZURE, LITELLM, OPENAI, Order, Scenario

_PATHS = {"azure": AZURE, "litellm": LITELLM, "openai": OPENAI}


class _Answer(BaseModel):
    """An answer of altered.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fault: str
    form: str
    cause: str
    path: Literal["azure", "litellm", "openai"] = "azure"
    every: bool = False
    status: int
    headers: dict[str, str] = {}
    json_: str = ""
    text: str = ""

    @property
    def order(self) -> Order:
        said: JsonValue = loose.parse(self.json_) if self.json_ else self.text
        return props.answer(self.status, said, deployment=props.EVERY if self.every else "{deployment}", headers=self.headers)

    @property
    def scenario(self) -> Scenario:
        return Scenario(
            fault=self.fault,
            form=self.form,
            expected={_PATHS[self.path]: self.cause},
            settings=props.settings({self.path: {}}),
            orders=(self.order,),
            is_counted_alone=True,
        )


def _answers() -> Iterator[_Answer]:
    text = resources.files(__package__ or "").joinpath("altered.toml").read_text(encoding="utf-8")
    for given in TypeAdapter(list[dict[str, JsonValue]]).validate_python(tomllib.loads(text)["answer"]):
        yield _Answer.model_validate({"json_" if name == "json" else name: value for name, value in given.items()})


def _at_once(faults: str, expected: dict[str, str], *orders: Order, **routes: JsonObject) -> Scenario:
    text = props.settings(routes)
    return Scenario(fault=faults, form="at once", expected=expected, settings=text, orders=orders, is_counted_alone=True)


_BLOCKED = {"HTTPS_PROXY": "http://127.0.0.1:{proxy}", "HTTP_PROXY": "http://127.0.0.1:{proxy}"}

COMBINATIONS = (
    _at_once(
        "L3 + A1",
        {LITELLM: "litellm.key_wrong", AZURE: "azure.key_wrong"},
        litellm=props.OTHER_KEY,
        azure=props.OTHER_KEY,
    ),
    Scenario(
        fault="N4 + N9",
        form="at once",
        expected={AZURE: "net.dns_public_for_private"},
        settings=props.settings({"azure": props.PRIVATE}),
        orders=(props.listener("dns", mode="public"),),
        environment=_BLOCKED,
        is_counted_alone=True,
    ),
    _at_once(
        "L15 + D1",
        {LITELLM: "litellm.down", AZURE: "azure.deployment_not_found"},
        litellm={"base_url": "http://127.0.0.1:{refused}"},
        azure={"deployment": "{elsewhere}"},
    ),
    _at_once("L3 + L7", {"litellm → {elsewhere}": "litellm.key_wrong"}, litellm={**props.OTHER_KEY, "model": "{elsewhere}"}),
    _at_once(
        "L9 + N2",
        {"litellm → {second}": "litellm.cooldown", AZURE: "azure.firewall"},
        props.fault("L9", "{second}"),
        props.fault("N2"),
        litellm={"model": "{second}"},
        azure={},
    ),
    _at_once(
        "C4 + C1",
        {OPENAI: "openai.quota", AZURE: "azure.rate_limited"},
        props.fault("C4", "{second}"),
        props.fault("C1"),
        openai={"model": "{second}"},
        azure={},
    ),
    _at_once(
        "N8 + A1",
        {AZURE: "tls.intercepted"},
        props.listener("tls", mode="intercepted"),
        azure={**props.SECURE, **props.OTHER_KEY},
    ),
    _at_once(
        "N5 + A1",
        {AZURE: "net.dns_failed"},
        props.listener("dns", mode="nxdomain"),
        azure={**props.SECURE, **props.OTHER_KEY},
    ),
    _at_once(
        "N6 + D1",
        {AZURE: "net.connect_timeout"},
        azure={"endpoint": "http://127.0.0.1:{black_hole}", "deployment": "{elsewhere}"},
    ),
    _at_once(
        "N12 + A1",
        {AZURE: "net.proxy_auth"},
        props.listener("proxy", mode="need-auth"),
        azure={**props.PRIVATE, **props.OTHER_KEY, "proxy": "http://127.0.0.1:{proxy}"},
    ),
    _at_once("A1 + D1", {AZURE: "azure.key_wrong"}, azure={**props.OTHER_KEY, "deployment": "{elsewhere}"}),
)
"""Several failures at once."""

SCENARIOS = (*(answer.scenario for answer in _answers()), *COMBINATIONS)
