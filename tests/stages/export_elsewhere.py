"""Exports a state folder, reproducibly; started by itself with some Python that has nothing but its standard library.

Arguments: the state folder, where the bundle goes, the filter as JSON, and `backwards` for a file system that lists
names in another order.
"""

import json
import os
import sys

from reporting_governance.adapters.bundle.writing import BundleFile
from reporting_governance.stages.export_survey import Wanted
from reporting_governance.stages.exporting import Export, export_bundle
from reporting_governance.storage.files.exporting import log_folder
from reporting_governance.verifier.one_file import text
from reporting_governance.verifier.selection import Selection


class NoClock:
    """Nothing asks it."""


def main(state: str, output: str, chosen: str, order: str) -> None:
    """Write the bundle."""
    if order == "backwards":
        plain = os.listdir
        os.listdir = lambda path=".": sorted(plain(path), reverse=True)  # type: ignore[assignment,arg-type,type-var]
    wanted = Wanted(selection=Selection.of(json.loads(chosen)))
    export = Export(wanted=wanted, version="1.2.3", verifier=text(), reproducible=True)
    export_bundle(
        log_folder(state),
        BundleFile(output),
        export,
        signing=None,
        store=None,
        clock=NoClock(),  # type: ignore[arg-type]
        progress=lambda _amount: None,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
