"""The `openclaw` host: the plugin's document read, and its answer written.

The document, one JSON object on standard input, is made by `integrations/openclaw/index.js`:

| key | |
|---|---|
| hook | `before_agent_finalize` or `message_sending` |
| event | `text` of the final answer or the message; `cwd`, `to` where the host says them |
| context | of the host's own: `agentId`, `sessionId`, `channelId`, `conversationId`, `trigger`, `workspaceDir` |
| session | the session's key, which names its agent: `agent:main:telegram:direct:4242` |
| request | `id`, `at`, `text` of the newest request; null when the plugin did not see it |
| deeds | what the agent did since then, see `deeds` |
| complete | whether that is all of it |

Times are milliseconds since 1970.  Further keys are passed over.  What the host's hooks carry and what they can do was
measured in OpenClaw 2026.9.6 and stands in `integrations/openclaw/README.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reporting_governance.adapters.hosts.interface import Reading, Seen, Spoken, hook_point
from reporting_governance.adapters.hosts.openclaw.answer import spoken
from reporting_governance.adapters.hosts.openclaw.deeds import deeds_of
from reporting_governance.adapters.hosts.openclaw.reading import flag_at, object_at, text_at, time_at, wrong
from reporting_governance.contracts.deed import MOST_TEXT_BYTES, Deed, DeedKind
from reporting_governance.contracts.gate_answer import GateAnswer
from reporting_governance.contracts.report_attempt import LONGEST_ID, HookPoint, ReportAttempt

NAME = "openclaw"
HOOKS: Mapping[str, HookPoint] = {
    "before_agent_finalize": HookPoint.FINISH,
    "message_sending": HookPoint.MESSAGE,
}
_CHILD = ":subagent:"  #: in the key of a sub-agent's session


class OpenClawHost:
    """Reads what the plugin hands over and answers it."""

    name = NAME
    runtime = NAME
    descriptor = "openclaw-plugin"
    tells_by_code = False

    def read(self, document: Mapping[str, Any]) -> Reading:
        """Return what a hook asks, with what the agent did."""
        hook = hook_point(
            HOOKS,
            text_at(document, "hook"),
            pointer="/hook",
            suggestion="only the plugin in integrations/openclaw speaks this",
        )
        event, context = object_at(document, "event"), object_at(document, "context")
        session = _name(document, "session")
        folder = text_at(event, "cwd", "/event", needed=False) or text_at(
            context, "workspaceDir", "/context", needed=False
        )
        if hook is HookPoint.FINISH and _CHILD in session:
            hook = HookPoint.CHILD_FINISH
        attempt = ReportAttempt(
            host=NAME,
            hook=hook,
            session_id=session,
            agent_id=text_at(context, "agentId", "/context", needed=False)[:LONGEST_ID] or None,
            message=text_at(event, "text", "/event"),
            folder=folder or None,
        )
        return Reading(attempt, _seen(document, folder))

    def look(self, attempt: ReportAttempt) -> Seen | None:
        """Return nothing: what the plugin saw came with the question."""
        return None

    def answer(self, answer: GateAnswer, hook: HookPoint | None) -> Spoken:
        """Return the answer; the status is 0, the plugin reads the answer alone."""
        return spoken(answer, hook)


def _seen(document: Mapping[str, Any], folder: str) -> Seen:
    deeds = deeds_of(document, folder)
    complete = flag_at(document, "complete")
    if document.get("request") is None:
        return Seen(deeds=deeds, complete=False)
    request = object_at(document, "request")
    begun = Deed(
        kind=DeedKind.REQUEST,
        at=time_at(request, "at", "/request"),
        id=_name(request, "id", "/request"),
        text=text_at(request, "text", "/request").encode()[:MOST_TEXT_BYTES].decode("utf-8", "ignore"),
    )
    return Seen(deeds=(begun, *deeds), complete=complete, request_id=begun.id, began_at=begun.at)


def _name(document: Mapping[str, Any], key: str, place: str = "") -> str:
    found = text_at(document, key, place)
    if not 0 < len(found) <= LONGEST_ID:
        wrong(key, f"1 to {LONGEST_ID} characters", document, place)
    return found
