"""Our pages in a real browser: three widths, light and dark, on paper; nothing leaves them, and axe finds no fault.

`nox -s browser` installs what drives the browser.  Pictures and the printed page are kept where REPORTGOV_PICTURES
names a folder, for people to look at.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.browser.scene import HOSTILE, Morning

pytestmark = [pytest.mark.long, pytest.mark.outside]
ROOT = Path(__file__).parents[2]
WIDTHS = (360, 768, 1280)
_BROWSERS = ("chromium", "google-chrome")
sys.path += [path for path in (os.environ.get("REPORTGOV_BROWSER_DRIVER"),) if path]


@dataclass
class Shown:
    """A page as a browser showed it."""

    width: int
    scroll_width: int
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    axe: dict[str, Any] = field(default_factory=dict)
    owned: bool = False


def _pages(folder: Path) -> Iterator[tuple[str, Path]]:
    """Make the pages with the real verbs, from one morning with hostile agents."""
    morning = Morning(str(folder / "state"))
    morning.live()
    morning.be_hostile()
    status = folder / "status.html"
    _verb("status", "--state", morning.root, "--html", str(status))
    yield "status", status
    bundle = folder / "bundle.zip"
    _verb("export-audit", "--state", morning.root, "--output", str(bundle))
    shutil.unpack_archive(bundle, folder / "bundle")
    (report,) = (folder / "bundle").glob("*/data/report.html")
    yield "report", report


def _verb(*words: str) -> None:
    command = [sys.executable, "-m", "reporting_governance", *words]
    around = {**os.environ, "PYTHONPATH": str(ROOT / "lib")}
    done = subprocess.run(command, env=around, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return dict(_pages(tmp_path_factory.mktemp("pages")))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright  # type: ignore[import-not-found]

    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _BROWSERS)), None)
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield running
        running.close()


def _show(browser: Any, page: Path, width: int, scheme: str, name: str) -> Shown:
    from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-not-found]

    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    tab = context.new_page()
    requests: list[str] = []
    complaints: list[str] = []
    tab.on("request", lambda each: requests.append(each.url))
    tab.on("console", lambda each: complaints.append(each.text))
    tab.on("pageerror", lambda each: complaints.append(str(each)))
    tab.on("dialog", lambda each: complaints.append(f"dialog: {each.message}"))
    tab.goto(page.as_uri())
    shown = Shown(width, tab.evaluate("document.documentElement.scrollWidth"), requests, complaints)
    shown.owned = (
        tab.evaluate("document.querySelectorAll('script, img, iframe, [onclick], [onload], [style]').length") > 0
    )
    _keep(tab, f"{name}-{width}-{scheme}.png")
    context.close()
    looked = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
    tab = looked.new_page()  # axe is a script, which the page itself refuses
    tab.goto(page.as_uri())
    shown.axe = Axe().run(tab).response
    looked.close()
    return shown


def _keep(tab: Any, name: str) -> None:
    folder = os.environ.get("REPORTGOV_PICTURES")
    if folder:
        tab.screenshot(path=os.path.join(folder, name), full_page=True)


@pytest.mark.parametrize("name", ["report", "status"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_page_fits_loads_nothing_and_has_no_fault(
    browser: Any, pages: dict[str, Path], name: str, scheme: str, width: int
) -> None:
    shown = _show(browser, pages[name], width, scheme, name)

    assert shown.scroll_width <= width
    assert shown.requests == [pages[name].as_uri()]
    assert shown.complaints == []
    assert not shown.owned
    faults = {each["id"]: [node["html"][:200] for node in each["nodes"]] for each in shown.axe["violations"]}
    assert faults == {}
    assert len(shown.axe["passes"]) > 20


@pytest.mark.parametrize("name", ["report", "status"])
def test_a_reader_sees_hostile_texts_as_they_are(browser: Any, pages: dict[str, Path], name: str) -> None:
    tab = browser.new_page()
    tab.goto(pages[name].as_uri())
    text = tab.inner_text("main").replace("\n", " ")
    tab.close()

    for said in HOSTILE[:6]:
        assert said[:60] in text
    assert name == "status" or "invoice[U+202E]gnp.exe" in text  # notices are written without such characters
    assert "\u202e" not in text
    assert name == "status" or "W" * 500 in text
    assert "W" * 1000 not in text


@pytest.mark.parametrize("name", ["report", "status"])
def test_a_page_prints_on_paper(browser: Any, pages: dict[str, Path], name: str, tmp_path: Path) -> None:
    tab = browser.new_page(viewport={"width": 680, "height": 900})  # what is left of A4 between its margins
    tab.emulate_media(media="print")
    tab.goto(pages[name].as_uri())
    cut = tab.evaluate(
        "[...document.querySelectorAll('table, svg, pre')].filter(e => e.getBoundingClientRect().right > 681).length"
    )
    printed = tab.pdf(format="A4", prefer_css_page_size=True)
    tab.close()
    folder = os.environ.get("REPORTGOV_PICTURES")
    Path(folder or tmp_path, f"{name}.pdf").write_bytes(printed)

    assert cut == 0
    assert printed.startswith(b"%PDF-")
    assert b"/Type /Page" in printed


def test_the_page_holds_what_a_keyboard_needs(browser: Any, pages: dict[str, Path]) -> None:
    tab = browser.new_page()
    tab.goto(pages["report"].as_uri())
    tab.keyboard.press("Tab")
    first = tab.evaluate("document.activeElement.getAttribute('href')")
    visible = tab.evaluate("document.activeElement.getBoundingClientRect().left >= 0")
    tab.keyboard.press("Enter")
    hash_of = tab.evaluate("location.hash")
    tab.close()

    assert (first, visible, hash_of) == ("#content", True, "#content")


def test_the_report_of_the_bundle_is_the_one_the_manifest_names(pages: dict[str, Path]) -> None:
    manifest = json.loads((pages["report"].parent / "manifest.json").read_text("utf-8"))

    page = pages["report"].read_text("utf-8")

    assert manifest["root"] in page
    assert manifest["keys"][0] in page
