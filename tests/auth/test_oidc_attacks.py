"""What an identity provider, or somebody between, might try: each is refused by its name, and nobody is logged in by it."""

from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import httpx
import pytest
from joserfc.jwk import RSAKey

from chatsheet.api.logins import SESSION
from chatsheet.api.routes.oidc import BROWSER
from tests.auth.conftest import HandClock
from tests.auth.idp import CLIENT, FOREIGN, KEY, Claims, Forge, Idp, by_hand, sign, start_idp
from tests.auth.oidc_site import Site, at_provider, begin, log_in, me, problem, start_site

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_database")]
REFUSED = problem("login.token_refused")


@pytest.fixture
async def idp(clock: HandClock) -> AsyncGenerator[Idp, None]:
    """A provider."""
    async with start_idp(clock) as started:
        yield started


@pytest.fixture
async def site(tmp_path: Path, idp: Idp, clock: HandClock) -> AsyncGenerator[Site, None]:
    """The application over it."""
    async with start_site(tmp_path, idp.url, clock) as started:
        yield started


def claiming(**other: object) -> Forge:
    """Sign other claims; one that is None is left out."""
    return lambda _, claims: sign({name: value for name, value in {**claims, **other}.items() if value is not None})


def at(name: str, seconds: int) -> Forge:
    """Sign another time, so many seconds from now."""
    return lambda idp, claims: sign({**claims, name: int(idp.clock.now().timestamp()) + seconds})


def unsigned(alg: str) -> Forge:
    return lambda _, claims: by_hand({"alg": alg, "kid": "one"}, claims)


def by_public_key(_: Idp, claims: Claims) -> str:
    """Sign with what everybody knows, as if it were a secret."""
    return by_hand({"alg": "HS256", "kid": "one"}, claims, KEY.as_pem(private=False))


def with_its_own_key(_: Idp, claims: Claims) -> str:
    """Bring the key along."""
    return sign(claims, FOREIGN, jwk=FOREIGN.as_dict(private=False))


def with_a_cut_signature(_: Idp, claims: Claims) -> str:
    return sign(claims)[:-20]


def of_another_body(_: Idp, claims: Claims) -> str:
    head, _body, signature = sign(claims).split(".")
    return ".".join([head, by_hand({}, {**claims, "sub": "boss"}).split(".")[1], signature])


ATTACKS: dict[str, Forge] = {
    "another issuer": claiming(iss="https://evil.example"),
    "the issuer with a slash": lambda idp, claims: sign({**claims, "iss": f"{idp.url}/"}),
    "no issuer": claiming(iss=None),
    "another nonce": claiming(nonce="n" * 43),
    "no nonce": claiming(nonce=None),
    "a list of nonces": lambda _, claims: sign({**claims, "nonce": [claims["nonce"], "x"]}),
    "expired": at("exp", -61),
    "no end": claiming(exp=None),
    "an end that is no time": claiming(exp="tomorrow"),
    "an end that never comes": claiming(exp=float("inf")),
    "no time of issue": claiming(iat=None),
    "issued in the future": at("iat", 61),
    "not yet valid": at("nbf", 61),
    "for somebody else": claiming(aud="other"),
    "for somebody else, with us as the party": claiming(aud="other", azp=CLIENT),
    "for us and somebody else": claiming(aud=[CLIENT, "other"]),
    "for us, with another party": claiming(azp="other"),
    "for nobody": claiming(aud=None),
    "for an empty list": claiming(aud=[]),
    "no subject": claiming(sub=None),
    "an empty subject": claiming(sub=""),
    "a subject that is a number": claiming(sub=7),
    "a subject too long to tell apart": claiming(sub="s" * 256),
    "a subject that cannot be written": claiming(sub="a\0b"),
    "a login that cannot be written": claiming(sid="a\x7fb"),
    "alg none": unsigned("none"),
    "alg None": unsigned("None"),
    "no alg": lambda _, claims: by_hand({"kid": "one"}, claims),
    "HS256 by the public key": by_public_key,
    "RS256 by a foreign key with our kid": lambda _, claims: sign(claims, FOREIGN),
    "a key that it brings along": with_its_own_key,
    "a cut signature": with_a_cut_signature,
    "another body": of_another_body,
    "no token at all": lambda _, claims: str(claims),
    "a token of points": lambda _, _claims: "..",
    "an encrypted token": lambda _, _claims: "a.b.c.d.e",
    "a token without end": lambda _, _claims: "a" * 200_000,
}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_a_token_that_is_not_of_this_login_is_refused(site: Site, idp: Idp, attack: str) -> None:
    idp.forge = ATTACKS[attack]
    idp.says["id_token_signing_alg_values_supported"] = ["RS256", "none", "HS256"]
    async with site.browser() as browser:
        assert await log_in(browser) == REFUSED
        assert SESSION not in browser.cookies
        assert not await me(browser)


