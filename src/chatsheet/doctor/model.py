"""What the doctor found, as values that terminal, API, page and records share: names and numbers only. Pure."""

from datetime import datetime
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

from chatsheet.llm.causes import Layer, Owner
from chatsheet.llm.model import Proof

RungName = Literal[
    "settings",
    "environment",
    "dns",
    "proxy",
    "tcp",
    "tls",
    "server",
    "litellm_up",
    "litellm_key",
    "litellm_alias",
    "litellm_health",
    "upstream",
    "auth",
    "permission",
    "deployment",
    "api_version",
    "model",
    "parameters",
    "chat",
    "stream",
    "tools",
]
ORDER: tuple[RungName, ...] = get_args(RungName)
"""From settings to a tool call; `litellm_…` and `upstream` are on the paths through LiteLLM only."""
RungStatus = Literal["passed", "warned", "broken", "not_reached"]
PathState = Literal["healthy", "ill", "not_configured"]
Provider = Literal["azure", "openai", "compatible", "unknown"]
Way = Literal["litellm", "direct"]
AddressClass = Literal["private", "allowed", "public", "loopback", "link_local"]
PublicPath = Literal["refused", "open", "not_tested"]
Choice = Literal["litellm", "direct", "hybrid", "undecided"]

Depth = Literal["reach", "call"]
"""reach: up to who answers, without a model call; call: everything."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Finding(_Frozen):
    """A cause of the catalogue in one case: what was seen, who mends it and how."""

    cause: str
    layer: Layer
    owner: Owner
    what: str
    """One sentence about this case; names and numbers, no provider text."""
    fix: str
    commands: tuple[str, ...] = ()
    """Lines to copy: `az …`, `nslookup …`, or a line of settings."""
    is_warning: bool = False
    """Worth knowing, and not what broke."""
    hides: str = ""
    """The cause behind a mask such as LiteLLM's cooldown, where it is known."""


class Rung(_Frozen):
    """One layer of a path."""

    name: RungName
    status: RungStatus
    milliseconds: int | None = None
    evidence: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


class HostProof(_Frozen):
    """Where one host name of a resource leads."""

    host: str
    zone: str
    """The private zone that should answer, such as privatelink.openai.azure.com."""
    chain: tuple[str, ...] = ()
    """The CNAMEs from the host on."""
    addresses: tuple[str, ...] = ()
    address_class: AddressClass | None = None
    """Of the worst address; None where there is none."""


class Certificate(_Frozen):
    """One certificate of the chain that the server showed, leaf first."""

    subject: str
    issuer: str
    names: tuple[str, ...] = ()
    expires: datetime


class PrivateProof(_Frozen):
    """What shows that a path is private: names, the connected peer, the certificates, and the public path refused."""

    is_proven: bool
    hosts: tuple[HostProof, ...] = ()
    peer: str = ""
    peer_class: AddressClass | None = None
    certificates: tuple[Certificate, ...] = ()
    public_path: PublicPath = "not_tested"
    reasons: tuple[str, ...] = ()
    """Why it is not proven, or what was not tested."""


class ProbeAnswer(_Frozen):
    """What the probe's answer was like; equal on every path to the same deployment."""

    model: str
    finish_reason: str
    called_tool: bool
    input_tokens: int
    output_tokens: int
    adapted: tuple[str, ...] = ()
    text_digest: str = ""


class Speed(_Frozen):
    """Medians over some probes."""

    probes: int
    failed: int
    first_content_ms: int | None
    total_ms: int | None


class PathReport(_Frozen):
    """One way to one provider, examined."""

    name: str
    """Such as `azure`, or `litellm → azure`."""
    route: str
    """The route of settings that is called first."""
    serves: str = ""
    """The alias, through LiteLLM."""
    provider: Provider
    way: Way
    is_ours: bool = False
    """Through the LiteLLM that we run."""
    is_in_use: bool
    """Whether calls take it; others are examined for comparison."""
    is_simulated: bool = False
    """Whether our simulator answered: it proves the chain, not a provider."""
    is_private: bool = False
    """Whether settings ask for private addresses only."""
    state: PathState
    cause: str = ""
    """The first broken rung's; empty for none."""
    rungs: tuple[Rung, ...] = ()
    answer: ProbeAnswer | None = None
    speed: Speed | None = None
    private: PrivateProof | None = None
    proof: Proof | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything found, in the order of the rungs."""
        return tuple(finding for rung in self.rungs for finding in rung.findings)


class Cell(_Frozen):
    """One cell of the matrix {Azure, OpenAI} by {through LiteLLM, directly}."""

    provider: Literal["azure", "openai"]
    way: Way
    state: PathState
    path: str = ""
    """The path that fills it; empty where none is configured."""
    cause: str = ""
    evidence: tuple[str, ...] = ()


class Difference(_Frozen):
    """What two paths to the same provider answer differently."""

    paths: tuple[str, str]
    field: str
    values: tuple[str, str]


class Conclusion(_Frozen):
    """What the cells say when they are seen together."""

    rule: str
    """A stable name, such as `azure_settings`, `litellm`, `resolved`."""
    says: str
    because: tuple[str, ...] = ()


class RouteHistory(_Frozen):
    """What telemetry counted on a route in the last 30 days."""

    route: str
    calls: int
    fell_back: int
    causes: tuple[tuple[str, int], ...] = ()
    """Most frequent first."""


class Decision(_Frozen):
    """Which way to standardise on, and what it stands on."""

    choice: Choice
    says: str
    reasons: tuple[str, ...] = ()
    would_change: tuple[str, ...] = ()
    private_endpoint: str = ""
    settings_diff: str = ""
    """A unified diff of chatsheet.toml; empty where nothing is to change."""


class SettingsProblem(_Frozen):
    """One thing wrong with the settings."""

    key: str
    cause: str
    reason: str
    fix: str


class Report(_Frozen):
    """A whole examination."""

    at: datetime
    version: str
    """Of this program."""
    seconds: float
    problems: tuple[SettingsProblem, ...] = ()
    paths: tuple[PathReport, ...] = ()
    matrix: tuple[Cell, ...] = ()
    differences: tuple[Difference, ...] = ()
    conclusion: Conclusion | None = None
    history: tuple[RouteHistory, ...] = ()
    decision: Decision | None = None
    changes: tuple[str, ...] = ()
    """What is other than the last time, a line each."""
    only: str = ""
    """The route that was examined alone; empty for all."""

    @property
    def counted(self) -> tuple[PathReport, ...]:
        """The paths that the exit code is about: those that calls take, or the ones that were asked for."""
        return tuple(path for path in self.paths if (path.is_in_use or self.only) and path.state != "not_configured")

    @property
    def exit_code(self) -> int:
        """0 all healthy, 1 answers arrive but a route is ill, 2 no route answers, 3 settings wrong or nothing configured."""
        used = self.counted
        if self.problems or not used:
            return 3
        healthy = [path for path in used if path.state == "healthy"]
        return 2 if not healthy else 0 if len(healthy) == len(used) else 1
