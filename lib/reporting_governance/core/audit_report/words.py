"""Words of the timelines for what lines say."""

from __future__ import annotations

#: decisions that do not let a claim or a step pass as it was
HELD = frozenset(("block", "require_review", "downgrade_status", "escalate", "force_checkpoint", "rewrite"))
#: what a notice is, by its phase
PHASES = {
    "firing": "alarm",
    "repeat": "repeated alarm",
    "resolved": "all-clear",
    "escalation": "alarm to the next in line",
    "fallback": "alarm to a stand-in",
    "review": "question",
}
#: what a quality of evidence means
WORTHS = {
    "none": "it proves nothing",
    "weak": "weak, its own words and nothing that can be opened",
    "moderate": "moderate, it exists and is what it says",
    "strong": "strong, a check that ran after the last change",
    "decisive": "decisive, a check that somebody else ran",
}
#: what an agent said, by the type of the event
REPORTS = {
    "task_started": "said that it started",
    "task_checkpoint_sent": "checked in",
    "task_status_changed": "said its status is",
    "task_claimed_complete": "claimed that the task is complete",
    "task_evidence_attached": "handed in evidence",
    "subagent_spawned": "said that it started a sub-agent",
    "subagent_spawn_failed": "said that a sub-agent could not be started",
    "subagent_completed": "said that a sub-agent finished",
    "subagent_result_forwarded": "said that it passed a sub-agent's result on",
}
#: what followed from a decision or an act, by the type of the event
CAUSED = {
    "forced_operator_update": "the operator has to get an update",
    "operator_review_requested": "a person has to look",
    "task_status_changed": "the task's status was set",
}
#: what a person did
ACTS = {
    "ack": "acknowledged it",
    "unack": "took the acknowledgement back",
    "retry": "asked to send it again",
    "cancel": "cancelled it",
    "silence_end": "ended a silence",
    "approve": "approved what was claimed",
    "reject": "rejected what was claimed",
}
#: lines that say something about the log itself, in words
ABOUT_THE_LOG = {
    "log.open": "the journal began",
    "log.torn": "a torn line was declared void",
    "log.loss": "lines that had been acknowledged were found missing",
    "log.segment_retired": "old lines were retired; their hashes were kept",
    "log.key": "a signing key came into use",
    "log.clock_step": "the clock was moved, or the host slept",
    "config.changed": "the rules or the settings in force changed",
    "record.erased": "a text was erased; its record stayed",
    "role.denied": "somebody was refused what they asked for",
    "audit.exported": "these records were exported",
    "audit.verified": "these records were verified",
}
