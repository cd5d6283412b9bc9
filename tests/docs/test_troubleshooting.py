"""What the page about troubleshooting says of somebody who was refused: nobody can be refused by a page alone."""

import os
from pathlib import Path

import pytest

from tests.acceptance.test_roles import SOMEBODY, Sudo
from tests.acceptance.verbs import Verbs
from tests.docs.pages import ROOT, blocks, same


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may set a login uid")
def test_who_is_refused_reads_what_the_page_says(tmp_path: Path) -> None:
    verbs = Verbs(tmp_path / "state")
    verbs.ok("init")
    (shown,) = [each for each in blocks((ROOT / "docs/troubleshooting.md").read_text()) if each.info == "blocked"]
    ended = Sudo(verbs.state).call("plugins", "enable", "weather", "--yes")
    assert (ended.code, ended.out) == (1, "")
    found = tuple(ended.err.replace(SOMEBODY, "alice").splitlines())
    assert same(shown.lines, found), ended.err
    (line,) = [each for each in verbs.journal() if each["type"] == "policy.blocked"]
    assert (line["action"], line["meta"]["required"], line["meta"]["actual"]) == ("plugin.enable", "admin", "viewer")
