"""Settings as one frozen value: what can be set, its kinds and defaults. Reading and checking: settings_file.py."""

import os
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from chatsheet.core.logs import Form, Level
from chatsheet.core.secret import Secret, resolve


def _secret(value: object) -> Secret:
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str):
        raise ValueError("a secret is a text of the form env:NAME or file:PATH")  # noqa: TRY004  pydantic wants ValueError
    return resolve(value, os.environ)


SecretField = Annotated[Secret, BeforeValidator(_secret)]
"""A settings field that holds a secret reference."""
Seconds = Annotated[float, Field(gt=0, le=3600)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, use_attribute_docstrings=True)


class ServerSettings(_Frozen):
    """Where the HTTP door listens."""

    host: str = "127.0.0.1"
    """Address to listen on; loopback only until a login mode is set."""
    port: int = Field(default=8000, ge=0, le=65535)
    """Port to listen on; 0 takes a free one."""
    token: SecretField | None = None
    """Opens `/v1` and the API to scripts; left out, a random one is printed at start."""
    token_decides: bool = False
    """Whether who holds the token may decide on a chat's proposals; who uses the page always may."""
    public_url: str = ""
    """The address that people open, such as https://sheets.example.com, where a proxy stands before this server; login modes
    take requests for this host only. Left out: the address that the server listens on."""
    tls_certificate: Path | None = None
    """A PEM file with the server's certificate and its chain; left out: plain HTTP, for loopback or behind a proxy."""
    tls_key: Path | None = None
    """The PEM file of its private key."""


Price = Annotated[float, Field(ge=0)]


class _Route(_Frozen):
    first_content_s: Seconds | None = None
    """How long to wait for the first content on this route; default: the general one."""
    deadline_s: Seconds | None = None
    """What this route may need for a whole answer; the longest of all routes is the deadline."""
    prompt_budget_tokens: int | None = Field(default=None, ge=200)
    """How long a prompt may be, for models that read slowly; the smallest of all routes counts, and slowness is no illness."""
    context_window_tokens: int | None = Field(default=None, ge=1_000)
    """The model's context window; a prompt that was too long elsewhere goes only to a route that declares a larger one."""
    caching: Literal["auto", "off"] = "auto"
    """auto: tell the provider's prompt cache what requests share, as far as the model is known to take it; off: nothing."""
    input_price: Price | None = None
    """What a million input tokens cost, in your currency; left out, costs are counted as unknown."""
    cached_price: Price | None = None
    """What a million input tokens cost that the provider had in its cache; default: the input price."""
    output_price: Price | None = None
    """What a million output tokens cost."""
    network: Literal["any", "private"] = "any"
    """private: connect to private addresses only, whatever DNS says."""
    private_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    """Further networks that count as private."""
    ca_file: Path | None = None
    """Certificate authorities to trust instead of the system's, as PEM."""
    dns: tuple[str, ...] = ()
    """Name servers to ask instead of the machine's, as ADDRESS or ADDRESS:PORT."""
    proxy: str | None = None
    """HTTP proxy to connect through, as http://HOST:PORT; environment variables are never read."""
    proxy_credentials: SecretField | None = None
    """USER:PASSWORD for that proxy, as a reference."""
    no_proxy: tuple[str, ...] = ()
    """Hosts, .domains and networks that are reached without the proxy."""


class LitellmRoute(_Route):
    """A LiteLLM proxy. With `serves` we run it and generate its config; without, others do."""

    kind: Literal["litellm"]
    """The kind of this route."""
    base_url: str = "http://127.0.0.1:4000"
    """Where the proxy listens."""
    key: SecretField
    """The proxy's master key, or a virtual key of a proxy that others run."""
    serves: tuple[str, ...] = ()
    """Routes that our proxy forwards to, one alias each; the first answers."""
    egress_port: int = Field(default=4001, ge=1, le=65535)
    """Where our egress listens, the only address that our proxy knows."""
    model: str | None = None
    """The alias to ask for; default: the first served route, else the model's name."""
    config_file: Path | None = None
    """The litellm.config.yaml of a LiteLLM that others run, if it can be read from here: start and doctor lint it."""
    trust_proxy: bool = False
    """Take a LiteLLM that others run at its word on a private route: where it sends prompts cannot be proven from here."""


