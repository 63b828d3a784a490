"""The pages' words: all there, in both languages, none left over."""

import re
from pathlib import Path

import ardoise.mediawall
import pytest
from ardoise.mediawall.web import preferred_language

STATIC = Path(ardoise.mediawall.__file__).parent / "static"
LINE = re.compile(r'^    (\w+): "(.*)",$', re.MULTILINE)


def words() -> dict[str, dict[str, str]]:
    text = (STATIC / "i18n.js").read_text(encoding="utf-8")
    middle, end = text.index("\n  fr: {"), text.index("\n};")
    return {"en": dict(LINE.findall(text[:middle])), "fr": dict(LINE.findall(text[middle:end]))}


def test_both_languages_have_the_same_words_with_the_same_figures_in_them():
    english, french = words()["en"], words()["fr"]
    assert english.keys() == french.keys()
    assert len(english) > 100
    for key, text in english.items():
        figures = sorted(re.findall(r"\{\w+\}", text))
        assert figures == sorted(re.findall(r"\{\w+\}", french[key])), key
        assert text, key
        assert french[key], key


def test_every_word_that_a_page_asks_for_is_there_and_every_word_is_asked_for():
    sources = "".join(
        path.read_text(encoding="utf-8") for path in STATIC.glob("*.*") if path.suffix in {".js", ".html"}
    )
    sources = sources.replace((STATIC / "i18n.js").read_text(encoding="utf-8"), "")
    known = words()["en"].keys()
    asked = set(re.findall(r'say\("(\w+)"', sources)) | set(re.findall(r'data-i18n="(\w+)"', sources))
    assert asked <= known
    stems = set(re.findall(r"say\(`(\w+_)\$\{", sources))
    unused = {
        key
        for key in known
        if not re.search(rf'["`]{key}["`]', sources) and not any(key.startswith(stem) for stem in stems)
    }
    assert unused == set()


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("", "en"),
        ("fr-FR,fr;q=0.9,en;q=0.8", "fr"),
        ("en-GB,en;q=0.9,fr;q=0.8", "en"),
        ("de,fr;q=0.5,en;q=0.4", "fr"),
        ("nl-BE", "en"),
        ("fr;q=high, en;q=0.1", "en"),
        ("*", "en"),
    ],
)
def test_the_page_speaks_what_the_browser_asks_for(accept: str, language: str):
    assert preferred_language(accept) == language
