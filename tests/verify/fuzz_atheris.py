"""Fuzzes the verify verbs by coverage: `nox -s verify` runs it for a minute.

The first byte of an input chooses the verb and the syntax, the rest is the file.  Arguments are libFuzzer's, such as
-max_total_time=60; without a folder named, documents of the cases are what it starts from.
"""

import os
import sys
import tempfile

# Behind our own packages: of what is installed there only the fuzzer is wanted.
sys.path += filter(None, [os.environ.get("FUZZER")])

import atheris

with atheris.instrument_imports(include=["reporting_governance.contracts", "reporting_governance.core", "yaml"]):
    import yaml  # noqa: F401

    import reporting_governance.contracts.reading.json_scanner
    import reporting_governance.contracts.reading.yaml_text  # noqa: F401
    from tests.verify.checking import SYNTAXES, VERBS
    from tests.verify.fuzzing import Text, given_texts, look_at

_WAYS = [(verb, syntax) for verb in VERBS for syntax in SYNTAXES]


def look(data: bytes) -> None:
    """Look at one input."""
    verb, syntax = _WAYS[data[0] % len(_WAYS) if data else 0]
    look_at(Text(verb, syntax, data[1:]), os.getcwd())


def main() -> None:
    """Start from the documents of all cases, in a folder of its own."""
    with tempfile.TemporaryDirectory() as seeds, tempfile.TemporaryDirectory() as here:
        for number, text in enumerate(given_texts()):
            with open(os.path.join(seeds, str(number)), "wb") as file:
                file.write(bytes([_WAYS.index((text.verb, text.syntax))]) + text.data)
        given = [sys.argv[0], "-max_len=8192", "-handle_alrm=0", "-rss_limit_mb=2048", *sys.argv[1:], seeds]
        os.chdir(here)
        atheris.Setup(given, look)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
