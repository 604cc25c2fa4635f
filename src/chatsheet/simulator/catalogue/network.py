"""N: the request takes the wrong way through the network, or none. Pure."""

from chatsheet.simulator.fault import Elsewhere, Fault, error

_PAGE = (
    "<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1>"
    "<p>This page is played by a simulator of a corporate proxy.</p></body></html>\n"
)
_HTML = {"content-type": "text/html; charset=utf-8"}

FAULTS: dict[str, Fault] = {
    "N1": Fault(
        about="the request arrived on the public side",
        status=403,
        body=error("403", "Public access is disabled. Please configure private endpoint."),
    ),
    "N2": Fault(
        about="the resource's firewall does not know our address",
        status=403,
        body=error("403", "Access denied due to Virtual Network/Firewall rules."),
        headers={"policy-id": "ThrowExceptionDueToTrafficDenied"},
    ),
    "N3": Fault(
        about="the regional host was called instead of the resource's own",
        status=403,
        body=error(
            "403",
            "A Virtual Network is configured for this resource. Please use the correct endpoint for making requests. Check "
            "https://aka.ms/cogsvc-vnet for more details.",
        ),
    ),
    "N12": Fault(
        about="a corporate proxy's page refuses (403)", status=403, text=_PAGE.format(title="Access denied"), headers=_HTML
    ),
    "N12-200": Fault(
        about="a sign-in page answers as if all were well (200)", status=200, text=_PAGE.format(title="Sign in"), headers=_HTML
    ),
    "N12-407": Fault(
        about="a proxy wants a sign-in (407)",
        status=407,
        text=_PAGE.format(title="Proxy authentication required"),
        headers={**_HTML, "proxy-authenticate": 'Basic realm="corporate proxy"'},
    ),
    "reset": Fault(about="the connection is reset before any answer", stream="reset"),
    "silence": Fault(about="the connection is taken and nothing is ever said", stream="silence"),
    "redirect": Fault(
        about="a redirect to another origin (307); following it would hand over the key", status=307, takes=("location",)
    ),
}

ELSEWHERE: dict[str, Elsewhere] = {
    "N4": Elsewhere(
        about="the private zone is not linked: the name leads to a public address",
        kind="listener",
        how='DNS {"name": NAME, "mode": "public"}',
    ),
    "N5": Elsewhere(
        about="the name is unknown, or the zone has no address for it",
        kind="listener",
        how='DNS {"name": NAME, "mode": "nxdomain"}, "no-address" or "servfail"',
    ),
    "N6": Elsewhere(
        about="packets are dropped: no connection ever comes about",
        kind="listener",
        how="the black hole's port as endpoint",
    ),
    "N7": Elsewhere(
        about="the certificate is for another name, as when privatelink's name is called",
        kind="listener",
        how='TLS {"mode": "wrong-name"}',
    ),
    "N8": Elsewhere(
        about="a proxy inspects TLS with its own certificate authority",
        kind="listener",
        how='TLS {"mode": "intercepted"}; also "wrong-ca", "self-signed", "expired"',
    ),
    "N9": Elsewhere(
        about="a forward proxy resolves the public name, because NO_PROXY lacks the host",
        kind="listener",
        how='proxy {"mode": "pass"} to a deployment that plays N1 or N2, or proxy {"mode": "refuse"}',
    ),
    "N10": Elsewhere(
        about="one host name of the resource works and another does not: three zones are needed",
        kind="listener",
        how='DNS {"name": NAME.cognitiveservices.azure.com, "mode": "public"} beside a good NAME.openai.azure.com',
    ),
    "N11": Elsewhere(
        about="the container asks another DNS server than its host",
        kind="environment",
        how="docker run --dns 192.0.2.53 IMAGE chatsheet ask FILE QUESTION   (no answer there, while the host resolves)",
    ),
    "N13": Elsewhere(
        about="works although public access counts as disabled: the setting was not applied",
        kind="environment",
        how="curl -H 'api-key: …' https://NAME.openai.azure.com/openai/v1/models from outside the network: it must be refused",
    ),
}
