"""GOV21x and GOV22x: what a capability descriptor cannot mean."""

from __future__ import annotations

from collections.abc import Mapping

from reporting_governance.commands._rule_texts.example import Example, RuleText, descriptor, words

_RUNTIME = "runtime: {name: local-host, mode: hybrid, surfaces: [watchdog], entrypoint: %s}"


def _entrypoint(path: str) -> Example:
    return descriptor(_RUNTIME % path)


def _leaf(power: str, text: str) -> Example:
    group, _, name = power.partition(".")
    return descriptor(f"capabilities:\n  {group}:\n    {name}: {text}")


_LIFECYCLE = "observation.task_lifecycle"
_GOOD_PARTIAL = _leaf(_LIFECYCLE, "{supported: true, level: partial, limits: [Only tasks that check in are seen.]}")
_GOOD_FULL = _leaf(_LIFECYCLE, f"{{supported: true, level: full, probe: {_LIFECYCLE}}}")

TEXTS: Mapping[str, RuleText] = {
    "GOV210": RuleText(
        why="A document that travels with a package may name what travels with it.  A path out of it is another file "
        "on every machine, and a way to have a gate look at files that are none of its business.",
        bad=_entrypoint("/usr/local/bin/run"),
        good=_entrypoint("bin/run"),
    ),
    "GOV211": RuleText(
        why="A descriptor whose entrypoint is not there was not written for this version of the package, or the "
        "package is not whole.",
        bad=_entrypoint("scripts/run"),
        good=_entrypoint("bin/run"),
    ),
    "GOV212": RuleText(
        why="A host starts the entrypoint as a program.  What is not executable fails there, at night, and not here.",
        bad=_entrypoint("README.md"),
        good=_entrypoint("bin/run"),
        fix="Set its executable bit (`chmod +x`, and in git `git update-index --chmod=+x`), or name the program that "
        "is meant.  Files that an interpreter runs (.mjs .js .py .sh) need none.",
    ),
    "GOV213": RuleText(
        why="A surface is a part of the package that carries claims.  Without a module there is nothing that could do "
        "what is claimed.",
        bad=words(
            "A later version of the specification brings a new surface, a descriptor claims it, and the package "
            "that is checked holds no module for it yet."
        ),
        good=words("The descriptor claims the surfaces for which this version has modules; docs/reference lists them."),
    ),
    "GOV214": RuleText(
        why="Events, evidence and decisions travel between programs that find the schema by its path.  Another path is "
        "another contract, though the file may be a copy.",
        bad=descriptor("compatibility: {event_schema: schemas/event.schema.json}"),
        good=descriptor("compatibility: {event_schema: schemas/reporting-governance/event-envelope.schema.json}"),
    ),
    "GOV215": RuleText(
        why="What the claims of a descriptor mean is said by a version of the specification.  Of a version that is not "
        "known here nobody can say whether they hold.",
        bad=descriptor("compatibility: {plugin_spec_versions: [0.1.0-mainlin]}"),
        good=descriptor("compatibility: {plugin_spec_versions: [0.1.0-mainline]}"),
    ),
    "GOV217": RuleText(
        why="Partial means: it works, and ends somewhere.  Whoever plans with it must know where, or will count on the "
        "part that is missing.",
        bad=_leaf(_LIFECYCLE, "{supported: true, level: partial}"),
        good=_GOOD_PARTIAL,
    ),
    "GOV218": RuleText(
        why="Full is the strongest thing a descriptor can say.  With a probe anybody can try whether it is true.",
        bad=_leaf(_LIFECYCLE, "{supported: true, level: full}"),
        good=_GOOD_FULL,
    ),
    "GOV219": RuleText(
        why="A probe is found by the name of the power it tries.  Under another name there is none, and the claim is "
        "tried by nothing.",
        bad=_leaf(_LIFECYCLE, "{supported: true, level: full, probe: observation.lifecycle}"),
        good=_GOOD_FULL,
    ),
    "GOV220": RuleText(
        why="Some powers need a place in the runtime: only what stands in the way of a message can stop it.  A claim "
        "without that place is a promise that an operator will rely on once.",
        bad=_leaf(
            "enforcement.block_transition", "{supported: true, level: partial, limits: [Only reports are blocked.]}"
        ),
        good=_leaf("enforcement.block_transition", "{supported: false, level: none, notes: [There is no hook.]}"),
    ),
    "GOV221": RuleText(
        why="The truth model says which words this runtime uses for what became of a message.  `acked` means proven; a "
        "runtime that says it without proof says something untrue each time.",
        bad=_leaf("notification_path.truth_model", "{ack_requires_proven_send: false}"),
        good=_leaf("notification_path.truth_model", "{ack_requires_proven_send: true}"),
    ),
}
