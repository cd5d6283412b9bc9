"""The verifier as a program of its own: what a reviewer runs with nothing but Python."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from reporting_governance.verifier.showing import page_of
from reporting_governance.verifier.verdicts import EXIT_USAGE, REQUIRED
from reporting_governance.verifier.verifying import Wish, WishRefused, verify_wish
from reporting_governance.verifier.working import cores

_ABOUT = """\
Check an audit bundle or a journal with nothing but Python.  It opens no connection and changes nothing.

Take this program and the key from somewhere else than the file that you check."""
_CODES = """\
exit codes:
  0  all that was asked for is proven
  1  something is not what it says it is; each finding names its place
  2  the call itself is wrong
  3  nothing wrong was found, and less is proven than was asked for, or it could not be read"""


def verifier_main(arguments: Sequence[str]) -> int:
    """Run the program and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="verify.py", description=_ABOUT, epilog=_CODES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("path", nargs="?", help="bundle (zip or unpacked), state, journal or folder of segments")
    parser.add_argument("--key", action="append", default=[], metavar="VKEY", help="verifier key, or a file with it")
    parser.add_argument("--since", action="append", default=[], metavar="NOTE", help="head kept at the last review")
    parser.add_argument("--anchor", action="append", default=[], metavar="FILE", help="any text that holds heads")
    parser.add_argument("--require", choices=sorted(REQUIRED), default="anchored", help="default: anchored")
    parser.add_argument("--proof", metavar="FILE", help="check one proof that a line is in a log, instead of a path")
    parser.add_argument("--workers", type=int, default=cores(), metavar="N", help="processes (default: one a core)")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="default: table")
    options = parser.parse_args(arguments)
    _escape_what_cannot_be_shown()
    wish = Wish(
        options.path,
        tuple(options.key),
        tuple(options.since),
        tuple(options.anchor),
        options.require,
        options.proof,
        options.workers,
    )
    try:
        done = verify_wish(wish)
    except WishRefused as refused:
        sys.stderr.write(f"verify.py: {refused}\n")
        return EXIT_USAGE
    if options.format == "json":
        text = json.dumps(done.titled(), indent=2, ensure_ascii=False)
    else:
        text = page_of(done.document)
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
    return done.exit_code


def _escape_what_cannot_be_shown() -> None:
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
