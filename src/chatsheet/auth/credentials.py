"""What opened the door, when it is asked again whether it still does."""

from chatsheet.auth import sessions as session_names
from chatsheet.auth import tokens as token_names
from chatsheet.auth.access import Again
from chatsheet.auth.policy import Principal
from chatsheet.auth.sessions import Sessions
from chatsheet.auth.tokens import Tokens


def again(sessions: Sessions, tokens: Tokens) -> Again:
    """Return what tells whom a credential lets in now: None where it ended."""

    async def found(credential: str) -> Principal | None:
        if credential.startswith(token_names.CREDENTIAL):
            return await tokens.again(credential.removeprefix(token_names.CREDENTIAL))
        return await sessions.again(credential.removeprefix(session_names.CREDENTIAL))

    return found
