"""An identity provider of our own on loopback: strict about what a client must send, and able to attack it."""

import base64
import hashlib
import hmac
import json
import secrets
import ssl
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import ECKey, Key, RSAKey

from chatsheet.auth.id_tokens import LOGOUT
from tests.auth.conftest import HandClock
from tests.harness import free_ports

CLIENT, SECRET = "us", "a secret: with / and %"
BACK = "https://sheets.example.com/login/oidc/callback"
Claims = dict[str, object]
Forge = Callable[["Idp", Claims], str]
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
FOREIGN = RSAKey.generate_key(2048, {"kid": "one"})
CURVE = ECKey.generate_key("P-256", {"kid": "curve", "use": "sig", "alg": "ES256"})


def sign(claims: Claims, key: Key = KEY, alg: str = "RS256", **header: object) -> str:
    """Return a token, signed as it should be."""
    return jwt.encode({"alg": alg, "kid": key.kid, **header}, dict(claims), key, [alg])


def by_hand(header: Claims, claims: Claims, secret: bytes | None = None) -> str:
    """Return a token that no library would make: without a signature, or with one by a secret."""
    parts = [_part(json.dumps(one).encode()) for one in (header, claims)]
    mac = hmac.new(secret, ".".join(parts).encode(), "sha256").digest() if secret else b""
    return ".".join([*parts, _part(mac)])


def _part(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass(slots=True)
class Idp:
    """The provider; what a test changes of it holds from the next request on."""

    url: str
    clock: HandClock
    says: Claims = field(default_factory=dict[str, object])
    """What its metadata says beside, or instead of, the usual."""
    person: Claims = field(
        default_factory=lambda: {
            "sub": "ada-1",
            "name": "Ada",
            "email": "ada@example.com",
            "email_verified": True,
            "sid": "sid-1",
        }
    )
    """What its id_tokens claim of whoever logs in."""
    forge: Forge = lambda _, claims: sign(claims)
    """Makes the id_token of its claims."""
    keys: list[Key] = field(default_factory=lambda: [KEY])
    answers: dict[str, str] = field(default_factory=dict[str, str])
    """What it sends the browser back with instead of a code."""
    is_silent: bool = False
    """Whether its token endpoint leaves the id_token out."""
    is_public: bool = False
    """Whether it knows us as a client without a secret."""
    is_down: bool = False
    begun: dict[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    """What logins asked for, by the code that was given."""
    given: list[str] = field(default_factory=list[str])
    """The tokens that it gave."""
    fetched: Counter[str] = field(default_factory=Counter[str])

    def metadata(self) -> Claims:
        """Return what it says of itself."""
        return {
            "issuer": self.url,
            **{f"{name}_endpoint": f"{self.url}/{name}" for name in ("authorization", "token", "end_session")},
            "jwks_uri": f"{self.url}/keys",
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            **self.says,
        }

    def claims(self, nonce: str | None) -> Claims:
        """Return what an id_token claims now."""
        now = int(self.clock.now().timestamp())
        times = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300}
        return {**times, **self.person, **({"nonce": nonce} if nonce is not None else {})}

    def logout_token(self, **claims: object) -> str:
        """Return a logout token; a claim that is None is left out."""
        now = int(self.clock.now().timestamp())
        usual: Claims = {
            "iss": self.url,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 120,
            "jti": secrets.token_hex(8),
            "events": {LOGOUT: {}},
        }
        return sign({name: value for name, value in {**usual, **claims}.items() if value is not None}, typ="logout+jwt")

    async def discovery(self, request: web.Request) -> web.Response:
        """Tell of itself."""
        self.fetched[request.path] += 1
        return web.json_response(self.metadata())

    async def show_keys(self, request: web.Request) -> web.Response:
        """Show the public keys."""
        self.fetched[request.path] += 1
        return web.json_response({"keys": [key.as_dict(private=False) for key in self.keys]})

    async def authorize(self, request: web.Request) -> web.Response:
        """Let everybody in at once, if the client asks as it must."""
        asked = dict(request.query)
        wrong = [
            name
            for name, is_right in {
                "response_type": asked.get("response_type") == "code",
                "client_id": asked.get("client_id") == CLIENT,
                "redirect_uri": asked.get("redirect_uri") == BACK,
                "scope": "openid" in asked.get("scope", "").split(),
                "state": len(asked.get("state", "")) >= 43,
                "nonce": len(asked.get("nonce", "")) >= 43,
                "code_challenge": len(asked.get("code_challenge", "")) == 43,
                "code_challenge_method": asked.get("code_challenge_method") == "S256",
            }.items()
            if not is_right
        ]
        if wrong:
            raise web.HTTPBadRequest(text=f"wrong: {wrong}")
        code = secrets.token_urlsafe(16)
        self.begun[code] = asked
        answer = {"state": asked["state"], "iss": self.url, **(self.answers or {"code": code})}
        raise web.HTTPFound(f"{BACK}?{urlencode(answer)}")

    async def token(self, request: web.Request) -> web.Response:
        """Give an id_token for a code, once, to whoever began with its challenge."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        asked = self.begun.pop(form.get("code", ""), None)
        digest = _part(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if not _is_client(request, form, is_public=self.is_public):
            return web.json_response({"error": "invalid_client"}, status=401)
        if asked is None or form.get("redirect_uri") != BACK or not hmac.compare_digest(digest, asked["code_challenge"]):
            return web.json_response({"error": "invalid_grant", "error_description": "<script>"}, status=400)
        tokens = {"access_token": secrets.token_urlsafe(24), "refresh_token": secrets.token_urlsafe(24), "token_type": "Bearer"}
        if not self.is_silent:
            tokens["id_token"] = self.forge(self, self.claims(asked["nonce"]))
        self.given += tokens.values()
        return web.json_response(tokens)


def _is_client(request: web.Request, form: Mapping[str, str], *, is_public: bool) -> bool:
    if is_public:
        return form.get("client_id") == CLIENT and "client_secret" not in form and "Authorization" not in request.headers
    if "Authorization" not in request.headers:
        return (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)
    pair = base64.b64encode(b"us:a+secret%3A+with+%2F+and+%25").decode()  # RFC 6749 section 2.3.1
    return request.headers["Authorization"] == f"Basic {pair}"


@asynccontextmanager
async def start_idp(clock: HandClock, tls: ssl.SSLContext | None = None) -> AsyncGenerator[Idp, None]:
    """Serve a provider on loopback meanwhile."""
    (port,) = free_ports(1)
    idp = Idp(f"{'https' if tls else 'http'}://127.0.0.1:{port}", clock)

    @web.middleware
    async def answer(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        return web.Response(status=503, text="down") if idp.is_down else await handler(request)

    app = web.Application(middlewares=[answer])
    app.router.add_get("/.well-known/openid-configuration", idp.discovery)
    app.router.add_get("/keys", idp.show_keys)
    app.router.add_get("/authorization", idp.authorize)
    app.router.add_post("/token", idp.token)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls).start()
    try:
        yield idp
    finally:
        await runner.cleanup()
