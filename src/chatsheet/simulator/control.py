"""The control port: faults, scripts and listeners are set from outside, and what the wire saw is told without values."""

import hmac

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from chatsheet.simulator import faults
from chatsheet.simulator.brain import Brain
from chatsheet.simulator.brains.scripted import Exchange, ScriptedBrain
from chatsheet.simulator.fault import Fault, Tuning
from chatsheet.simulator.faults import ELSEWHERE, FAULTS, GIVEN
from chatsheet.simulator.network import Network
from chatsheet.simulator.quota import MINUTE_S, Quota
from chatsheet.simulator.served import VERSION, Served
from chatsheet.simulator.state import Mix, Order, State
from chatsheet.simulator.tokens import AUDIENCE, TENANT, TokenRule

_TUNING = frozenset(Tuning.model_fields)


class GivenAnswer(BaseModel):
    """An answer in the caller's own words, which no door changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: int = Field(ge=200, le=599)
    body: JsonValue = None
    text: str = ""
    headers: dict[str, str] = Field(default_factory=dict[str, str])

    def fault(self) -> Fault:
        """Return it as the wire plays it."""
        kind = {"content-type": "text/plain; charset=utf-8"} if self.text else {}
        headers = {**kind, **{name.lower(): value for name, value in self.headers.items()}}
        return Fault(about="written by the caller", status=self.status, body=self.body, text=self.text, headers=headers)


class FaultOrder(Tuning):
    """Which fault to play for a deployment (`*`: on every call), and how often; without `times` until it is taken back.

    With `percent` it is played at random, and `mix` gives several faults with their weights.
    """

    deployment: str
    fault: str = ""
    answer: GivenAnswer | None = None
    times: int | None = Field(default=None, ge=1)
    mix: dict[str, float] = Field(default_factory=dict[str, float])
    percent: float = Field(default=100, gt=0, le=100)
    seed: int = 0

    @model_validator(mode="after")
    def _one_way_to_play(self) -> "FaultOrder":
        if [bool(self.fault), bool(self.mix), self.answer is not None].count(True) != 1:
            raise ValueError("give one of fault, mix and answer")
        if self.answer is not None and self.is_random:
            raise ValueError("an answer does not go with percent")
        if any(weight <= 0 for weight in self.mix.values()):
            raise ValueError("weights of a mix are above 0")
        if self.times and self.is_random:
            raise ValueError("times does not go with mix or percent")
        return self

    @property
    def is_random(self) -> bool:
        """Whether chance decides."""
        return bool(self.mix) or "percent" in self.model_fields_set

    @property
    def names(self) -> list[str]:
        """The faults that are asked for."""
        return list(self.mix) or [self.fault] * bool(self.fault)

    @property
    def tuning(self) -> Tuning:
        """How they are to be played."""
        return Tuning.model_validate(self.model_dump(include=set(_TUNING)))

    def order(self) -> Order | Mix:
        """Return what the wire will play."""
        if self.is_random:
            return Mix(self.mix or {self.fault: 1}, percent=self.percent, seed=self.seed, tuning=self.tuning)
        if self.answer is not None:
            return Order(GIVEN, self.times, given=self.answer.fault())
        return Order(self.fault, self.times, self.tuning)


class ScriptOrder(BaseModel):
    """A deployment to make, with the exchanges of its script and the model name that it reports."""

    model_config = ConfigDict(extra="forbid")

    deployment: str
    exchanges: tuple[Exchange, ...] = ()
    model: str = ""


class LitellmOrder(Served):
    """What LiteLLM's config is to say of a deployment, and which version it is; what is left out is as it should be."""

    deployment: str = ""
    version: str = ""


class TokenOrder(BaseModel):
    """Which Entra ID tokens the wire takes beside its key; null takes none."""

    model_config = ConfigDict(extra="forbid")

    audience: str | None = AUDIENCE
    tenant: str = TENANT


class QuotaOrder(BaseModel):
    """What a deployment may take of a minute, or of a shorter window; null counts nothing any more."""

    model_config = ConfigDict(extra="forbid")

    deployment: str
    tokens: int | None = Field(default=None, ge=1)
    requests: int = Field(default=500_000, ge=1)
    window_s: float = Field(default=MINUTE_S, gt=0, le=3600)


