"""Why somebody edits, as they say it."""

from typing import Annotated

from pydantic import AfterValidator, Field

from chatsheet.chat import proposals

Reason = Annotated[str, Field(max_length=500), AfterValidator(proposals.check_reason)]
"""Free text, but for what only the version of an applied proposal says."""
