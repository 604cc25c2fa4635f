"""Where people open the server, and what a Host header may say there."""

import pytest

from chatsheet.auth.place import place
from chatsheet.core.settings import ServerSettings


@pytest.mark.parametrize(
    ("url", "origin", "hosts"),
    [
        ("https://Sheets.Example.com", "https://sheets.example.com", {"sheets.example.com", "sheets.example.com:443"}),
        ("https://sheets.example.com:8443/", "https://sheets.example.com:8443", {"sheets.example.com:8443"}),
        ("https://[2001:db8::1]", "https://[2001:db8::1]", {"[2001:db8::1]", "[2001:db8::1]:443"}),
    ],
)
def test_people_come_by_the_public_address(url: str, origin: str, hosts: set[str]) -> None:
    found = place(ServerSettings(public_url=url), 8000)
    assert (found.origin, found.hosts, found.keeps_https) == (origin, hosts, True)


def test_without_one_they_come_by_the_address_that_listens() -> None:
    found = place(ServerSettings(host="10.0.0.7", tls_certificate="a.pem", tls_key="b.pem"), 8443)  # pyright: ignore[reportArgumentType]
    assert (found.origin, found.hosts) == ("https://10.0.0.7:8443", {"10.0.0.7:8443"})


def test_loopback_has_three_names_and_keeps_no_browser_to_https() -> None:
    found = place(ServerSettings(host="::1"), 8000)
    assert (found.origin, found.hosts) == ("http://[::1]:8000", {"127.0.0.1:8000", "localhost:8000", "[::1]:8000"})
    assert not found.keeps_https
    assert not place(ServerSettings(public_url="https://localhost:8443"), 8000).keeps_https
