"""Print the table of docs/verifying.md: every code that `verify-audit` may find, from the table that it finds by.

python ci/finding_codes.py
"""

import sys

from reporting_governance.verifier.codes import CODES, VERDICTS

HEAD = "| code | level | what it means |\n|---|---|---|\n"


def table() -> str:
    """Return the tables, one for each verdict."""
    parts = []
    for verdict in VERDICTS:
        rows = [
            f"| `{each.word}` | {each.level.replace('_', ' ')} | {each.meaning} |\n"
            for each in CODES.values()
            if each.verdict == verdict
        ]
        parts.append(f"### {verdict.capitalize()}\n\n{HEAD}{''.join(rows)}")
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(table())
