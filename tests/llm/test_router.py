"""The router: each route once, in order, until one answers, nothing can help, or time is up."""

from dataclasses import replace

from chatsheet.llm.causes import CATALOGUE
from chatsheet.llm.router import Try, choose
from tests.llm.rig import ROUTE

FIRST, SECOND = ROUTE, replace(ROUTE, name="second")
HELPED = [cause for cause in CATALOGUE.values() if cause.another_route_helps]


def test_the_first_route_is_tried_first() -> None:
    assert choose([FIRST, SECOND], [], {}, remaining_s=1) == Try(FIRST)
