from typing import TypedDict

from playwright.async_api import Page

class Node(TypedDict):
    html: str

class Violation(TypedDict):
    id: str
    help: str
    nodes: list[Node]

class Response(TypedDict):
    violations: list[Violation]

class AxeResults:
    response: Response

class Axe:
    async def run(self, page: Page, context: str | None = None) -> AxeResults: ...
