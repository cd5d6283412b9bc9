"""How rules are shown: as data, for a terminal, and as Markdown for a page or for code scanning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from textwrap import fill, indent
from typing import Any

from reporting_governance.commands._rule_texts.example import Example, RuleText, Subject
from reporting_governance.contracts.finding import FindingRule
from reporting_governance.errors import UsageError

_WIDTH = 100
_NAMES = {
    Subject.DESCRIPTOR: "a capability descriptor",
    Subject.PROFILE: "a deployment profile",
    Subject.PACK: "a policy pack",
    Subject.TASKS: "a file of task states",
    Subject.CHECK_IN: "a check-in",
    Subject.FACTS: "a line for `policy facts`",
}
_BESIDE = "Both are held against a descriptor with this:"
_ENCODINGS = {"latin-1": "saved as Latin-1", "utf-8-sig": "with three invisible bytes before it, EF BB BF"}


class UnknownRule(UsageError):
    """No rule has this id."""

    message = "there is no rule {given}{question}"
    hint = "`reportgov rule` lists them all."


def chosen(ids: Sequence[str], rules: Mapping[str, FindingRule]) -> Sequence[FindingRule]:
    """Return the rules that are named, each once; without names all.  Raises: UnknownRule."""
    return [rules[each] for each in dict.fromkeys(_known(given, rules) for given in ids)] or list(rules.values())


def _known(given: str, rules: Mapping[str, FindingRule]) -> str:
    from reporting_governance.commands._text import as_typed, one_line
    from reporting_governance.contracts.suggest import nearest

    plain = given.strip().upper()
    for each in (plain, f"GOV{plain}"):
        if each in rules:
            return each
    close = nearest(plain, rules)
    question = f"; did you mean {close}?" if close else ""
    raise UnknownRule(given=one_line(as_typed(given)) or '""', question=question)


def account(rule: FindingRule, text: RuleText) -> dict[str, Any]:
    """Return all that is known of a rule as plain JSON data."""
    return {
        "rule": rule.id,
        "severity": rule.severity.value,
        "sentence": rule.sentence,
        "why": text.why,
        "bad": _example(text.bad),
        "good": _example(text.good),
        "fix": fix_of(rule, text),
    }


def _example(example: Example) -> dict[str, Any]:
    return {
        "subject": example.subject.value,
        "form": example.form.value,
        "encoding": example.encoding,
        "text": example.text,
        "document": example.document,
        "beside": example.descriptor_part or None,
    }


def fix_of(rule: FindingRule, text: RuleText) -> str:
    """Return how to mend what breaks a rule."""
    return text.fix or rule.help


def listed(rules: Iterable[FindingRule], texts: Mapping[str, RuleText] | None) -> str:
    """Return rules for a terminal: all that is said about each, or a line each where there are no texts."""
    if texts is None:
        return "\n".join(f"{each.id}  {each.severity.value:7}  {each.sentence}" for each in rules)
    return "\n\n\n".join(_plain(each, texts[each.id]) for each in rules)


def _plain(rule: FindingRule, text: RuleText) -> str:
    parts = [fill(f"{rule.id} ({rule.severity.value}): {rule.sentence}", _WIDTH), fill(text.why, _WIDTH)]
    for title, example in (("Bad", text.bad), ("Good", text.good)):
        parts.append(f"{title}{_of(example)}:\n\n{indent(_shown(example), '    ')}")
    if text.bad.descriptor_part:
        parts.append(f"{_BESIDE}\n\n{indent(text.bad.descriptor_part.rstrip(), '    ')}")
    parts.append(fill(f"To mend it: {fix_of(rule, text)}", _WIDTH))
    return "\n\n".join(parts)


def _shown(example: Example) -> str:
    return fill(example.text, _WIDTH - 4) if example.subject is Subject.WORDS else example.text.rstrip()


def _of(example: Example) -> str:
    """Return what an example is, to follow its title."""
    if not example.is_tried:
        return ""
    notes = [_NAMES[example.subject].replace("a ", ", in a ", 1) if example.is_part else f", {_NAMES[example.subject]}"]
    if example.encoding in _ENCODINGS:
        notes.append(f", {_ENCODINGS[example.encoding]}")
    return "".join(notes)


def markdown(rule: FindingRule, text: RuleText) -> str:
    """Return what is said below the headline of a rule, in Markdown."""
    parts = [text.why]
    for title, example in (("Bad", text.bad), ("Good", text.good)):
        if example.subject is Subject.WORDS:
            parts.append(f"{title}: {example.text}")
            continue
        language = "sh" if example.subject is Subject.COMMAND else example.form.value
        parts.append(f"{title}{_of(example)}:\n\n```{language}\n{example.text.rstrip()}\n```")
    if text.bad.descriptor_part:
        parts.append(f"{_BESIDE}\n\n```yaml\n{text.bad.descriptor_part.rstrip()}\n```")
    parts.append(f"To mend it: {fix_of(rule, text)}")
    return "\n\n".join(parts)
