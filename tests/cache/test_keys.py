"""Keys: whatever a value depends on changes its key, and SQL about the present is never kept."""

from dataclasses import fields, replace

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.cache import keys
from chatsheet.cache.keys import Key, ModelReply, ParsedFile, Profile, QueryResult
from chatsheet.sheets import guard

texts = st.text(max_size=8)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts
parameters = st.lists(scalars | st.lists(scalars, max_size=2).map(tuple), max_size=3).map(tuple)
limits = st.lists(st.integers(), max_size=3).map(tuple)
wholes: st.SearchStrategy[Key] = st.one_of(
    st.builds(ParsedFile, parser=texts, name=texts, content=texts, said=texts),
    st.builds(Profile, profile=texts, sheet=texts, version=texts, rules=texts),
    st.builds(
        QueryResult, engine=texts, sheet=texts, version=texts, rules=texts, operation=texts, asked=texts,
        parameters=parameters, limits=limits,
    ),
    st.builds(
        ModelReply, tenant=texts, template=texts, provider=texts, model=texts, deployment=texts, request=texts,
    ),
)  # fmt: skip
CALLED = [
    "now()",
    "RANDOM ( )",
    '"now"()',
    "now/* now */()",
    "now -- x\n()",
    "uuid()",
    "age(d)",
    "current_date",
    "CURRENT_TIMESTAMP",
]
CONSTANT = [
    'SELECT "age", "random", "error" FROM t',
    "SELECT 'now' AS a",
    "SELECT date_trunc('day', d) FROM known(a)",
    "nowadays()",
]


@given(key=wholes, data=st.data())
def test_any_changed_ingredient_changes_the_key(key: Key, data: st.DataObject) -> None:
    changed = data.draw(st.sampled_from([one.name for one in fields(key)]))
    was: object = getattr(key, changed)
    other = data.draw(
        {"parameters": parameters, "limits": limits}.get(changed, texts).filter(lambda new: repr(new) != repr(was))
    )
    assert keys.digest(replace(key, **{changed: other})) != keys.digest(key)


@given(key=wholes)
def test_equal_keys_have_one_digest_that_begins_with_its_kind(key: Key) -> None:
    assert keys.digest(replace(key)) == keys.digest(key)
    assert keys.kind_of(keys.digest(key)) == key.kind


@given(one=wholes, two=wholes)
def test_different_keys_have_different_digests(one: Key, two: Key) -> None:
    assert (keys.digest(one) == keys.digest(two)) == (repr(one) == repr(two))


def test_every_function_that_duckdb_itself_calls_volatile_is_known() -> None:
    found = (
        duckdb.connect()
        .execute("SELECT DISTINCT function_name FROM duckdb_functions() WHERE stability <> 'CONSISTENT'")
        .fetchall()
    )
    assert {name for (name,) in found} <= keys.VOLATILE


def test_every_macro_that_stands_on_the_present_is_known() -> None:
    found = (
        duckdb.connect()
        .execute(
            "SELECT DISTINCT function_name, macro_definition FROM duckdb_functions() WHERE macro_definition IS NOT NULL "
            "AND function_type = 'macro'"
        )
        .fetchall()
    )
    assert {name for name, body in found if keys.is_volatile(body)} <= keys.VOLATILE


@pytest.mark.parametrize("call", CALLED)
def test_a_call_about_the_present_is_seen_however_it_is_written(call: str) -> None:
    assert keys.is_volatile(f"SELECT {call} FROM t")  # noqa: S608  not run


@pytest.mark.parametrize("sql", CONSTANT)
def test_columns_and_texts_with_such_names_do_not_count(sql: str) -> None:
    assert not keys.is_volatile(sql)


@pytest.mark.parametrize(
    "sql", ["SELECT today() FROM t", "SELECT current_date FROM t", "SELECT age(d) FROM t", "SELECT now() FROM t"]
)
def test_it_is_seen_in_what_the_guard_writes_too(sql: str) -> None:
    assert keys.is_volatile(guard.check(sql, {"t": ["d"]}).sql)