class Control:
    """The control port's handlers over the simulator's state."""

    def __init__(self, state: State, brain: Brain, key: str, network: Network | None) -> None:
        self._state = state
        self._brain = brain
        self._key = key
        self._network = network

    def app(self) -> web.Application:
        """Return the server; every call needs the key."""
        app = web.Application(middlewares=[self._authenticate])
        app.router.add_get("/faults", self._list_faults)
        app.router.add_post("/faults", self._set_fault)
        app.router.add_delete("/faults", self._clear_faults)
        app.router.add_post("/scripts", self._add_script)
        app.router.add_post("/litellm", self._set_litellm)
        app.router.add_post("/tokens", self._set_tokens)
        app.router.add_post("/quotas", self._set_quota)
        app.router.add_get("/requests", self._list_requests)
        app.router.add_get("/network", self._describe_network)
        app.router.add_post("/network/{listener}", self._set_listener)
        return app

    @web.middleware
    async def _authenticate(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(errors="surrogateescape"), self._key.encode()):
            return web.json_response({"error": "the control key is missing or wrong"}, status=401)
        try:
            return await handler(request)
        except ValidationError as error:
            return web.json_response({"error": str(error)}, status=400)

    async def _list_faults(self, request: web.Request) -> web.Response:
        del request
        active = {deployment: _told(order) for deployment, order in self._state.orders.items()}
        elsewhere = {name: f"{other.about}: {faults.how(name)}" for name, other in ELSEWHERE.items()}
        known = {name: fault.about for name, fault in FAULTS.items()}
        return web.json_response({"known": known, "elsewhere": elsewhere, "active": active})

    async def _set_fault(self, request: web.Request) -> web.Response:
        order = FaultOrder.model_validate_json(await request.read())
        for name in order.names:
            if name in ELSEWHERE:
                return web.json_response({"error": f"{name} has no form on this wire; {faults.how(name)}"}, status=409)
            if name not in FAULTS:
                return web.json_response({"error": f"unknown fault; known: {', '.join(FAULTS)}"}, status=400)
        taken = {parameter for name in order.names for parameter in FAULTS[name].takes}
        if strange := (order.model_fields_set & _TUNING) - taken:
            error = f"{', '.join(order.names)} takes no {', '.join(sorted(strange))}"
            return web.json_response({"error": error}, status=400)
        self._state.orders[order.deployment] = order.order()
        return web.json_response({"set": order.mix or order.fault or GIVEN})

    async def _clear_faults(self, request: web.Request) -> web.Response:
        if deployment := request.query.get("deployment"):
            self._state.orders.pop(deployment, None)
            self._state.served.pop(deployment, None)
        else:
            self._state.orders.clear()
            self._state.served.clear()
            self._state.litellm_version = VERSION
        return web.json_response({"cleared": True})

    async def _add_script(self, request: web.Request) -> web.Response:
        order = ScriptOrder.model_validate_json(await request.read())
        self._state.deployments.add(order.deployment)
        if order.model:
            self._state.models[order.deployment] = order.model
        if isinstance(self._brain, ScriptedBrain):
            self._brain.add(order.deployment, order.exchanges)
        elif order.exchanges:
            return web.json_response({"error": f"the {self._brain.name} brain takes no script"}, status=409)
        return web.json_response({"exchanges": len(order.exchanges)})

    async def _set_litellm(self, request: web.Request) -> web.Response:
        order = LitellmOrder.model_validate_json(await request.read())
        if order.deployment:
            self._state.deployments.add(order.deployment)
            served = order.model_dump(include=set(Served.model_fields), exclude_unset=True)
            self._state.served[order.deployment] = Served.model_validate(served)
        if order.version:
            self._state.litellm_version = order.version
        return web.json_response({"set": order.deployment or order.version})

    async def _set_tokens(self, request: web.Request) -> web.Response:
        order = TokenOrder.model_validate_json(await request.read())
        issued = self._network.identity.issued if self._network else None
        taken = TokenRule(audience=order.audience, tenant=order.tenant, issued=issued) if order.audience else None
        self._state.tokens = taken
        return web.json_response({"tokens": "taken" if taken else "refused"})

    async def _set_quota(self, request: web.Request) -> web.Response:
        order = QuotaOrder.model_validate_json(await request.read())
        if order.deployment not in self._state.deployments:
            return web.json_response({"error": f"no deployment {order.deployment}"}, status=404)
        if order.tokens is None:
            self._state.quotas.pop(order.deployment, None)
        else:
            made = Quota(tokens=order.tokens, requests=order.requests, window_s=order.window_s)
            self._state.quotas[order.deployment] = made
        return web.json_response({"tokens": order.tokens})

    async def _list_requests(self, request: web.Request) -> web.Response:
        del request
        return web.json_response(list(self._state.requests))

    async def _describe_network(self, request: web.Request) -> web.Response:
        del request
        return web.json_response(self._network.seen() if self._network else {})

    async def _set_listener(self, request: web.Request) -> web.Response:
        if self._network is None:
            return web.json_response({"error": "started without --network"}, status=409)
        listener = request.match_info["listener"]
        if not self._network.set(listener, await request.read()):
            return web.json_response({"error": f"no listener {listener} that could be set"}, status=404)
        return web.json_response({"set": listener})


def _told(order: Order | Mix) -> dict[str, JsonValue]:
    if isinstance(order, Order):
        return {"fault": order.fault, "left": order.left}
    mix: dict[str, JsonValue] = {**order.weights}
    return {"mix": mix, "percent": order.percent, "seed": order.seed}
