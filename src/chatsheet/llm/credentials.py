"""Entra ID tokens for Azure OpenAI, from whatever identity this machine has."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure.identity.aio import DefaultAzureCredential

SCOPE = "https://cognitiveservices.azure.com/.default"
"""The audience that Azure OpenAI's data plane accepts."""


class TokenFailed(Exception):
    """No token could be had; the text names only the kinds of error, never what the identity service sent."""


class EntraTokens:
    """Tokens on demand; azure-identity caches them and refreshes ahead of expiry."""

    def __init__(self) -> None:
        self._credential: DefaultAzureCredential | None = None

    async def get(self) -> str:
        """Return a bearer token for Azure OpenAI; raises TokenFailed."""
        from azure.core.exceptions import AzureError  # noqa: PLC0415  0.3 s that only Entra routes pay
        from azure.identity.aio import DefaultAzureCredential  # noqa: PLC0415  likewise

        if self._credential is None:
            self._credential = DefaultAzureCredential()
        try:
            return (await self._credential.get_token(SCOPE)).token
        except AzureError as error:
            raise TokenFailed(f"ClientAuthenticationError: {type(error).__name__}") from None

    async def close(self) -> None:
        if self._credential is not None:
            await self._credential.close()
