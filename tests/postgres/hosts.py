"""Hosts of a database that a test names itself: verbs with its address, and a folder of their own."""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.acceptance.verbs import Verbs
from tests.postgres.reading import documents_of


@dataclass(frozen=True)
class HostOn(Verbs):
    """Verbs of one host."""

    url: str = ""

    @property
    def place(self) -> tuple[str, ...]:
        return ("--state", self.url, "--local", str(self.state))

    def journal(self) -> list[dict[str, Any]]:
        import psycopg

        with psycopg.connect(self.url) as connection:
            return documents_of(connection)

    def head(self, folder: Path) -> str:
        """Export the log, and return where the newest signed head of the bundle lies: what somebody outside keeps."""
        folder.mkdir()
        bundle = self.ok("export-audit", "--output", folder, "--format", "json").document()["path"]
        with zipfile.ZipFile(bundle) as archive:
            newest = max(name for name in archive.namelist() if name.endswith(".note"))
            return archive.extract(newest, folder)

    def found(self, *since: str) -> tuple[int, set[str]]:
        """Verify the log, against heads that were kept; return the exit code and the codes of what was found."""
        kept = [word for head in since for word in ("--since", head)]
        ended = self.call("verify-audit", *kept, "--require", "integrity", "--format", "json")
        said = ended.document()
        assert (ended.code == 1) is (said["result"] == "failed")
        return ended.code, set(said["counts"])


def host_on(url: str, folder: Path) -> HostOn:
    folder.mkdir()
    return HostOn(folder, url=url)
