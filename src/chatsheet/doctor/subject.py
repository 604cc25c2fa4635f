"""One path while it is examined: where it leads, with what it is probed, and what earlier rungs saw."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from chatsheet.core.settings import Settings
from chatsheet.doctor.model import Certificate, HostProof
from chatsheet.doctor.paths import Path
from chatsheet.llm.attempt import Means
from chatsheet.llm.routes import Route


@dataclass(slots=True, kw_only=True)
class Subject:
    """A path, the means to probe it, and the notes that rungs leave for later ones."""

    path: Path
    settings: Settings
    environment: Mapping[str, str]
    """The variables of this process."""
    means: Means
    """Legs of the doctor's own: connections are made anew, nothing is remembered from earlier calls."""
    ends: float = float("inf")
    """When, on the means' clock, the examination of this path is over."""
    hosts: tuple[HostProof, ...] = ()
    address: str = ""
    """Where to connect: the proxy's address where one applies."""
    port: int = 0
    is_proxied: bool = False
    peer: str = ""
    certificates: tuple[Certificate, ...] = ()
    served_by: str = ""
    """Who answers, as far as it shows: azure, openai, litellm, simulator, a page, unknown."""
    evidence: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Further lines per rung, for rungs that are decided by a call of another one."""

    @property
    def left_s(self) -> float:
        """How much time is left."""
        return max(0.0, self.ends - self.means.clock.monotonic())

    @property
    def route(self) -> Route:
        """Where calls of this path go first."""
        return self.path.route
