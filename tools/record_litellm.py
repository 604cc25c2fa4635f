"""Records what the real LiteLLM answers into tests/llm/fixtures/litellm, one file per case, from its own environment.

Upstream of it stands a small server that plays tests/llm/fixtures/azure. LiteLLM looks for hosts that are not there, so run it
in a network namespace of its own: `unshare -rn sh -c 'ip link set lo up; exec python tools/record_litellm.py'`.
"""

import asyncio
import contextlib
import json
import re
import ssl
import sys
import tempfile
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path

import trustme
import yaml

from chatsheet.core import processes
from chatsheet.llm import litellm_config
from chatsheet.llm.litellm_proxy import install, wait_alive

FIXTURES = Path(__file__).parents[1] / "tests" / "llm" / "fixtures"
AZURE, OUT = FIXTURES / "azure", FIXTURES / "litellm"
KEY = "sk-recording-only"
_NEUTRAL = "/opt/litellm/site-packages"
_ASK_S = 200.0
_START_S = 120.0
_GRACE_S = 3.0
_NOT_KEPT = re.compile(r"llm_provider-(date|server|content-length|connection|transfer-encoding)")
_KEPT = re.compile(r"content-type|retry-after.*|www-authenticate|proxy-authenticate|policy-id|llm_provider-.*")

Config = dict[str, object]


async def main() -> None:
    """Record every group of cases, or those that the arguments name."""
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="record-litellm-") as folder:
        place = Path(folder)
        async with upstream(None) as port, upstream(_tls_context()) as tls_port, proxy() as proxy_port:
            groups = {
                "retold": lambda: record_retold(place, port, tls_port),
                "keys": lambda: record_keys(place, port),
                "cooldown": lambda: record_cooldown(place, port),
                "proxied": lambda: record_proxied(place, port, proxy_port),
                "database": lambda: record_database(place, port),
                "credentials": lambda: record_credentials(place, port),
                "down": record_down,
            }
            for group in sys.argv[1:] or groups:
                await groups[group]()


def _tls_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


# ── what stands upstream ──


@contextlib.asynccontextmanager
async def upstream(tls: ssl.SSLContext | None) -> AsyncGenerator[int, None]:
    """Play the fixture that the deployment's name asks for; `cut-` in front cuts it inside its last chunk."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            asked = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", asked)
            await reader.readexactly(int(length[1]) if length else 0)
            name = re.search(r"/deployments/([\w.-]+)/", asked.split(b"\r\n")[0].decode())
            _play(writer, name[1] if name else "D2")
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


def _play(writer: asyncio.StreamWriter, name: str) -> None:
    if name == "reset":
        writer.transport.abort()
        return
    head, _, body = (AZURE / f"{name.removeprefix('cut-')}.http").read_bytes().partition(b"\r\n\r\n")
    if b"text/event-stream" not in head:
        writer.write(head + f"\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        return
    writer.write(head + b"\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
    writer.write(b"%x\r\n%s\r\n" % (len(body), body))
    writer.write(b"ff\r\ndata: {" if name.startswith("cut-") else b"0\r\n\r\n")


@contextlib.asynccontextmanager
async def proxy() -> AsyncGenerator[int, None]:
    """Refuse everything as a corporate proxy does."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(
                b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nContent-Length: 39\r\nConnection: close\r\n\r\n"
            )
            writer.write(b"<html><body>Access denied</body></html>")
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


# ── LiteLLM, started and stopped ──


@contextlib.asynccontextmanager
async def litellm(
    place: Path, models: list[Config], *, more: Config | None = None, env: Mapping[str, str] | None = None, log: str = ""
) -> AsyncGenerator[int, None]:
    """Run LiteLLM from a scrubbed environment in an empty folder; yields its port, 0 where it did not come up."""
    folder = Path(tempfile.mkdtemp(dir=place))
    jail = folder / "jail" / "a" / "b"
    jail.mkdir(parents=True)
    config: Config = {"model_list": models, "general_settings": {"master_key": "os.environ/LITELLM_MASTER_KEY"}, **(more or {})}
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    port = await _free_port()
    known = litellm_config.environment(master_key=KEY, egress_key="unused")
    known = {"PATH": "/usr/bin:/bin", "HOME": str(jail), "TMPDIR": str(folder), **known, **(env or {})}
    said = folder / "said.txt"
    with said.open("wb") as file:
        process = await processes.start(
            [
                *(str(install(print) / "bin" / "litellm"), "--config", str(folder / "config.yaml")),
                *("--host", "127.0.0.1", "--port", str(port)),
            ],
            env={name: value for name, value in known.items() if value},
            cwd=jail,
            stdout=file.fileno(),
            stderr=file.fileno(),
        )
        try:
            up = await wait_alive(f"http://127.0.0.1:{port}", _START_S, is_worth_it=lambda: process.returncode is None)
            yield port if up else 0
        finally:
            await processes.stop(process, grace_s=_GRACE_S)
    if log:
        text = re.sub(r"\x1b\[[\d;]*m", "", _clean(said.read_bytes()).decode(errors="replace"))
        lines = [line.rstrip() for line in text.splitlines() if line.strip() and not re.search("[█╚]", line)]
        (OUT / f"{log}.log").write_text("\n".join([*lines, ""]), encoding="utf-8")


