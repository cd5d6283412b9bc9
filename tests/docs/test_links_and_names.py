"""What pages point at is there: other pages and their headings, verbs and options, senders, conditions, files."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from reporting_governance.adapters.senders.registry import SENDERS
from reporting_governance.commands.main import VERBS, reportgov
from reporting_governance.core.verdicts import Condition
from tests.docs.pages import ROOT, blocks

PAGES = sorted([*ROOT.glob("docs/**/*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"])
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
#: a call on one line: the verb, and its words up to where a shell would begin something else
_CALL = re.compile(r"(?<![/\w.-])(?<!su )(?<!user )(?:reportgov |bin/)([a-z]+)\b(?![-/])([^|;&()#\n]*)")


def without_blocks(text: str) -> str:
    return re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", without_blocks(text), flags=re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", heading.lower().replace("`", ""))
        found.add(plain.replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    dead = []
    for link in _LINK.findall(without_blocks(text)):
        if link.startswith(("https://", "mailto:")):
            continue
        name, _, anchor = link.partition("#")
        there = (page.parent / name).resolve() if name else page
        if not there.exists() or (anchor and anchor not in anchors(there.read_text(encoding="utf-8"))):
            dead.append(link)
    assert dead == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    ahead = [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        if page in reached:
            continue
        reached.add(page)
        if page.suffix == ".md":
            links = (link.partition("#")[0] for link in _LINK.findall(page.read_text(encoding="utf-8")))
            ahead += [(page.parent / link).resolve() for link in links if link and "://" not in link]
    assert [str(page.relative_to(ROOT)) for page in PAGES if page not in reached] == []


def calls(text: str) -> Iterator[tuple[str, str]]:
    """Return the verbs that a page calls, each with what follows on its line."""
    yield from _CALL.findall(text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_verbs_and_options_are_those_of_the_program(page: Path) -> None:
    spans = "\n".join(re.findall(r"`([^`\n]+)`", without_blocks(page.read_text(encoding="utf-8"))))
    shown = "\n".join("\n".join(block.lines) for block in blocks(page.read_text(encoding="utf-8")))
    unknown = []
    for verb, rest in calls(f"{spans}\n{shown}"):
        if verb not in VERBS:
            unknown += [verb] if verb not in ("test", "run") else []
            continue
        command = reportgov.get_command(click.Context(reportgov), verb)
        assert command is not None
        known = {name for parameter in command.params for name in parameter.opts} | {"--help", "-h"}
        unknown += [f"{verb} {word}" for word in re.findall(r"(?<=\s)--?[a-z][a-z-]*", rest) if word not in known]
    assert unknown == []


def test_every_sender_and_condition_is_where_it_should_be() -> None:
    where = {
        "README.md": {*SENDERS, *Condition} - {Condition.CANARY_NOTICE},
        "docs/senders.md": set(SENDERS),
        "capabilities/local-host.json": set(SENDERS),
    }
    missing = {
        name: sorted(word for word in words if not re.search(rf"\b{word}\b", (ROOT / name).read_text()))
        for name, words in where.items()
    }
    assert missing == {name: [] for name in where}


def test_the_commands_of_the_readme_do_what_it_says(tmp_path: Path) -> None:
    """In the order of the page, on a state folder of its own; what makes an environment is tried elsewhere."""
    from tests.acceptance.verbs import Verbs

    verbs = Verbs(tmp_path / "state")
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = [line for block in blocks(text) if block.language == "sh" for line in block.lines]
    ran = []
    for line in lines:
        words = re.split(r"\s#", line)[0].replace("bin/", "", 1).strip()
        if words in ("test", "run --example"):
            continue
        program = verbs.command("X")[:-3]
        ended = subprocess.run(
            ["/bin/sh", "-c", f'"$0" "$@" {words} --state {verbs.state}', *program],
            env=verbs.variables(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (ended.returncode, ended.stderr) == (0, ""), (line, ended)
        ran.append(words.split()[0])
    assert ran == ["report", "report", "report", "schedule"]
    assert "nightly-build" in verbs.ok("explain", "nightly-build").out
