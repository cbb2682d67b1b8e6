"""A body as text: what is odd costs no time."""

from __future__ import annotations

import time

import pytest

from plugin.handlers.plain import LONGEST, plain
from plugin.zammad.schemas import LONGEST_BODY

ENOUGH = 1.5 * LONGEST_BODY
EVIL = (
    "<!--",
    "<!",
    "<a ",
    "</",
    "<a b='",
    "&",
    "&#",
    "<?",
    "<![CDATA[",
    "<script>",
    "<p",
    "<div><blockquote>",
    "<br>",
)
LONG_TAGS = {
    "attributes": "<a" + " a" * 9000 + ">",
    "quotes": "<a " + "'" * 19000 + ">",
    "blanks": "<a" + " " * 19000 + ">",
}


@pytest.mark.parametrize("unit", [*EVIL, *(pytest.param(tag, id=name) for name, tag in LONG_TAGS.items())])
def test_html_made_to_cost_time_costs_none(unit: str) -> None:
    body = unit * (int(ENOUGH) // len(unit))
    began = time.process_time()
    text = plain(body, content_type="text/html")
    took = time.process_time() - began
    print(f"{len(body)} characters of {unit[:12]!r}: {took:.3f} s of CPU")
    assert len(text) <= LONGEST
    # 24 s before, a fiftieth of a second now
    assert took < 5


@pytest.mark.parametrize(
    ("html", "text"),
    [
        pytest.param("1 < 2 and 3 > 2", "1 < 2 and 3 > 2", id="signs that are no tags"),
        pytest.param("<p>a</p><!-- not <b>this</b> --><p>b</p>", "a\nb", id="a comment"),
        pytest.param("a <!-- and no end", "a <!-- and no end", id="a comment without an end"),
        pytest.param("<a href='x'>here</a>", "here", id="a tag with an attribute"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_what_begins_no_tag_is_text(html: str, text: str) -> None:
    assert plain(html, content_type="text/html") == text
