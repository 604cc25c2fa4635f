"""What a checker of accessibility finds on a page: rules of WCAG 2.2 A and AA and best practices."""

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page


async def violations(page: Page, within: str | None = None) -> list[str]:
    """Return each violation with the first element that has it; none is what a page should have."""
    found = await Axe().run(page, context=within)
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found.response["violations"]]