async def _free_port() -> int:
    async with await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0) as server:
        return int(server.sockets[0].getsockname()[1])


def azure_model(name: str, base: str, **params: object) -> Config:
    """Return one model of LiteLLM's config: alias and deployment have the same name."""
    return {
        "model_name": name,
        "litellm_params": {"model": f"azure/{name}", "api_base": base, "api_key": "k", "api_version": "2024-10-21", **params},
    }


async def ask(name: str, port: int, model: str, *, stream: bool = False, headers: Mapping[str, str] | None = None) -> None:
    """Ask for one completion and write the raw answer down."""
    auth = {"Authorization": f"Bearer {KEY}"} if headers is None else headers
    body = json.dumps({"model": model, "stream": stream, "messages": [{"role": "user", "content": "count"}]}).encode()
    sent = {
        "Host": "litellm",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **auth,
    }
    lines = ["POST /v1/chat/completions HTTP/1.1", *(f"{key}: {value}" for key, value in sent.items())]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    try:
        async with asyncio.timeout(_ASK_S):
            raw = await reader.read()
    except TimeoutError:
        print(f"{name}: no end within {_ASK_S:g} s")
        return
    finally:
        writer.close()
    (OUT / f"{name}.http").write_bytes(_answer(raw))
    print(f"{name}: {raw.split(b' ', 2)[1].decode() if b' ' in raw else 'nothing'}")


def _answer(raw: bytes) -> bytes:
    """Return status line, the headers that matter and the body, without what differs from run to run."""
    head, _, body = raw.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    if any(re.match(r"(?i)transfer-encoding: chunked", line) for line in lines):
        body = _joined(body)
    named = [line for line in lines if _KEPT.fullmatch(n := line.partition(":")[0].lower()) and not _NOT_KEPT.fullmatch(n)]
    return "\r\n".join([status, *named, "", ""]).encode("latin-1") + _clean(body)


def _joined(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size.split(b";")[0] or b"0", 16)
        whole, body = whole + body[:length], body[length + 2 :]
    return whole


def _clean(text: bytes) -> bytes:
    text = re.sub(rb"/[\w./+-]*/site-packages", _NEUTRAL.encode(), text)
    text = re.sub(rb"/[\w./+-]*/(?:lib|python)[\w.-]*/(?=\w)", b"/opt/python/", text) if b"Traceback" in text else text
    text = re.sub(rb"/[\w./+-]*record-litellm-[\w./-]+", b"/tmp/run", text)
    text = re.sub(rb"\b[0-9a-f]{64}\b", b"0" * 64, text)
    text = re.sub(rb'("created": ?)\d+', rb"\g<1>1700000000", text)
    text = re.sub(rb"chatcmpl-[0-9a-f-]{36}", b"chatcmpl-1", text)
    return re.sub(rb"0x[0-9a-f]{8,}", b"0x0", text)


# ── the cases ──


async def record_retold(place: Path, port: int, tls_port: int) -> None:
    """Record every Azure fixture as LiteLLM retells it, and the configurations that break a model."""
    base = f"http://127.0.0.1:{port}"
    names = sorted(path.stem for path in AZURE.glob("*.http"))
    streams = {name for name in names if b"text/event-stream" in (AZURE / f"{name}.http").read_bytes()}
    models = [azure_model(name, base) for name in (*names, "cut-S1", "cut-S2-nothing", "reset")]
    models += [
        {"model_name": "L8", "litellm_params": {"model": "my-deployment", "api_base": base, "api_key": "k"}},
        azure_model("L10", "${AZURE_API_BASE}"),
        {**azure_model("A1", base, api_key="${AZURE_API_KEY}"), "model_name": "L11"},
        azure_model("L12", base, api_key="os.environ/UNSET_KEY"),
        azure_model("L13", "os.environ/UNSET_BASE"),
        azure_model("L13-no-key", "os.environ/UNSET_BASE", api_key="os.environ/UNSET_KEY"),
        azure_model("N5", "http://no-such-host.invalid"),
        azure_model("N6", "http://127.0.0.1:9"),
        azure_model("N8", f"https://127.0.0.1:{tls_port}"),
    ]
    async with litellm(place, models, more={"router_settings": {"disable_cooldowns": True}}) as at:
        jobs = [ask(name, at, name) for name in names if name not in streams]
        jobs += [ask(f"{name}-streamed", at, name, stream=True) for name in (*names, "cut-S1", "cut-S2-nothing", "reset")]
        jobs += [ask(name, at, name) for name in ("L8", "L10", "L11", "L12", "L13", "L13-no-key", "N5", "N6", "N8", "reset")]
        jobs += [ask(f"{name}-streamed", at, name, stream=True) for name in ("L10", "L12", "N8")]
        jobs += [ask("L7", at, "gpt-4o"), ask("L7-streamed", at, "gpt-4o", stream=True)]
        await asyncio.gather(*jobs)


