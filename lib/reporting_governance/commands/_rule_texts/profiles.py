"""GOV20x, GOV23x and GOV3xx: what packs and profiles cannot mean, alone and held against what the runtime can do."""

from __future__ import annotations

from collections.abc import Mapping

from reporting_governance.commands._rule_texts.example import (
    Example,
    Form,
    RuleText,
    Subject,
    pack,
    profile,
    whole,
)

_LATE = """\
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
      examples:
        - title: A check-in is late
          event: {event_type: watchdog_fired}
          expect: {decision: %s, policy_id: mine.late}
"""
_PROOF = """\
capabilities:
  normalization: {canonical_events: {supported: true, level: full, probe: normalization.canonical_events}}
  watchdog: {watchdog_evaluation: {supported: true, level: full, probe: watchdog.watchdog_evaluation}}
  notification_path:
    queue_items: {supported: true, level: full, probe: notification_path.queue_items}
    spool_handoff: {supported: true, level: full, probe: notification_path.spool_handoff}
    sender_binding: {supported: true, level: full, probe: notification_path.sender_binding}
    receipts: {supported: true, level: full, probe: notification_path.receipts}
    final_delivery_proof: {supported: true, level: full, probe: notification_path.final_delivery_proof}
"""
_TARGET = "policy_packs: []\nnotification: {receivers: {operator: {targets: {chat: {sender: %s, parameters: %s}}}}}"


def _line(text: str) -> Example:
    return whole(Subject.FACTS, Form.JSON, text)


TEXTS: Mapping[str, RuleText] = {
    "GOV201": RuleText(
        why="Each value is of the right type, and together they ask for something that cannot be: a notice to nobody, "
        "a rule that can never hold, a fallback stronger than what it stands in for.",
        bad=profile("notification: {routes: [{receivers: [opertor]}]}"),
        good=profile("notification: {routes: [{receivers: [operator]}]}"),
    ),
    "GOV202": RuleText(
        why="Examples are what a pack's author promises.  When one does not hold, either the rule does something that "
        "nobody wanted or the promise is old.",
        bad=pack(_LATE % "allow"),
        good=pack(_LATE % "escalate"),
    ),
    "GOV203": RuleText(
        why="`reportgov policy facts` shows what rules see of a report, line by line.  A line that holds none of the "
        "things that rules look at has no facts.",
        bad=_line('{"text": "All tests pass."}'),
        good=_line('{"message": "All tests pass."}'),
    ),
    "GOV230": RuleText(
        why="Profiles are copied into repositories, digests and audit bundles as they are written, and the address of "
        "a webhook is its key.",
        bad=profile('self: {heartbeat_url: "https://watch.example.org/ping?key=mine"}'),
        good=profile('self: {heartbeat_url: "${env:HEARTBEAT_URL}"}'),
    ),
    "GOV231": RuleText(
        why="A held message waits for a person who looks whether it arrived.  Nobody looks who was not told, and the "
        "only way to tell is the one that is in doubt.",
        bad=profile("notification: {in_doubt: hold}"),
        good=profile(
            "notification:\n  in_doubt: hold\n  fallback: [deputy]\n  receivers:\n"
            "    operator: {targets: {outbox: {sender: file, parameters: {path: outbox/notices.jsonl}}}}\n"
            "    deputy: {targets: {other: {sender: file, parameters: {path: outbox/deputy.jsonl}}}}"
        ),
    ),
    "GOV232": RuleText(
        why="A pack that is not there decides nothing, and a profile without its packs would let everything pass.",
        bad=profile("policy_packs: [no-silense]"),
        good=profile("policy_packs: [no-silence]"),
        fix="Correct its name, or add the pack as policy-packs/NAME.yaml beside the profile.",
    ),
    "GOV233": RuleText(
        why="Cron, systemd and a person start programs in different folders.  A path that depends on the folder leads "
        "each of them somewhere else, and the copies that should prove something lie where nobody looks.",
        bad=profile("audit: {anchors: [{kind: file, path: heads.notes}]}"),
        good=profile("audit: {anchors: [{kind: file, path: /mnt/witness/heads.notes}]}"),
    ),
    "GOV234": RuleText(
        why="An anchor holds heads of the journal so that a rewritten journal does not go unseen.  Whoever can rewrite "
        "the state folder can rewrite an anchor in it, and then it says the same as the rewritten journal.",
        bad=profile("audit: {anchors: [{kind: file, path: /srv/reportgov/heads.notes}]}"),
        good=profile("audit: {anchors: [{kind: file, path: /mnt/witness/heads.notes}]}"),
    ),
    "GOV301": RuleText(
        why="Required means: without this power I do not want to run.  A runtime that does not claim it would leave a "
        "gap that nobody sees until it matters.",
        bad=profile("expectations: {inline_dispatch_blocking: required}"),
        good=profile('expectations: {inline_dispatch_blocking: "off"}'),
    ),
    "GOV302": RuleText(
        why="What is right for one runtime is held against the claims of another: every answer would be about the "
        "wrong program.",
        bad=profile("requires: {runtime: emacs}"),
        good=profile("requires: {runtime: local-host}"),
    ),
    "GOV303": RuleText(
        why="Preferred means: where it is there.  It is not there, what stands in for it is used, and the record of "
        "each decision names the gap.",
        bad=profile("expectations: {inline_dispatch_blocking: preferred}"),
        good=profile('expectations: {inline_dispatch_blocking: "off"}'),
        fix="Nothing needs to be done; turn the expectation off to say that you know.",
    ),
    "GOV304": RuleText(
        why="A rule that asks for an action which nothing can carry out decides on paper only.",
        bad=profile("policy_packs: [mandatory-checkpoint-structure]\nfallbacks: {rewrite_message: []}"),
        good=profile("policy_packs: [mandatory-checkpoint-structure]\nfallbacks: {rewrite_message: [notify_operator]}"),
    ),
    "GOV305": RuleText(
        why="Full proof means that the final service said it has stored the message.  A program that only handed it on "
        "cannot know, whatever its exit code says.",
        bad=profile(_TARGET % ("command", "{argv: [/usr/bin/logger, told]}"), with_descriptor=_PROOF),
        good=profile(_TARGET % ("file", "{path: outbox/notices.jsonl}"), with_descriptor=_PROOF),
    ),
}
