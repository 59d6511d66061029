import time

import pytest

from sonify.reading.xhtml import undisplayed


def test_every_rule_that_hides_is_found():
    style_sheet = """
        @charset "utf-8";
        .a { display: none }
        .b, span.c { color: red; visibility: hidden }
        @supports (x: y) { @media print { .d { display: none } } .e { display: none } }
        .f { color: red }
        .g { display: none
    """
    assert undisplayed(style_sheet) == {".a", ".b", "span.c", ".g"}


@pytest.mark.parametrize("part", ["a", "@a", "@(", "/*", "url(", "@{", '"@', "{a", "@a{b}"])
def test_what_is_no_style_sheet_is_soon_read(part):
    began = time.monotonic()
    undisplayed(part * 100_000)
    assert time.monotonic() - began < 5
