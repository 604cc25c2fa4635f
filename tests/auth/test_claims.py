"""What claims say of somebody, whatever a provider puts into them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.auth.claims import person
from chatsheet.core.identity import Role
from chatsheet.core.settings import OidcSettings

SETTINGS = OidcSettings(issuer="https://idp.example.com", admin_groups=("it",), roles={"sales": "editor", "board": "viewer"})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda one: st.lists(one) | st.dictionaries(st.text(), one)
)
NAMES = ("sub", "sid", "name", "email", "email_verified", "groups", "preferred_username")


@given(st.dictionaries(st.sampled_from(NAMES), JSON))
def test_any_claims_make_somebody_whom_the_database_can_hold(claims: dict[str, object]) -> None:
    found = person(claims, SETTINGS)
    assert len(found.name) <= 255
    assert len(found.email) <= 320
    assert (found.name + found.email).isprintable()
    assert not found.is_email_theirs or found.email


@pytest.mark.parametrize(
    ("groups", "role", "is_admin"),
    [
        (["sales", "board"], Role.EDITOR, False),
        (["board", "it"], Role.VIEWER, True),
        ("sales", Role.EDITOR, False),
        (["Sales", "sales ", "IT"], None, False),
        ([["sales"], {"it": 1}, 7, None], None, False),
        (None, None, False),
    ],
)
def test_groups_are_taken_by_their_exact_names(groups: object, role: Role | None, is_admin: bool) -> None:  # noqa: FBT001
    found = person({"sub": "1", "groups": groups}, SETTINGS)
    assert (found.role, found.is_admin) == (role, is_admin)


@pytest.mark.parametrize(
    ("claim", "claims"),
    [
        ("cognito:groups", {"cognito:groups": ["sales"]}),
        ("roles", {"roles": ["sales"]}),
        ("realm_access.roles", {"realm_access": {"roles": ["sales"]}}),
        ("https://example.com/groups", {"https://example.com/groups": ["sales"]}),
    ],
)
def test_each_providers_claim_can_be_named(claim: str, claims: dict[str, object]) -> None:
    assert person(claims, SETTINGS.model_copy(update={"groups_claim": claim})).role is Role.EDITOR


def test_without_admin_groups_nobody_is_made_or_unmade_an_administrator() -> None:
    assert person({"groups": ["it"]}, SETTINGS.model_copy(update={"admin_groups": ()})).is_admin is None


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"name": " Ada\x1b[31m\n", "email": "a@b"}, "Ada[31m"),
        ({"name": "", "preferred_username": "ada"}, "ada"),
        ({"email": "a@b"}, "a@b"),
        ({"sub": "s1"}, "s1"),
    ],
)
def test_a_name_is_found_that_can_be_shown(claims: dict[str, object], name: str) -> None:
    assert person(claims, SETTINGS).name == name


@pytest.mark.parametrize(("said", "is_theirs"), [(True, True), ("true", True), (False, False), (None, False), ([True], False)])
def test_an_address_is_theirs_where_the_provider_checked_it(said: object, is_theirs: bool) -> None:  # noqa: FBT001
    for claim in ("email_verified", "xms_edov"):
        assert person({"email": "Ada@Example.com", claim: said}, SETTINGS).is_email_theirs is is_theirs
