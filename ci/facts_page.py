"""Write docs/facts.md: every fact that a policy rule can look at, from the catalogue.

python ci/facts_page.py > docs/facts.md
"""

import sys

from reporting_governance.core.fact_catalogue import CATALOGUE, DERIVED_SIGNALS, FactSpec, FactType

HEAD = """# Facts

What a rule of a policy pack can look at (this page is made from the catalogue: `python ci/facts_page.py`). A label of
a task is the fact `task.labels.NAME`, a text or null.

A fact is known, known to be null where the last column says so ("the task has no deadline"), or *unknown* with a reason
("nobody said what was changed"). An unknown fact satisfies no rule and no negation of a rule. Values are never
converted: `3` is not `"3"`, and true is not 1.

Facts of a check-in are those of its own moment: the task is the one that the check-in found, and what came later is
new for the next one. Evidence counts once, and only what was made for the newest request where requests are known.
"""
COLUMNS = "| fact | type | unit | what it says | may be null |\n|---|---|---|---|---|"
GROUPS = {
    "event": "The event that is judged.",
    "task": "The task it is about.",
    "checkpoint": "The check-in that the task owes.",
    "claim": "What the report claims.",
    "evidence": "What stands behind it. How evidence is graded stands in `evidence.schema.json`.",
    "message": "What the report says: its fields, or else its text.",
    "children": "Tasks that this task started.",
    "operator_context": "Where the task's operator can be reached.",
    "tool": "A tool that an agent is about to use; unknown for everything else.",
    "gate": "A report that a host asks about; unknown for everything else.",
}


def page() -> str:
    """Return the page."""
    parts = [HEAD]
    for group, sentence in GROUPS.items():
        specs = [spec for path, spec in CATALOGUE.items() if path.partition(".")[0] == group]
        rows = "\n".join(map(_row, specs))
        parts.append(f"## {group}\n\n{sentence}\n\n{COLUMNS}\n{rows}\n")
    signals = ", ".join(f"`{name}`" for name in DERIVED_SIGNALS)
    parts.append(f"## Signals\n\nA rule's `derived_signals` may name what an event gives rise to: {signals}.\n")
    return "\n".join(parts)


def _row(spec: FactSpec) -> str:
    return f"| `{spec.path}` | {_type(spec)} | {spec.unit or ''} | {spec.sentence} | {'yes' if spec.nullable else ''} |"


def _type(spec: FactSpec) -> str:
    if spec.type is FactType.OBJECTS:
        return f"{spec.type}: {', '.join(f'`{key}`' for key in spec.item)}"
    if not spec.choices:
        return spec.type.value
    return f"{spec.type}: {', '.join(f'`{choice}`' for choice in spec.choices)}"


if __name__ == "__main__":
    sys.stdout.write(page())
