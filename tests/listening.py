"""A brain behind the simulator that keeps what it was sent, for tests of what arrives on the wire."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field

from chatsheet.simulator.brain import Counted, Piece, Say


@dataclass(slots=True)
class Listening:
    """A brain that keeps what it was sent."""

    name: str = "listening"
    bodies: dict[str, Mapping[str, object]] = field(default_factory=dict[str, Mapping[str, object]])

    async def reply(self, deployment: str, body: Mapping[str, object]) -> AsyncGenerator[Piece, None]:
        """Answer ok."""
        self.bodies[deployment] = body
        yield Say("ok")
        yield Counted(1, 1)

    async def __aenter__(self) -> None:
        """Nothing to open."""

    async def __aexit__(self, *error: object) -> None:
        """Nothing to close."""