async def test_a_token_by_a_key_that_is_not_shown_is_refused(site: Site, idp: Idp) -> None:
    idp.forge = lambda _, claims: sign(claims, RSAKey.generate_key(2048, {"kid": "new"}))
    async with site.browser() as browser:
        assert await log_in(browser) == problem("login.key_unknown")
        assert SESSION not in browser.cookies


async def test_the_token_of_an_earlier_login_is_refused(site: Site, idp: Idp) -> None:
    async with site.browser() as browser, site.browser() as thief:
        await log_in(browser)
        (earlier,) = (one for one in idp.given if one.count(".") == 2)
        idp.forge = lambda _, _claims: earlier
        assert await log_in(thief) == REFUSED


async def test_an_answer_without_an_id_token_is_refused(site: Site, idp: Idp) -> None:
    idp.is_silent = True
    async with site.browser() as browser:
        assert await log_in(browser) == problem("login.provider_refused")


METADATA: dict[str, Callable[[Idp], Claims]] = {
    "another issuer": lambda _: {"issuer": "https://evil.example"},
    "the issuer with a slash": lambda idp: {"issuer": f"{idp.url}/"},
    "a tenant left open": lambda _: {"issuer": "https://login.microsoftonline.com/{tenantid}/v2.0"},
    "plain PKCE only": lambda _: {"code_challenge_methods_supported": ["plain"]},
    "no PKCE": lambda _: {"code_challenge_methods_supported": []},
    "an address that is none of the web": lambda _: {"authorization_endpoint": "javascript:alert(1)"},
    "an address that is none": lambda _: {"token_endpoint": "https://["},
    "an address without a host": lambda _: {"jwks_uri": "https:/keys"},
    "an end that is none of the web": lambda _: {"end_session_endpoint": "data:text/html,x"},
}


@pytest.mark.parametrize("attack", METADATA)
async def test_metadata_that_leads_elsewhere_is_not_followed(site: Site, idp: Idp, attack: str) -> None:
    idp.says = METADATA[attack](idp)
    async with site.browser() as browser:
        assert await begin(browser) == problem("login.provider_unsafe")


@pytest.mark.parametrize("missing", ["issuer", "token_endpoint", "jwks_uri"])
async def test_metadata_with_a_gap_is_told_of(site: Site, idp: Idp, missing: str) -> None:
    idp.says[missing] = None
    async with site.browser() as browser:
        assert await begin(browser) == problem("login.provider_unreachable")


async def test_an_answer_comes_back_once(site: Site) -> None:
    async with site.browser() as browser:
        back = await at_provider(await begin(browser))
        assert (await browser.get(back)).headers["location"] == "/"
        session = browser.cookies[SESSION]
        assert (await browser.get(back)).headers["location"] == problem("login.expired")
        assert browser.cookies[SESSION] == session


@pytest.mark.parametrize("cookie", ["", "another"])
async def test_an_answer_comes_back_to_the_browser_that_began(site: Site, cookie: str) -> None:
    async with site.browser() as victim, site.browser() as attacker:
        back = await at_provider(await begin(attacker))
        sent = {"Cookie": f"{BROWSER}={cookie}"} if cookie else {}
        assert (await victim.get(back, headers=sent)).headers["location"] == problem("login.expired")
        assert SESSION not in victim.cookies
        assert (await attacker.get(back)).headers["location"] == "/"


