"""A name as agents write it into a note, without what they write beside it."""

from __future__ import annotations

import pytest

from plugin.model.named import plain


@pytest.mark.parametrize(
    ("written", "name"),
    [
        pytest.param("anna", "anna", id="login"),
        pytest.param("@anna.", "anna", id="with signs"),
        pytest.param("anna@example.com", "anna@example.com", id="mail address"),
        pytest.param("Anna Erste <anna@example.com>", "Anna Erste", id="name and address"),
        pytest.param("Anna Erste (first line)", "Anna Erste", id="with her team"),
        pytest.param("Anna Erste – first line", "Anna Erste", id="behind a dash"),
        pytest.param("Anne-Marie Erste", "Anne-Marie Erste", id="a name with a hyphen"),
        pytest.param("anna, see below", "anna", id="behind a comma"),
        pytest.param("@ @", "", id="signs alone"),
        pytest.param("(unknown)", "", id="in brackets alone"),
    ],
)
def test_what_stands_beside_a_name_is_no_part_of_it(written: str, name: str) -> None:
    assert plain(written) == name
