"""Settings of login modes: what would let a password travel in clear text, or let nobody in, stops the start."""

from pathlib import Path

import pytest

from chatsheet.core import settings_file
from chatsheet.core.settings import Settings
from chatsheet.core.settings_file import SettingsInvalid

OIDC = '[auth]\nmode = "oidc"\n[auth.oidc]\nissuer = "https://login.example.com/t1/v2.0"\nclient_id = "us"\n'
PUBLIC = '[server]\npublic_url = "https://sheets.example.com"\n'


def read(folder: Path, text: str) -> Settings:
    path = folder / "some.toml"
    path.write_text(text, encoding="utf-8")
    return settings_file.load(path)


@pytest.mark.parametrize(
    "text",
    [
        '[auth]\nmode = "password"\n',
        '[server]\nhost = "0.0.0.0"\npublic_url = "https://sheets.example.com"\n[auth]\nmode = "password"\n',
        '[server]\npublic_url = "http://localhost:8000"\n[auth]\nmode = "password"\n',
        '[server]\nhost = "10.0.0.7"\ntls_certificate = "c.pem"\ntls_key = "k.pem"\n[auth]\nmode = "password"\n',
        PUBLIC + OIDC,
        OIDC.replace("https://login.example.com", "http://127.0.0.1:9000"),
    ],
)
def test_a_safe_login_mode_is_taken(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text).auth.mode != "local"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (PUBLIC.replace("https", "http") + OIDC, ["server.public_url", "clear text", "https://sheets.example.com"]),
        (PUBLIC.replace(".com", ".com/app") + OIDC, ["server.public_url", "without a path"]),
        (PUBLIC.replace("https://", "") + OIDC, ["server.public_url", "not the address"]),
        (PUBLIC.replace("sheets.example.com", "[::1") + OIDC, ["server.public_url", "not the address"]),
        (PUBLIC, ["server.public_url", "login", "auth.mode"]),
        ('[server]\nhost = "0.0.0.0"\n' + OIDC, ["server.public_url", "missing", "nobody can open"]),
        ('[server]\nhost = "10.0.0.7"\n' + OIDC, ["server.public_url", "clear text", "tls_certificate"]),
        ('[server]\ntls_certificate = "c.pem"\n', ["server.tls_key", "missing"]),
        ('[server]\ntls_key = "k.pem"\n', ["server.tls_certificate", "missing"]),
        ('[auth]\nmode = "oidc"\n', ["auth.oidc.issuer", "auth.oidc.client_id"]),
        (OIDC.replace("https", "http"), ["auth.oidc.issuer", "not an https address"]),
        (OIDC.replace("/t1/", "/common/"), ["auth.oidc.issuer", "every tenant"]),
        (OIDC + 'client_secret = "env:UNSET_SECRET"\n', ["auth.oidc.client_secret", "UNSET_SECRET is not set"]),
        (OIDC + 'client_secert = "env:X"\n', ["auth.oidc.client_secert", 'did you mean "client_secret"?']),
        ('[auth]\nmod = "oidc"\n', ["auth.mod", 'did you mean "mode"?']),
        ('[database]\nurl = "env:UNSET_URL"\n', ["database.url", "UNSET_URL is not set"]),
    ],
)
def test_an_unsafe_one_stops_the_start_with_name_reason_and_fix(tmp_path: Path, text: str, named: list[str]) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        read(tmp_path, text)
    said = caught.value.line()
    assert all(part in said for part in named), said


def test_a_login_mode_can_come_from_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "AUTH_MODE": "oidc",
        "AUTH_SESSION_IDLE_H": "2",
        "AUTH_OIDC_ISSUER": "https://login.example.com",
        "AUTH_OIDC_CLIENT_ID": "us",
        "AUTH_OIDC_ROLES": "sales=editor,board=viewer",
        "SERVER_PUBLIC_URL": "https://sheets.example.com",
        "CACHE_MEMORY_MB": "64",
    }.items():
        monkeypatch.setenv(f"CHATSHEET_{name}", value)
    found = settings_file.load()
    assert (found.auth.mode, found.auth.session_idle_h, found.cache.memory_mb) == ("oidc", 2, 64)
    assert (found.auth.oidc.client_id, found.auth.oidc.roles) == ("us", {"sales": "editor", "board": "viewer"})
