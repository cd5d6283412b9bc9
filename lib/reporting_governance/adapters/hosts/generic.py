"""The `generic` host: our own JSON in, our own JSON out, for whatever has no host of its own here.

Who asks promises to do what it is answered: to send nothing that is held back, and the other text in place of what is
rewritten.  What may be counted on by that promise stands in capabilities/generic-gate.json.

A `transcript` that it names is read as one of Claude Code's, the only kind that we read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reporting_governance.adapters.hosts.claude_code.hook import read_transcript
from reporting_governance.adapters.hosts.interface import Reading, Seen, Spoken
from reporting_governance.contracts.gate_answer import AnswerKind, GateAnswer
from reporting_governance.contracts.report_attempt import GENERIC, HookPoint, ReportAttempt
from reporting_governance.errors import ExitCode

REPLY = "gate-report.v1"


class GenericHost:
    """Reads `report-attempt` documents."""

    name = GENERIC
    runtime = "local-host"
    descriptor = "generic-gate"
    tells_by_code = True

    def read(self, document: Mapping[str, Any]) -> Reading:
        """Return the attempt that a document is."""
        plain = {key: value for key, value in document.items() if key not in ("$schema", "answered")}
        return Reading(ReportAttempt.parse(plain, source="<stdin>"))

    def look(self, attempt: ReportAttempt) -> Seen | None:
        """Return what the transcript shows, where one is named."""
        return read_transcript(attempt, of_child=attempt.hook is HookPoint.CHILD_FINISH, pointer="/transcript")

    def answer(self, answer: GateAnswer, hook: HookPoint | None) -> Spoken:
        """Return the answer as JSON; the status is 1 when it is held back."""
        text = json.dumps({"schema": REPLY, **answer.dump()}, ensure_ascii=False, indent=2)
        return Spoken(text, int(ExitCode.NO if answer.kind is AnswerKind.BLOCK else ExitCode.DONE))
