"""One example of a rule: a document, or the part of one that matters, or words where no document can show it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from reporting_governance.contracts.frozen import frozen


class Subject(StrEnum):
    """What an example is."""

    DESCRIPTOR = "capability-descriptor"
    PROFILE = "deployment-profile"
    PACK = "policy-pack"
    TASKS = "task-state-file"
    CHECK_IN = "check-in"
    FACTS = "line for policy facts"
    COMMAND = "command"  #: a command line and what it says; nothing can try it everywhere
    WORDS = "words"  #: what happens, in words


#: subjects that are text a check can read
DOCUMENTS = frozenset(set(Subject) - {Subject.COMMAND, Subject.WORDS})


class Form(StrEnum):
    """How an example is written."""

    YAML = "yaml"
    JSON = "json"
    TEXT = "text"


@frozen(kw_only=True)
class Example:
    """One example."""

    subject: Subject
    text: str
    form: Form = Form.TEXT
    encoding: str = "utf-8"
    is_part: bool = False  #: its top-level keys take the place of those of the base of its subject
    descriptor_part: str = ""  #: of a profile: part of a descriptor that it is held against

    @property
    def is_tried(self) -> bool:
        """Whether it is a document, which a test puts through the real check."""
        return self.subject in DOCUMENTS

    @property
    def document(self) -> str | None:
        """The whole text that is checked; None for words."""
        if not self.is_tried:
            return None
        return laid_over(self.text, BASES[self.subject]) if self.is_part else self.text


@frozen(kw_only=True)
class RuleText:
    """What is said about one rule."""

    why: str
    bad: Example
    good: Example  #: with the same `descriptor_part` as the bad one
    fix: str = ""  #: empty: the advice that every finding of the rule carries says it all


def profile(text: str, *, with_descriptor: str = "") -> Example:
    """Return a part of a deployment profile, in YAML; it may be held against a part of a descriptor."""
    return _part(Subject.PROFILE, text, descriptor_part=with_descriptor)


def descriptor(text: str) -> Example:
    """Return a part of a capability descriptor, in YAML."""
    return _part(Subject.DESCRIPTOR, text)


def pack(text: str) -> Example:
    """Return a part of a policy pack, in YAML."""
    return _part(Subject.PACK, text)


def whole(subject: Subject, form: Form, text: str, encoding: str = "utf-8") -> Example:
    """Return a whole document."""
    return Example(subject=subject, form=form, text=text.strip("\n") + "\n", encoding=encoding)


def words(text: str) -> Example:
    """Return an example in words."""
    return Example(subject=Subject.WORDS, text=text)


def command(text: str) -> Example:
    """Return a command line, and what it says."""
    return Example(subject=Subject.COMMAND, text=text.strip("\n"))


def _part(subject: Subject, text: str, descriptor_part: str = "") -> Example:
    plain = text.strip("\n") + "\n"
    return Example(subject=subject, form=Form.YAML, text=plain, is_part=True, descriptor_part=descriptor_part)


def laid_over(part: str, base: str) -> str:
    """Return a base in YAML whose top-level sections are replaced by those of a part, which come last."""
    replaced = {name for name, _ in _sections(part)}
    kept = [text for name, text in _sections(base) if name not in replaced]
    return "".join([*kept, part])


def _sections(text: str) -> list[tuple[str, str]]:
    """Return (key, text) of the top-level keys of a block mapping."""
    sections: list[tuple[str, str]] = []
    for line in text.splitlines(keepends=True):
        if sections and (line[0] in " -#\n"):
            name, before = sections[-1]
            sections[-1] = (name, before + line)
        else:
            sections.append((line.partition(":")[0], line))
    return sections


_PROFILE = """\
apiVersion: reporting-governance/v1alpha1
kind: DeploymentProfile
metadata: {id: mine, title: Mine, version: "1"}
"""
_DESCRIPTOR = """\
apiVersion: reporting-governance/v1alpha1
kind: AdapterCapabilities
metadata: {id: mine, title: Mine, version: "1"}
runtime: {name: local-host, mode: hybrid, surfaces: [watchdog, queue, dispatcher, bridge, sender_binding, storage]}
compatibility: {plugin_spec_versions: [0.1.0-mainline]}
capabilities:
  observation:
    task_lifecycle: {supported: true, level: full, probe: observation.task_lifecycle}
"""
_PACK = """\
apiVersion: reporting-governance/v1alpha1
kind: PolicyPack
metadata: {id: mine, title: Mine, version: "1", summary: A pack of mine., owner: me, severity_default: medium}
spec:
  evaluation_mode: any_rule_match
  rules:
    - id: mine.late
      title: A check-in is late
      intent: Tell the operator.
      triggers: {event_types: [watchdog_fired]}
      conditions: {all: [{fact: event.event_type, equals: watchdog_fired}]}
      decision_output:
        decision: escalate
        severity: high
        reason: The check-in is late.
        required_actions: [{action: notify_operator, target: operator_channel, mandatory: true}]
"""
#: what stands around a part: the smallest documents of their kinds
BASES: Mapping[Subject, str] = {
    Subject.PROFILE: _PROFILE,
    Subject.DESCRIPTOR: _DESCRIPTOR,
    Subject.PACK: _PACK,
}
