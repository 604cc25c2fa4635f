"""Whether a client proxy stands before a route, by its settings alone; whether it answers, the next rung says."""

from urllib.parse import urlsplit

from chatsheet.doctor import findings, lookups
from chatsheet.doctor.model import Rung
from chatsheet.doctor.subject import Subject
from chatsheet.llm import addresses
from chatsheet.llm.routes import Network


async def look(subject: Subject) -> Rung:
    """Tell which proxy applies, and refuse one that a private route may not use."""
    network = subject.route.network
    if network.proxy is None:
        return findings.passed("proxy", "no proxy")
    login = network.proxy_credentials
    if login is not None and login.value is None:
        return findings.broken("proxy", findings.finding("route.key_missing", f"the proxy's login is not set: {login.source}"))
    if not subject.is_proxied:
        return findings.passed("proxy", f"excepted by no_proxy: {_entry(subject, network)}")
    parts = urlsplit(network.proxy)
    where = f"through http://{parts.netloc.rpartition('@')[2]}{' with a login' if login else ''}"
    if network.is_private and not addresses.is_private(subject.address, network.allowed):
        leads_to = lookups.described(subject.address, network.allowed)
        what = f"the proxy {parts.hostname} of a private route is at {leads_to}; nothing was sent"
        return findings.broken("proxy", findings.finding("net.dns_public_for_private", what), where)
    return findings.passed("proxy", where)


def _entry(subject: Subject, network: Network) -> str:
    known = subject.address if network.is_private else None
    host = subject.route.origin[0]
    return next((entry for entry in network.no_proxy if addresses.is_direct(host, known, (entry,))), "")
