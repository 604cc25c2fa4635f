"""What the schema promises holds for requests that nobody thought of: no error of our own, no status that it leaves out."""

# schemathesis leaves type arguments of its own open:
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingTypeArgument=false

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from chatsheet.api import app
from chatsheet.api.closed import Keys
from tests.api.conftest import Served, listening
from tests.api.world import inhabited

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_database")]
_EXAMPLES = 3
_FEW = settings(
    max_examples=_EXAMPLES,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
_READY = "GET /readyz"
"""Its 503 is an answer."""
_CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]


def hammer(url: str, headers: Mapping[str, str], document: dict[str, object]) -> None:
    """Send each operation a few requests made up from the schema, and check what is answered."""
    wrong: list[str] = []
    with requests.Session() as session:
        for found in schemathesis.openapi.from_dict(document).get_all_operations():
            assert isinstance(found, Ok), "the schema is valid"
            operation = found.ok()

            @seed(8)
            @_FEW
            @given(operation.as_strategy())
            def ask(case: Case) -> None:
                answer = case.call(base_url=url, headers=dict(headers), timeout=30, session=session)
                if case.operation.label == _READY:
                    case.validate_response(answer, checks=_CHECKS)
                else:
                    case.validate_response(answer, checks=[not_a_server_error, *_CHECKS])

            try:
                ask()
            except* Failure as failures:
                wrong += [f"{operation.label}: {one}" for one in failures.exceptions]
    assert not wrong, "\n".join(wrong)


async def test_the_one_user_of_local_mode(served: Served) -> None:
    document = app.routed(served.services, Keys(token="")).openapi()
    bearer = {"Authorization": f"Bearer {served.keys.token}"}
    await asyncio.to_thread(hammer, served.url, bearer, document)


async def test_a_viewer_where_people_log_in(tmp_path: Path, sales: Path) -> None:
    async with inhabited(tmp_path, sales) as world, listening(world.app) as url:
        document = app.routed(world.services, Keys(token="")).openapi()
        headers = {**await world.credentials("viewer"), "Host": "sheets.example.com"}
        await asyncio.to_thread(hammer, url, headers, document)
