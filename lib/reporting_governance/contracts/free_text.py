"""Where people's and agents' own words stand in each kind of document.

Such text is stored apart when it is long, so that it can be erased.  The schemas mark it `x-free-text`; this is the
same list for code that must not read schemas on every start, and a test holds both equal.

What we render ourselves (a notice, a spool item) is not in the list: a synced file for each would cost more than the
whole rest of a notice.  Such a text quotes values cut to what may stand in a line anyway, so erasing loses nothing.
"""

from collections.abc import Mapping

#: kind -> dotted paths; `*` stands for every item of a list and every value of an object
FREE_TEXT: Mapping[str, tuple[str, ...]] = {
    "act": ("comment",),
    "check-in": ("evidence.*.summary", "message", "report.*", "title"),
    "checkpoint-request": ("reason",),
    "decision": ("rewritten_message",),
    "decision-record-artifact": (
        "spec.decision.rewritten_message",
        "spec.evaluations.*.leaves.*.value",
        "spec.original_message",
    ),
    "event-envelope": (
        "payload.gate.message",
        "payload.gate.reason",
        "payload.message",
        "payload.report.*",
        "payload.task.title",
        "payload.title",
        "payload.tool.command",
    ),
    "evidence": ("summary",),
    "notice": ("facts.title",),
    "report-attempt": ("answered.why", "evidence.*.summary", "message", "report.*"),
    "review": ("original", "question", "subject"),
    "silence": ("comment",),
    "task-state": ("title",),
}
