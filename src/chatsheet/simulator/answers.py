"""A fault as an answer: status, headers and body as this door would send them. Pure: the time is handed in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Literal

from chatsheet.core import loose
from chatsheet.simulator.catalogue import litellm
from chatsheet.simulator.fault import Fault, Tuning
from chatsheet.simulator.faults import GIVEN

Door = Literal["azure", "openai", "litellm"]
"""In whose words the wire speaks."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def answer(name: str, fault: Fault, tuning: Tuning, *, door: Door, now: datetime) -> Answer:
    """Return the answer that a fault with a status stands for; through LiteLLM, what it leaves of it."""
    if name == "redirect":
        return Answer(fault.status, {"location": tuning.location}, b"")
    headers = {**fault.headers, **(_retry_after(tuning, now) if "retry_after" in fault.takes else {})}
    fault = Fault(about=fault.about, status=fault.status, body=fault.body, text=fault.text, headers=headers)
    if door == "litellm" and name not in litellm.FAULTS and name != GIVEN:
        fault = litellm.masked(fault)
    body = fault.text or loose.dumps(fault.body)
    kind = {} if "content-type" in fault.headers else {"content-type": "application/json"}
    return Answer(fault.status, {**kind, **fault.headers}, body.encode())


def _retry_after(tuning: Tuning, now: datetime) -> dict[str, str]:
    seconds = tuning.retry_after
    if seconds is None:
        return {}
    match tuning.retry_after_form:
        case "seconds":
            return {"retry-after": f"{seconds:g}"}
        case "ms":
            return {"retry-after-ms": f"{seconds * 1000:.0f}"}
        case "x-ms":
            return {"x-ms-retry-after-ms": f"{seconds * 1000:.0f}"}
        case "http-date":
            return {"retry-after": format_datetime(now + timedelta(seconds=seconds), usegmt=True)}
