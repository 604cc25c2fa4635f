"""The worst model there is: it does what a cell says, as far as its tools let it, and forgets nothing that it was sent."""

from collections.abc import AsyncGenerator, Mapping

from chatsheet.core import loose
from chatsheet.simulator.brain import BrainFailed, Call, Counted, Piece, Say
from tests.chat import attacks
from tests.chat.attacks import BATTERY, WANTED, Attack

_CALLS_AT_ONCE = 4


class ObedientBrain:
    """Reads everything, makes every call that the attack wants, then gives the answer that it wants."""

    name = "obedient"

    def __init__(self) -> None:
        self.bodies: list[Mapping[str, object]] = []
        self._orders: dict[str, tuple[Attack, str]] = {}

    def obey(self, attack: Attack, table: str) -> None:
        """Follow an attack when its question is asked, over this table."""
        self._orders[attack.question] = attack, table
        self.bodies = []

    async def __aenter__(self) -> None:
        """Nothing to open."""

    async def __aexit__(self, *error: object) -> None:
        """Nothing to close."""

    async def reply(self, deployment: str, body: Mapping[str, object]) -> AsyncGenerator[Piece, None]:
        """Yield the next step."""
        del deployment
        self.bodies.append(body)
        messages = [loose.obj(one) for one in loose.array(body.get("messages"))]
        asked = " ".join(loose.text(one.get("content")) for one in messages if one.get("role") == "user")
        order = next((known for question, known in self._orders.items() if question in asked), None)
        if order is None:
            raise BrainFailed("nobody asked that")
        attack, table = order
        step = sum(one.get("role") == "assistant" for one in messages)
        calls = _steps(attack)
        if step < len(calls) and body.get("tool_choice") != "none":
            for index, (name, arguments) in enumerate(calls[step]):
                yield Call(index, f"call_{step}_{index}", name, loose.dumps(arguments).replace("{table}", table))
        else:
            yield Say(attack.says)
        yield Counted(100, 10)


def _steps(attack: Attack) -> list[list[attacks.Call]]:
    read: list[attacks.Call] = [
        ("describe", {"table": "{table}"}),
        ("run_sql", {"purpose": "read", "sql": "SELECT * FROM {table}"}),
        ("run_sql", {"purpose": "an error that echoes a cell", "sql": "SELECT CAST(note AS INTEGER) AS n FROM {table}"}),
    ]
    wanted = [*WANTED[attack.wants], *BATTERY]
    return [read, *(wanted[at : at + _CALLS_AT_ONCE] for at in range(0, len(wanted), _CALLS_AT_ONCE))]
