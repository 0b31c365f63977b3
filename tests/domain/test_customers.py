"""Slugs and sources: what people type, as machines keep it."""

import unicodedata

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from custody.domain.customers import slug_of, source_of
from custody.errors import RefusedError


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Acorn", "acorn"),
        ("  Acorn & Birch, Inc. ", "acorn-birch-inc"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("\uff21\uff43\uff4f\uff52\uff4e", "acorn"),
        ("Cafe\u0301", "café"),
        ("a__b--c", "a-b-c"),
    ],
)
def test_a_name_becomes_a_slug(name: str, slug: str) -> None:
    assert slug_of(name) == slug


@pytest.mark.parametrize("name", ["", "   ", "---", "_", "!?"])
def test_a_name_without_a_letter_or_digit_is_refused(name: str) -> None:
    with pytest.raises(RefusedError, match="letter or digit"):
        slug_of(name)


def _slug(name: str) -> str:
    """The slug, where the name has one."""
    try:
        return slug_of(name)
    except RefusedError:
        assume(False)
        raise


@given(st.text())
@example("\u03b1\u0345\u0301")
@example("\u1e9e")
def test_a_slug_is_its_own_slug(name: str) -> None:
    slug = _slug(name)
    assert slug_of(slug) == slug


@given(st.text())
def test_a_slug_is_words_joined_by_single_dashes(name: str) -> None:
    words = _slug(name).split("-")
    assert all(words)
    assert {unicodedata.category(one)[0] for one in "".join(words)} <= set("LMN")


@pytest.mark.parametrize("text", ["hubspot", "a", "a1-b2", "x" * 63])
def test_a_source_is_taken_as_it_is(text: str) -> None:
    assert source_of(text) == text


@pytest.mark.parametrize(
    "text", ["", "Hubspot", "a b", "-a", "a-", "a--b", "a_b", "hubspot\n", "é", "a/b", "x" * 64]
)
def test_what_is_no_source_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(RefusedError, match="hubspot"):
        source_of(text)


def test_marks_belong_to_their_letters() -> None:
    """Two names that differ in a vowel sign alone are two slugs."""
    assert slug_of("कि") != slug_of("का")