async def record_keys(place: Path, port: int) -> None:
    """Record what a missing, wrong or misshapen key gets, and an alias that a key may not use."""
    async with litellm(place, [azure_model("whole", f"http://127.0.0.1:{port}")]) as at:
        await ask("L2", at, "whole", headers={})
        await ask("L3", at, "whole", headers={"Authorization": "Bearer sk-wrong"})
        await ask("L3-not-sk", at, "whole", headers={"Authorization": "Bearer not-needed"})
        await ask("L3-api-key", at, "whole", headers={"api-key": "wrong"})
        await ask("L5", at, "whole", headers={"Authorization": "Bearer "})
        await ask("L5-bare", at, "whole", headers={"Authorization": KEY})
        await ask("L5-empty", at, "whole", headers={"Authorization": ""})


async def record_cooldown(place: Path, port: int) -> None:
    """Record the mask that follows a first failure: LiteLLM's default cooldowns."""
    base = f"http://127.0.0.1:{port}"
    names = ("A1", "D1", "503")
    async with litellm(place, [azure_model(name, base) for name in names], more={"router_settings": {"num_retries": 0}}) as at:
        for name in names:
            await ask(f"L9-after-{name}-first", at, name)
            await ask(f"L9-after-{name}", at, name)
            await ask(f"L9-after-{name}-streamed", at, name, stream=True)


async def record_proxied(place: Path, port: int, proxy_port: int) -> None:
    """Record what proxy variables in LiteLLM's environment do to a model on loopback."""
    models = [azure_model("whole", f"http://127.0.0.1:{port}")]
    for name, at_proxy in (("L16", proxy_port), ("L16-refused", 9)):
        url = f"http://127.0.0.1:{at_proxy}"
        env = {"NO_PROXY": "", "HTTP_PROXY": url, "HTTPS_PROXY": url, "http_proxy": url, "https_proxy": url}
        async with litellm(place, models, env=env) as at:
            if at:
                await ask(name, at, "whole")


async def record_database(place: Path, port: int) -> None:
    """Record what a stray DATABASE_URL does: LiteLLM says why in its start-up log, and ends."""
    models = [azure_model("whole", f"http://127.0.0.1:{port}")]
    async with litellm(place, models, env={"DATABASE_URL": "postgresql://u@127.0.0.1:9/x"}, log="L14") as at:
        print(f"L14: {'up' if at else 'ended'}")


async def record_credentials(place: Path, port: int) -> None:
    """Record what unreachable or unknown Entra credentials make of a call."""
    base = f"http://127.0.0.1:{port}"
    entra = {"api_key": None, "tenant_id": "t", "client_id": "c", "client_secret": "s"}
    more: Config = {"litellm_settings": {"enable_azure_ad_token_refresh": True}, "router_settings": {"disable_cooldowns": True}}
    env = {"AZURE_AUTHORITY_HOST": "https://127.0.0.1:9", "AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://127.0.0.1:9"}
    for name, credential in (("A8", "DefaultAzureCredential"), ("A10", "'DefaultAzureCredential'")):
        models = [azure_model("default", base, api_key=None), azure_model("secret", base, **entra)]
        async with litellm(place, models, more=more, env={**env, "AZURE_CREDENTIAL": credential}) as at:
            if at:
                await ask(name, at, "default")
                await ask(f"{name}-streamed", at, "default", stream=True)
                if name == "A8":
                    await ask("A13", at, "secret")
                    await ask("A13-streamed", at, "secret", stream=True)


async def record_down() -> None:
    """Record how a LiteLLM that is not up looks to a client."""
    try:
        await asyncio.open_connection("127.0.0.1", await _free_port())
    except OSError as error:
        (OUT / "L15.chain").write_text(re.sub(r"\d{4,}", "4000", f"{type(error).__name__}: {error}\n"), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
