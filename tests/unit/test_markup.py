"""Text becomes markup at one place: whatever it holds, it stands for itself."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting_governance.core.markup import Markup, document, element, escaped, join, style_sheet, text, value
from reporting_governance.core.page_style import RULES

_UNSEEN = "\x00\x07\x7f\x85\u00ad\u061c\u200b\u200e\u200f\u2028\u202a\u202e\u2066\u2069\ufeff\ud800\U000e0041"


class Reader(HTMLParser):
    """What a browser would see: tags, attributes and text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.said.append(data)

    @classmethod
    def of(cls, markup: Markup) -> "Reader":
        reader = cls()
        reader.feed(markup.written())
        reader.close()
        return reader


def _shown(said: str) -> str:
    """Return what is to be read where `said` was written: what is unseen by its number."""
    return re.sub("\\[U\\+[0-9A-F]{4,6}\\]", "", said)


@given(st.text())
def test_text_is_read_back_as_it_was_and_makes_no_element(said: str) -> None:
    reader = Reader.of(element("p", said))

    assert set(reader.tags) <= {"p", "bdi", "span"}
    assert {key for key, _ in reader.attributes} <= {"class"}
    seen = [each for each in said if each != "\r" and not escaped(each).startswith("[U+")]
    assert [each for each in _shown("".join(reader.said)) if each] == [*_shown("".join(seen))]


@given(st.text())
def test_an_attribute_holds_nothing_but_its_text(said: str) -> None:
    reader = Reader.of(element("p", title=said, id="x"))

    assert reader.tags == ["p"]
    assert [key for key, _ in reader.attributes] == ["title", "id"]


@pytest.mark.parametrize("unseen", _UNSEEN)
def test_what_is_unseen_is_shown_by_its_number(unseen: str) -> None:
    written = text(f"a{unseen}b").written()

    assert unseen not in written
    assert f'<span class="unseen">[U+{ord(unseen):04X}]</span>' in written


def test_a_page_can_be_written_whatever_it_holds() -> None:
    assert document(element("p", _UNSEEN, title=_UNSEEN)).encode("utf-8")


@pytest.mark.parametrize("said", ["שלום", "مرحبا", "invoice\u202egnp.exe", "\u0700"])
def test_what_may_run_from_right_to_left_is_isolated(said: str) -> None:
    assert text(said).written().startswith("<bdi>")
    assert value("plain").written() == '<bdi class="value">plain</bdi>'


def test_a_title_and_a_drawing_hold_text_alone() -> None:
    assert element("title", "</title>\u202eא").written() == "<title>&lt;/title&gt;[U+202E]א</title>"
    assert "<bdi>" not in element("text", "א").written()


def test_text_cannot_pass_for_markup() -> None:
    with pytest.raises(TypeError):
        Markup()
    with pytest.raises(TypeError):
        element("p", "a") + "<b>"  # type: ignore[operator]
    with pytest.raises(TypeError):
        "<b>" + element("p", "a")  # type: ignore[operator]
    with pytest.raises(TypeError):
        element("p", b"<b>")  # type: ignore[arg-type]
    assert "<b>" not in f"{element('p', 'a')}"
    assert join(["<b>", element("p", "<i>")]).written() == "&lt;b&gt;<p>&lt;i&gt;</p>"


@pytest.mark.parametrize("name", ["script", "iframe", "object", "embed", "base", "form", "p onclick", "p>", ""])
def test_elements_that_run_or_fetch_are_none_of_ours(name: str) -> None:
    with pytest.raises(ValueError):
        element(name)


@pytest.mark.parametrize("name", ["onclick", "style", "src", "srcdoc", "formaction", "a b", "x>", "x="])
def test_attributes_that_run_or_fetch_are_none_of_ours(name: str) -> None:
    with pytest.raises(ValueError):
        element("p", **{name: "x"})


@pytest.mark.parametrize("target", ["javascript:alert(1)", "https://example.org/", "//x", "data:text/html,x", ""])
def test_references_stay_on_the_page(target: str) -> None:
    with pytest.raises(ValueError):
        element("a", "x", href=target)


@pytest.mark.parametrize("rules", ["</style>", "@import 'x'", "p { background: url(x) }", "p { content: '\\3c' }"])
def test_style_fetches_nothing(rules: str) -> None:
    with pytest.raises(ValueError):
        style_sheet(rules)


def _colours(block: str) -> dict[str, str]:
    return dict(re.findall("--([a-z-]+): (#[0-9a-f]{6})", block))


def _contrast(one: str, other: str) -> float:
    """Return the contrast of two colours.  Source: WCAG 2.2, relative luminance and contrast ratio."""

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_every_text_can_be_told_from_its_ground() -> None:
    light, rest = RULES.split("@media (prefers-color-scheme: dark)")
    dark, paper = rest.split("* { box-sizing", 1)[0], RULES.split("@media print")[1]
    for block in (light, dark, paper):
        colours = _colours(block)
        assert len(colours) == 18
        on_paper = ("ink", "quiet", "link", "good", "bad", "warn", "person")
        pairs = [(each, ground) for each in on_paper for ground in ("paper", "panel")]
        pairs += [("good", "good-paper"), ("bad", "bad-paper"), ("warn", "warn-paper")]
        for ink, ground in pairs:
            assert _contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
        for mark in ("said", "evidence", "watch", "rules", "told", "person"):
            assert _contrast(colours[mark], colours["paper"]) >= 3, mark
