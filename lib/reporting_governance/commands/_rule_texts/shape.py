"""GOV1xx: what does not have the shape that its schema asks for."""

from __future__ import annotations

from collections.abc import Mapping

from reporting_governance.commands._rule_texts.example import RuleText, descriptor, pack, profile, words

_METADATA = """\
metadata:
  {id: %s, title: Mine, version: "1", summary: A pack of mine., owner: me, severity_default: medium}
"""
_NOTICE = """\
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
        operator_notice: {required: true, channel: operator, urgency: high, deadline: %s}
"""

TEXTS: Mapping[str, RuleText] = {
    "GOV101": RuleText(
        why="Whoever reads the document counts on the key.  A value that is guessed in its place would be taken for "
        "the author's.",
        bad=profile('metadata: {id: mine, version: "1"}'),
        good=profile('metadata: {id: mine, title: Mine, version: "1"}'),
    ),
    "GOV102": RuleText(
        why="A misspelt key is a wish that nobody hears: the default stays in force, and its author believes "
        "otherwise.",
        bad=profile("watchdog: {grace_secnds: 300}"),
        good=profile("watchdog: {grace_seconds: 300}"),
    ),
    "GOV103": RuleText(
        why='Values are never converted, since a conversion that is right here is wrong there: `"300"` is a text, and '
        "an unquoted `1.10` is the number 1.1.",
        bad=profile('watchdog: {grace_seconds: "300"}'),
        good=profile("watchdog: {grace_seconds: 300}"),
        fix="Write a value of the type that is asked for.  In YAML quotes make a text, and a text that looks like a "
        "number, such as a version, needs them.",
    ),
    "GOV104": RuleText(
        why="The choices are closed: each one is something that the program does.  A word it does not know would mean "
        "nothing.",
        bad=profile("expectations: {emit_canonical_events: require}"),
        good=profile("expectations: {emit_canonical_events: required}"),
    ),
    "GOV105": RuleText(
        why="A time without its zone, or a day in the order of another country, is a different moment for each reader.",
        bad=pack(_NOTICE % "tomorrow"),
        good=pack(_NOTICE % "2026-03-01T09:00:00Z"),
    ),
    "GOV106": RuleText(
        why="Ids become names of files, keys in queries and words in messages.  The form keeps them safe and readable "
        "in all of these.",
        bad=pack(_METADATA % "Mine!"),
        good=pack(_METADATA % "mine"),
    ),
    "GOV107": RuleText(
        why="Outside its range a number means nothing (a wait of -5 seconds), or something that nobody wants (a check "
        "of every task a thousand times a second).",
        bad=profile("watchdog: {silence_seconds: 0}"),
        good=profile("watchdog: {silence_seconds: 1800}"),
    ),
    "GOV108": RuleText(
        why="An empty list where somebody must be named leaves nobody, and that looks like a decision.",
        bad=profile("notification: {routes: [{receivers: []}]}"),
        good=profile("notification: {routes: [{receivers: [operator]}]}"),
    ),
    "GOV109": RuleText(
        why="A repetition in a list of different things is a slip: mostly the second one was to name something else.",
        bad=descriptor("runtime: {name: local-host, mode: hybrid, surfaces: [watchdog, watchdog]}"),
        good=descriptor("runtime: {name: local-host, mode: hybrid, surfaces: [watchdog, queue]}"),
    ),
    "GOV110": RuleText(
        why="Some values are right only beside others.  Which of several conditions was meant to hold cannot always "
        "be told from what is written.",
        bad=words(
            "A schema allows a name or a number but not both, and a document has both.  No schema of ours asks for "
            "such a thing today where a rule with a clearer sentence could not say it."
        ),
        good=words("The document has one of the two."),
    ),
}