async def test_an_answer_after_ten_minutes_is_late(site: Site) -> None:
    async with site.browser() as browser:
        back = await at_provider(await begin(browser))
        site.clock.pass_by(minutes=10)
        assert (await browser.get(back)).headers["location"] == problem("login.expired")


@pytest.mark.parametrize("query", ["", "?state=&code=x", "?state=made-up&code=x", "?code=x&state=%00", "?error=access_denied"])
async def test_an_answer_that_nobody_asked_for_is_refused(site: Site, query: str) -> None:
    async with site.browser() as browser:
        await begin(browser)
        answer = await browser.get(f"/login/oidc/callback{query}")
        assert answer.headers["location"] == problem("login.expired")


async def test_a_stolen_code_is_worth_nothing_in_another_login(site: Site) -> None:
    async with site.browser() as victim, site.browser() as thief:
        stolen = httpx.URL(await at_provider(await begin(victim))).params["code"]
        own = httpx.URL(await at_provider(await begin(thief)))
        answer = await thief.get(own.copy_set_param("code", stolen))
        assert answer.headers["location"] == problem("login.provider_refused")
        assert SESSION not in thief.cookies


@pytest.mark.parametrize("issuer", ["https://evil.example", None])
async def test_the_answer_of_another_provider_is_refused_before_its_code_is_sent(
    site: Site, idp: Idp, issuer: str | None
) -> None:
    async with site.browser() as browser:
        back = httpx.URL(await at_provider(await begin(browser)))
        mixed = back.copy_set_param("iss", issuer) if issuer else back.copy_remove_param("iss")
        assert (await browser.get(mixed)).headers["location"] == problem("login.mixed_up")
    assert idp.given == []
    assert len(idp.begun) == 1


@pytest.mark.parametrize(("issuer", "place"), [(None, "/"), ("https://evil.example", problem("login.mixed_up"))])
async def test_a_provider_that_promises_no_name_may_leave_it_out_but_not_give_another(
    site: Site, idp: Idp, issuer: str | None, place: str
) -> None:
    idp.says["authorization_response_iss_parameter_supported"] = False
    async with site.browser() as browser:
        back = httpx.URL(await at_provider(await begin(browser)))
        sent = back.copy_set_param("iss", issuer) if issuer else back.copy_remove_param("iss")
        assert (await browser.get(sent)).headers["location"] == place


@pytest.mark.parametrize(
    ("error", "code"),
    [("access_denied", "login.denied"), ("server_error", "login.provider_refused"), ("\r\n<b>", "login.provider_refused")],
)
async def test_the_providers_no_is_told(site: Site, idp: Idp, error: str, code: str, caplog: pytest.LogCaptureFixture) -> None:
    idp.answers = {"error": error, "error_description": "<script>alert(1)</script>"}
    async with site.browser() as browser:
        assert await log_in(browser) == problem(code)
    assert "<" not in caplog.text


async def test_a_provider_that_is_down_is_told_of_and_tried_again(site: Site, idp: Idp) -> None:
    idp.is_down = True
    async with site.browser() as browser:
        assert await begin(browser) == problem("login.provider_unreachable")
        idp.is_down = False
        back = await at_provider(await begin(browser))
        idp.is_down = True
        assert (await browser.get(back)).headers["location"] == problem("login.provider_unreachable")


async def test_begun_logins_do_not_pile_up(site: Site) -> None:
    async with site.browser() as browser:
        answers = [await browser.get("/login/oidc") for _ in range(3)]
        assert len({one.headers["location"] for one in answers}) == 3
        assert len({one.cookies[BROWSER] for one in answers}) == 1


async def test_attempts_are_counted(site: Site) -> None:
    for _ in range(100):
        await site.services.rates.login("192.0.2.1")
    async with site.browser() as browser:
        assert await begin(browser) == problem("login.too_many")
