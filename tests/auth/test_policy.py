"""The policy: who may do what, as one pure function says."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.auth import policy
from chatsheet.auth.policy import Action, Principal, Scope, Standing
from chatsheet.core.identity import Condition, Role, Rules, TableRule

RULES = Rules((TableRule("orders", hidden=("price",)),))
OTHER = Rules((TableRule("orders", rows=(Condition("region", "equals", ("North",)),)),))
ADA = Principal("ada")
PERSONAL = {Action.ITSELF, Action.SESSIONS, Action.OPEN, Action.MODEL, Action.STATUS}
CHANGES = {Action.EDIT, Action.REMOVE, Action.SHARE, Action.GLOSSARY, Action.CHAT_DECIDE, Action.READ_WHOLE}
roles = st.sampled_from(Role)
standings = st.builds(
    Standing,
    workspace_id=st.just("w"),
    member=st.none() | roles,
    shared=st.none() | roles,
    rules=st.none() | st.dictionaries(roles, st.sampled_from([RULES, OTHER])),
    chat_creator=st.sampled_from(["", "ada", "bob"]),
    chat_rules=st.sampled_from([None, "", RULES.key, OTHER.key]),
)
principals = st.builds(
    Principal,
    user_id=st.just("ada"),
    is_admin=st.booleans(),
    scopes=st.none() | st.frozensets(st.sampled_from(Scope)),
    workspace_id=st.sampled_from(["", "w", "elsewhere"]),
)
actions = st.sampled_from(Action)


@given(principals, actions, standings)
def test_nobody_does_what_they_do_not_see(principal: Principal, action: Action, standing: Standing) -> None:
    if policy.allows(principal, action, standing) and action not in {*PERSONAL, Action.INSTALLATION}:
        assert policy.sees(principal, standing)


@given(principals, actions, standings)
def test_a_token_may_nothing_that_its_user_may_not(principal: Principal, action: Action, standing: Standing) -> None:
    if policy.allows(principal, action, standing):
        assert policy.allows(Principal("ada", is_admin=principal.is_admin), action, standing)


@given(actions, roles, roles)
def test_a_higher_role_may_all_that_a_lower_one_may(action: Action, low: Role, high: Role) -> None:
    low, high = min(low, high), max(low, high)
    if policy.allows(ADA, action, Standing("w", member=low)):
        assert policy.allows(ADA, action, Standing("w", member=high))


@given(roles, roles)
def test_a_share_counts_as_a_membership_does_and_the_higher_one_holds(member: Role, shared: Role) -> None:
    assert Standing("w", member=member, shared=shared).role is max(member, shared)


@pytest.mark.parametrize("action", sorted(set(Action) - PERSONAL))
def test_a_stranger_may_nothing_even_as_administrator(action: Action) -> None:
    for is_admin in (False, True):
        may = policy.allows(Principal("eve", is_admin=is_admin), action, Standing("w"))
        assert may is (action is Action.INSTALLATION and is_admin)


@pytest.mark.parametrize("action", sorted(CHANGES))
def test_who_sees_a_part_changes_nothing_whatever_their_role(action: Action) -> None:
    for role in Role:
        assert not policy.allows(ADA, action, Standing("w", member=role, rules={role: RULES}))


@pytest.mark.parametrize(("rules", "sees"), [({}, True), ({Role.VIEWER: RULES}, True), ({Role.VIEWER: OTHER}, False)])
def test_a_chat_is_seen_under_its_own_rules_or_none(rules: dict[Role, Rules], sees: bool) -> None:  # noqa: FBT001  expected
    standing = Standing("w", member=Role.VIEWER, rules=rules, chat_rules=RULES.key)
    assert policy.sees(ADA, standing) is sees


@pytest.mark.parametrize("action", [Action.CHAT_ASK, Action.CHAT_CHANGE])
def test_a_chat_of_somebody_else_is_for_owners_to_change(action: Action) -> None:
    may = {role for role in Role if policy.allows(ADA, action, Standing("w", member=role, chat_creator="bob"))}
    assert may == {Role.OWNER}


def test_a_token_for_one_workspace_sees_no_other() -> None:
    token = Principal("ada", scopes=frozenset(Scope), workspace_id="here")
    seen = {where for where in ("here", "there") if policy.sees(token, Standing(where, member=Role.OWNER))}
    assert seen == {"here"}


def test_a_token_is_good_for_its_scopes_only() -> None:
    for action, scope in itertools.product(Action, Scope):
        token = Principal("ada", is_admin=True, scopes=frozenset({scope}))
        if policy.allows(token, action, Standing("w", member=Role.OWNER)):
            others = frozenset(Scope) - {scope}
            assert not policy.allows(Principal("ada", is_admin=True, scopes=others), action, Standing("w", member=Role.OWNER))


@given(principals, standings)
def test_an_actor_is_no_more_than_the_policy_allows(principal: Principal, standing: Standing) -> None:
    actor = policy.actor(principal, standing)
    assert actor.is_admin is policy.allows(principal, Action.INSTALLATION, standing)
    assert actor.can_decide is policy.allows(principal, Action.CHAT_DECIDE, standing)
    assert actor.rules == (standing.rules or {}).get(actor.role, Rules())