class AzureRoute(_Route):
    """An Azure OpenAI deployment, reached directly."""

    kind: Literal["azure"]
    """The kind of this route."""
    endpoint: str
    """The resource's address, without a path."""
    deployment: str
    """The deployment's name, which is not the model's."""
    api_version: str = "2024-10-21"
    """A dated api-version, or v1."""
    auth: Literal["key", "entra"] = "key"
    """key: the resource's key; entra: an identity in Entra ID."""
    key: SecretField | None = None
    """The resource's key."""
    key_header: str = Field(default="api-key", pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$")
    """The header that carries the key, where an API gateway in front wants another one."""
    identity: Literal["default", "managed", "workload", "client_secret", "developer"] = "default"
    """Whose token to send with auth = "entra"; default tries what this machine offers, never through a client proxy."""
    tenant_id: str | None = None
    """The tenant that tokens must come from."""
    client_id: str | None = None
    """The user-assigned managed identity, workload identity or application to sign in as."""
    client_secret: SecretField | None = None
    """The application's secret value, with identity = "client_secret"."""
    authority: str | None = None
    """The Entra ID host of a sovereign cloud; default: login.microsoftonline.com."""


class OpenAIRoute(_Route):
    """OpenAI's own API: the third opinion of the testing plan."""

    kind: Literal["openai"]
    """The kind of this route."""
    base_url: str = "https://api.openai.com/v1"
    """The API's address, with its version path."""
    key: SecretField
    """The API key."""
    model: str | None = None
    """What to ask for there; default: the model's name."""


class CompatibleRoute(_Route):
    """Any server with OpenAI's wire format: Ollama, vLLM, llama.cpp, another gateway."""

    kind: Literal["compatible"]
    """The kind of this route."""
    base_url: str
    """The server's address, with its version path."""
    key: SecretField | None = None
    """The key, where the server wants one."""
    model: str | None = None
    """What to ask for there; default: the model's name."""


RouteSettings = LitellmRoute | AzureRoute | OpenAIRoute | CompatibleRoute


class LlmSettings(_Frozen):
    """Which model is asked for and the routes to it."""

    model: str = "gpt-4o"
    """The name that clients of /v1 ask for."""
    routes: tuple[str, ...] = ()
    """Routes in order of preference."""
    deadline_s: Seconds = 60
    """One deadline over all attempts of a call."""
    connect_s: Seconds = 2
    """How long a connection may take."""
    first_content_s: Seconds = 10
    """How long to wait for the first content before the next route is tried."""
    idle_s: Seconds = 15
    """How long a stream may pause."""
    hedge: bool = False
    """Start the next route too when one is slower than its own 95th percentile; costs tokens on both."""
    route: dict[str, Annotated[RouteSettings, Field(discriminator="kind")]] = {}
    """The routes by name, each a section [llm.route.NAME]."""


class RedisSettings(_Frozen):
    """A Redis or Valkey that replicas share."""

    url: SecretField | None = None
    """Its address, as a reference to redis://… or rediss://…; left out, each process keeps its state to itself.
    It holds results, cell values among them, until they are evicted: guard it as you guard the data folder."""


class DatabaseSettings(_Frozen):
    """Where accounts, chats, versions and jobs are recorded."""

    url: SecretField | None = None
    """A reference to postgresql://user:password@host/name; left out, a SQLite file in the data folder."""
    pool: int = Field(default=10, ge=1, le=200)
    """How many connections to Postgres a process opens at most."""


class OidcSettings(_Frozen):
    """The identity provider, found by discovery: Entra ID, Cognito, Keycloak, Google and others."""

    issuer: str = ""
    """Exactly what the provider's metadata calls itself; with Entra ID the one of your tenant, never /common."""
    client_id: str = ""
    """This application's id at the provider."""
    client_secret: SecretField | None = None
    """Its secret; left out, the provider knows it as a public client with PKCE."""
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    """What is asked for."""
    groups_claim: str = "groups"
    """The claim of the id_token that lists groups or roles."""
    admin_groups: tuple[str, ...] = ()
    """Whoever is in one of these administers the installation."""
    roles: dict[str, Literal["viewer", "editor", "owner"]] = {}
    """What a group is in the shared workspace; who is in none of them has a workspace of their own only."""
    may_join: bool = True
    """Whether whoever the provider lets in may use this server; false: only those whom an administrator added."""
    trusts_email: bool = False
    """Whether addresses are taken for verified although the provider does not say so, as Entra ID does not: only for a tenant
    whose administrators alone write them. People are shared with, invited and found by addresses that are verified."""
    tokens_without_login_days: int = Field(default=30, ge=1, le=365)
    """After so many days without a login the API tokens of an account stop working, until the next login."""
    ca_file: Path | None = None
    """Certificate authorities to trust for the provider instead of the system's, as PEM."""


class AuthSettings(_Frozen):
    """How people prove who they are."""

    mode: Literal["local", "oidc", "password"] = "local"
    """local: one user on this machine, no login; oidc: an identity provider; password: accounts of this server."""
    session_idle_h: float = Field(default=8, gt=0, le=24 * 30)
    """After so many hours without a request a session ends."""
    session_absolute_h: float = Field(default=24, gt=0, le=24 * 90)
    """After so many hours it ends in any case."""
    logins_per_minute: int = Field(default=10, ge=1, le=1000)
    """How many attempts one address, and one account, may make in a minute."""
    token_requests_per_minute: int = Field(default=600, ge=1, le=100_000)
    """How many requests one API token may make in a minute."""
    oidc: OidcSettings = OidcSettings()
    """The identity provider."""


class FilesSettings(_Frozen):
    """Where the files of sheets are kept that all replicas share."""

    url: str = Field(default="", pattern=r"^((s3|az)://[A-Za-z0-9][A-Za-z0-9.-]+(/[A-Za-z0-9._-]+)*/?)?$")
    """A folder of an object store, s3://BUCKET/PREFIX or az://CONTAINER/PREFIX: the data folder is then only a cache of it.
    Left out, the data folder is all there is, and replicas must share it."""
    endpoint: str = ""
    """The store's address where it is not Amazon's or ACCOUNT.blob.core.windows.net, such as https://minio.example.com."""
    region: str = ""
    """The region of an S3 bucket; left out, what the machine says."""
    key_id: str = ""
    """The id of an S3 access key; left out with `key`, the machine's own identity is used."""
    key: SecretField | None = None
    """The secret of that access key, or the key of the Azure storage account; left out, the machine's own identity is used."""
    account: str = ""
    """The Azure storage account."""
    client_id: str = ""
    """The user-assigned managed identity to sign in to Azure as; left out, what the machine offers."""
    ca_file: Path | None = None
    """Certificate authorities to trust for the store instead of the system's, as PEM."""
    timeout_s: Seconds = 30
    """How long the store may say nothing."""


class CacheSettings(_Frozen):
    """What is kept so that it is computed once."""

    memory_mb: int = Field(default=256, ge=1, le=65_536)
    """How much results and profiles may take in this process."""
    disk_gb: float = Field(default=20, gt=0)
    """How much parsed files may take on disk; what a chat, job or history still names is never removed."""
    model_replies: bool = False
    """Whether a whole reply of a model is kept and given again for exactly the same request."""
    model_reply_h: float = Field(default=24, gt=0, le=24 * 90)
    """For how long."""


class LogSettings(_Frozen):
    """What is written to stderr: names, numbers and ids, never what was asked or answered."""

    level: Level = "warning"
    """From which level on; at info each request is a line."""
    form: Form = "text"
    """text: for a person; json: one object a line."""


class RetentionSettings(_Frozen):
    """For how long what people did is kept; looked at once a day."""

    chats_days: float | None = Field(default=None, gt=0)
    """Chats in which nothing was said for so long are removed; left out, they stay until somebody removes them."""
    reports_days: float = Field(default=90, gt=0)
    """The doctor's reports."""
    files_days: float = Field(default=1, gt=0)
    """Files of versions that no sheet, history or chat names any more, counted from their last use."""


class TelemetrySettings(_Frozen):
    """Spans and metrics of model calls: names and numbers only, never what was asked or answered."""

    metrics: bool = True
    """Serve them at `/metrics` to Prometheus."""
    otlp_endpoint: str | None = None
    """The base address of an OTLP/HTTP collector, such as http://127.0.0.1:4318; left out, nothing is sent."""
    otlp_headers: dict[str, SecretField] = {}
    """Headers that the collector wants, each a secret; in the variable written as `NAME=env:VARIABLE`."""
    otlp_ca_file: Path | None = None
    """Certificate authorities to trust for the collector instead of the system's, as PEM."""
    otlp_interval_s: Seconds = 60
    """How often metrics are sent to the collector."""


class DoctorSettings(_Frozen):
    """What `chatsheet doctor` may ask besides the routes."""

    public_dns: tuple[str, ...] = ()
    """Name servers that answer as the internet does; with them the doctor proves that the public path is refused."""


class JobsSettings(_Frozen):
    """Work on many rows."""

    work: bool = True
    """Whether the server works on jobs itself; false where `chatsheet work` does it in processes of its own."""
    at_once: int = Field(default=16, ge=1, le=500)
    """How many model calls one worker makes at once at most; it finds out by itself how many are good."""
    drain_s: Seconds = 8
    """For how long a worker that is told to end waits for its calls before it hands its rows over."""


class Settings(_Frozen):
    """All settings of a process."""

    data: Path = Field(default_factory=lambda: platformdirs.user_data_path("chatsheet"))
    """Where sheets, chats and state are kept."""
    server: ServerSettings = ServerSettings()
    """The HTTP door."""
    llm: LlmSettings = LlmSettings()
    """The model and its routes."""
    auth: AuthSettings = AuthSettings()
    """How people prove who they are."""
    database: DatabaseSettings = DatabaseSettings()
    """Where state is recorded."""
    files: FilesSettings = FilesSettings()
    """Where the files of sheets are kept."""
    cache: CacheSettings = CacheSettings()
    """What is kept."""
    redis: RedisSettings = RedisSettings()
    """What replicas share."""
    log: LogSettings = LogSettings()
    """What is written to stderr."""
    retention: RetentionSettings = RetentionSettings()
    """For how long what people did is kept."""
    telemetry: TelemetrySettings = TelemetrySettings()
    """What is told of model calls."""
    doctor: DoctorSettings = DoctorSettings()
    """How routes are examined."""
    jobs: JobsSettings = JobsSettings()
    """How jobs are worked on."""
