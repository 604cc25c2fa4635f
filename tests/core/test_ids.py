"""Identifiers sort by time and never repeat; keys are long."""

from chatsheet.core import ids


def test_ids_are_unique_and_named() -> None:
    made = [ids.new_id("chat") for _ in range(1_000)]
    assert len(set(made)) == len(made)
    assert all(one.startswith("chat_") and len(one) == 27 for one in made)


def test_keys_hold_256_bits() -> None:
    assert len(ids.new_key()) >= 3 + 43
    assert ids.new_key() != ids.new_key()
