"""Every recipe is run as it is written, and a page that lies is found out."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Lie, blocks, commands, same, try_page
from tests.docs.services import Services

RECIPES = sorted(path for path in (ROOT / "docs/recipes").glob("*.md") if path.name != "README.md")
PAGES = [
    *RECIPES,
    *(
        ROOT / "docs" / f"{name}.md"
        for name in ("policy", "evidence", "gate", "gate-claude-code", "ci", "jobs", "troubleshooting")
    ),
]


def run(page: Path, folder: Path, text: str = "") -> int:
    with ExitStack() as opened:
        return try_page(page, folder / "machine", Services(page, folder, opened), text=text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_recipe_is_true(page: Path, tmp_path: Path) -> None:
    assert run(page, tmp_path) > 5


def test_the_list_of_recipes_has_them_all() -> None:
    listed = (ROOT / "docs/recipes/README.md").read_text()
    assert [page.name for page in RECIPES if f"]({page.name})" not in listed] == []


#: what somebody changes in a page, or in its profile -> what is found
LIES = {
    "another receiver's state": ("acked  stored", "blocked  none"),
    "a field that is not in profiles": ("ack_json_pointer: /message/id", "ack_pointer: /message/id"),
    "a message that says something else": ("Condition: checkpoint_overdue", "Condition: silence_timeout"),
    "a verb that is not there": ("$ reportgov status", "$ reportgov state"),
    "output that is left out": ("first: next check-in due at 2026-01-01T00:01:00.000Z\n", ""),
    "output that nothing prints": ("$ reportgov run\n```\n", "$ reportgov run\nnothing to do\n```\n"),
}


#: one of each kind: a word in a file, output that differs, output that nothing prints
SHORT = {"a field that is not in profiles", "another receiver's state", "output that nothing prints"}


@pytest.mark.parametrize("lie", [pytest.param(lie, marks=() if lie in SHORT else pytest.mark.long) for lie in LIES])
def test_a_page_that_lies_is_found_out(lie: str, tmp_path: Path) -> None:
    page = ROOT / "docs/recipes/first-webhook.md"
    true, false = LIES[lie]
    text = page.read_text(encoding="utf-8")
    assert true in text
    with pytest.raises(Lie):
        run(page, tmp_path, text.replace(true, false, 1))


@pytest.mark.parametrize(
    ("printed", "found", "is_same"),
    [
        (("a",), ("a",), True),
        (("a",), ("b",), False),
        (("a",), ("a", "b"), False),
        (("a", "…"), ("a", "b", "c"), True),
        (("…", "c"), ("a", "b", "c"), True),
        (("…", "d"), ("a", "b", "c"), False),
        (("id …, ok",), ("id 0123, ok",), True),
        (("id …, ok",), ("id 0123, bad",), False),
        (("a  b", "-----  ---"), ("a      b", "-----  ---------"), True),
        (("a b",), ("a  b",), False),
        ((), ("a",), False),
    ],
)
def test_what_is_the_same_output(printed: tuple[str, ...], found: tuple[str, ...], is_same: bool) -> None:
    assert same(printed, found) is is_same


def test_a_page_is_read_as_it_is_shown() -> None:
    page = "1. text\n\n   ```console\n   $ one \\\n   > two\n   out\n   $ three\n   ```\n"
    (block,) = blocks(page)
    assert [(each.line, each.words, each.printed) for each in commands(block)] == [
        (4, "one \\\ntwo", ("out",)),
        (7, "three", ()),
    ]
