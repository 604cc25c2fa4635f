"""Throwaway certificates, good ones and each wrong one; the authority's key never leaves this process."""

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal, get_args

import trustme

TlsMode = Literal["good", "wrong-ca", "wrong-name", "self-signed", "expired", "intercepted", "plain-text-on-tls-port"]
MODES: tuple[TlsMode, ...] = get_args(TlsMode)

NAME = "rehearsal.openai.azure.com"
"""The resource that the listeners stand for; nobody's."""
PRIVATE_NAME = "rehearsal.privatelink.openai.azure.com"


class Certificates:
    """An authority for some names, and certificates that are wrong in one way each."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = list(names)
        self._good = trustme.CA(organization_name="ChatSheetAI simulator (throwaway)")
        self._stranger = trustme.CA(organization_name="Somebody else (simulated)")
        self._inspector = trustme.CA(organization_name="Corporate TLS inspection (simulated)")
        self._contexts: dict[TlsMode, ssl.SSLContext] = {}

    @property
    def ca_pem(self) -> bytes:
        """The authority to trust, for `ca_file`."""
        return self._good.cert_pem.bytes()

    @property
    def inspector_pem(self) -> bytes:
        """The inspecting proxy's authority: trusting it too is how interception is mended."""
        return self._inspector.cert_pem.bytes()

    def context(self, mode: TlsMode) -> ssl.SSLContext | None:
        """Return what a server of this mode shows; None for plain text."""
        if mode == "plain-text-on-tls-port":
            return None
        if mode not in self._contexts:
            self._contexts[mode] = self._made(mode)
        return self._contexts[mode]

    def _made(self, mode: TlsMode) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        match mode:
            case "wrong-ca":
                _show(context, self._stranger.issue_cert(*self._names))
            case "wrong-name":
                _show(context, self._good.issue_cert(PRIVATE_NAME))
            case "expired":
                begin, end = datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)
                _show(context, self._good.issue_cert(*self._names, not_before=begin, not_after=end))
            case "self-signed":
                _load(context, self._stranger.cert_pem, self._stranger.private_key_pem)
            case "intercepted":
                _show(context, self._inspector.issue_cert(*self._names), self.inspector_pem)
            case "good" | "plain-text-on-tls-port":
                _show(context, self._good.issue_cert(*self._names))
        return context


def _show(context: ssl.SSLContext, leaf: trustme.LeafCert, root: bytes = b"") -> None:
    chain = b"".join(blob.bytes() for blob in leaf.cert_chain_pems) + root
    _load(context, trustme.Blob(chain), leaf.private_key_pem)


def _load(context: ssl.SSLContext, chain: trustme.Blob, key: trustme.Blob) -> None:
    with chain.tempfile() as chain_file, key.tempfile() as key_file:
        context.load_cert_chain(chain_file, key_file)
