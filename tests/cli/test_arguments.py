import argparse

import pytest

from sonify.cli.arguments import Number


@pytest.mark.parametrize("number", [Number(int, -48, 48), Number(float, -1.5, 0.0)])
@pytest.mark.parametrize("text", ["abc", "", "nan", "inf", "49", "1e400", "9" * 5000])
def test_what_is_no_number_of_the_range_is_refused(number: Number, text: str):
    with pytest.raises(argparse.ArgumentTypeError, match="is not a number from"):
        number(text)


@pytest.mark.parametrize(("text", "value"), [("-48", -48), ("-1", -1), (" 7 ", 7), ("+48", 48)])
def test_numbers_of_the_range_are_taken(text: str, value: int):
    assert Number(int, -48, 48)(text) == value
