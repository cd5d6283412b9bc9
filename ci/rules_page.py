"""Write docs/rules.md: every rule that a finding or a check of `doctor` can name, from the catalogue.

python ci/rules_page.py > docs/rules.md
"""

import sys

from reporting_governance.commands._rule_account import markdown
from reporting_governance.commands._rule_texts import rule_texts
from reporting_governance.commands._rule_texts.example import BASES, Subject
from reporting_governance.commands._rules import catalogue
from reporting_governance.contracts.finding import FindingRule

HEAD = """# Rules

Every finding names its rule (this page is made from the catalogue: `python ci/rules_page.py`). `reportgov rule GOV101`
prints what stands here about one of them, `reportgov rule` lists them all. An id is never given a second meaning, and
never used again after its rule is gone.

A finding is an error, a warning or a note. `verify-descriptor`, `verify-profile` and `verify-policy` end with 1 from
errors on, or from what `--fail-on` says; `--strict` makes GOV217, GOV218 and GOV403 errors. Where an example says "in
a deployment profile", it is a part, and this stands around it:
"""
PARTS = {Subject.PROFILE: "A profile:", Subject.DESCRIPTOR: "A descriptor:", Subject.PACK: "A pack:"}
GROUPS = {
    "GOV0": ("Text", "The text cannot be read as it stands."),
    "GOV1": ("Shape", "The document does not have the shape that its schema asks for."),
    "GOV2": ("Meaning", "One document has the right shape and cannot mean what it says."),
    "GOV3": ("Together", "A profile and a descriptor do not hold together."),
    "GOV4": ("Probes", "A claim, what a [probe](probes.md) saw of it, and who answers for it."),
    "GOV6": ("Task sources", "What [reading a source](sources.md) can have to say; the journal and `doctor` show it."),
    "GOV7": ("Senders", "What [a sender](senders.md) can have to say."),
    "GOV8": ("What is handed in", "Check-ins, acts and receipts, and what a host asks the [gate](gate.md)."),
    "GOV9": ("Checks of doctor", "What [`doctor`](operating.md) looks at; the weight is that of the worst it can see."),
}


def page() -> str:
    """Return the page."""
    parts = [HEAD]
    parts += [f"{title}\n\n```yaml\n{BASES[subject].rstrip()}\n```\n" for subject, title in PARTS.items()]
    for start, (title, sentence) in GROUPS.items():
        rules = [rule for name, rule in catalogue().items() if name.startswith(start)]
        rows = "\n".join(f"| [{rule.id}](#{rule.id.lower()}) | {rule.severity} | {rule.sentence} |" for rule in rules)
        parts.append(f"## {title}\n\n{sentence}\n\n| rule | weight | what is wrong |\n|---|---|---|\n{rows}\n")
        parts += [_section(rule) for rule in rules]
    return "\n".join(parts)


def _section(rule: FindingRule) -> str:
    text = markdown(rule, rule_texts()[rule.id])
    return f"### {rule.id}\n\n**{rule.sentence}** ({rule.severity})\n\n{text}\n"


if __name__ == "__main__":
    sys.stdout.write(page())
