"""Every sentence of the code can be said in every language, with the same values."""

from __future__ import annotations

import string
from pathlib import Path

import pytest

from plugin.locales import CATALOGUES, collect, translations, translator


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


@pytest.mark.parametrize("language", CATALOGUES)
def test_every_sentence_is_translated(language: str) -> None:
    known = translations(CATALOGUES[language])
    assert [template for template in collect.templates() if template not in known] == []


@pytest.mark.parametrize("language", CATALOGUES)
def test_no_translation_is_left_of_a_sentence_that_is_gone(language: str) -> None:
    assert set(translations(CATALOGUES[language])) - set(collect.templates()) == set()


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_translation_has_the_values_of_its_sentence(language: str) -> None:
    known = translations(CATALOGUES[language])
    assert {a: b for a, b in known.items() if placeholders(a) != placeholders(b)} == {}


def test_english_is_said_as_it_is_written() -> None:
    assert translator("en")("Answer the customer") == "Answer the customer"


def test_a_sentence_without_translation_stays_english() -> None:
    assert translator("de")("Nobody ever wrote this.") == "Nobody ever wrote this."


def test_a_language_without_a_catalogue_is_refused() -> None:
    with pytest.raises(ValueError, match="found fr, allowed en, de, zh-CN"):
        translator("fr")


def test_sentences_are_found_where_they_are_written(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(
        'from plugin.model.words import text\nx = text("Hello {name}", name=1)\ny = text("a" if x else "b")\n',
        encoding="utf-8",
    )
    (tmp_path / "two.py").write_text('def text(_): ...\ntext("not ours")\n', encoding="utf-8")
    assert list(collect.templates(tmp_path)) == ["Hello {name}", "a", "b"]


def test_a_computed_sentence_is_refused(tmp_path: Path) -> None:
    code = "from plugin.model.words import text\nx = text(str(1))\n"
    (tmp_path / "one.py").write_text(code, encoding="utf-8")
    with pytest.raises(ValueError, match=r"one\.py:2: found a computed template"):
        collect.templates(tmp_path)
