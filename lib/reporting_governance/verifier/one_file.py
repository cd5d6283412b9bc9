"""`verify.py`: the modules of this room joined into one file that needs nothing but Python.

The file is made from the sources that run here, so it cannot say anything else than they do.
"""

from __future__ import annotations

import ast
import os

ROOM = "reporting_governance.verifier"
#: each module after those that it takes names from
ORDER = (
    "codes",
    "findings",
    "ed25519",
    "note",
    "merkle",
    "subtrees",
    "selection",
    "tally",
    "redaction",
    "context",
    "stretches",
    "faults",
    "gathering",
    "chaining",
    "working",
    "retired",
    "passing",
    "keys",
    "heads",
    "outside",
    "logcheck",
    "verdicts",
    "showing",
    "folder",
    "journal",
    "storedzip",
    "container",
    "bag",
    "contents",
    "bundle",
    "proof",
    "verifying",
    "program",
)
_HEAD = '''#!/usr/bin/env python3
"""Check an audit bundle or a journal of reporting-governance with nothing but Python: `python3 -I -S verify.py --help`.

Made from the modules of reporting_governance/verifier, one after another, each under its name.
"""
'''
_END = """

if __name__ == "__main__":
    try:
        sys.exit(verifier_main(sys.argv[1:]))
    except BrokenPipeError:  # nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(128 + 13)
"""


def text() -> str:
    """Return the text of `verify.py`.  The same modules give the same text.

    Raises: OSError when the sources are not there.
    """
    plain: set[str] = set()
    taken: dict[str, set[str]] = {}
    bodies = []
    for name in ORDER:
        with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{name}.py"), encoding="utf-8") as file:
            source = file.read()
        bodies.append(f"\n\n# ---- {name}.py\n\n{_without_imports(source, plain, taken)}")
    imports = [f"import {each}\n" for each in sorted(plain)]
    imports += [f"from {module} import {', '.join(sorted(names))}\n" for module, names in sorted(taken.items())]
    return f"{_HEAD}\nfrom __future__ import annotations\n\n{''.join(imports)}{''.join(bodies)}{_END}"


def _without_imports(source: str, plain: set[str], taken: dict[str, set[str]]) -> str:
    """Return a module's text without its imports, which are noted, its docstring as a comment above."""
    lines = source.splitlines(keepends=True)
    drop: set[int] = set()
    heading = ""
    for place, node in enumerate(ast.parse(source).body):
        if isinstance(node, ast.Import):
            plain.update(each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if module != "__future__" and not module.startswith(f"{ROOM}."):
                taken.setdefault(module, set()).update(each.name for each in node.names)
        elif place == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            heading = "".join(f"# {line}".rstrip() + "\n" for line in str(node.value.value).strip().splitlines())
        else:
            continue
        drop.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    body = "".join(line for number, line in enumerate(lines, 1) if number not in drop)
    return f"{heading}\n{body.strip()}\n"
