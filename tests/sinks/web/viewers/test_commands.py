import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eid_stream.sinks.web.viewers.commands import Command, NonsenseError, read_command

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
ORDERS = ("watch", "seen", "clock", "sleep", "steer", "strength", "bypass", "record", "photo", "bookmark")


def understood(message: str) -> Command | None:
    try:
        return read_command(message)
    except NonsenseError:
        return None


@given(st.text(max_size=80))
def test_text_that_is_no_command_is_nonsense_and_nothing_else(text: str) -> None:
    assert understood(text) is None or json.loads(text)["do"] in ORDERS


@given(st.sampled_from(ORDERS), JSON)
def test_a_known_order_with_any_value_is_understood_or_nonsense(order: str, value: object) -> None:
    command = understood(json.dumps({"do": order, "value": value}))
    assert command is None or command.do == order
    if command is not None and order == "strength":
        assert 0.0 <= command.value <= 1.0


@pytest.mark.parametrize(
    "value", ["true", "1.01", "-0.01", "NaN", "Infinity", '"0.5"', "null", "[0.5]"], ids=lambda value: str(value)
)
def test_a_strength_is_a_number_from_0_to_1(value: str) -> None:
    assert understood(f'{{"do": "strength", "value": {value}}}') is None


def test_a_deeply_nested_message_is_nonsense() -> None:
    assert understood("[" * 1000) is None


def test_a_note_is_one_line_of_printable_characters() -> None:
    command = understood(json.dumps({"do": "bookmark", "value": " cystic\n\tduct\x00\x1b[31m "}))
    assert command == Command("bookmark", "cystic duct [31m")
    assert understood(json.dumps({"do": "bookmark", "value": "n" * 201})) is None
