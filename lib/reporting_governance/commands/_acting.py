"""What `ack` and `retry` share: a person acts on one id, here or by way of the inbox of another user's state."""

from collections.abc import Callable

from reporting_governance.commands._elsewhere import belongs_to_another, hand_in
from reporting_governance.commands._text import as_typed
from reporting_governance.commands._wiring import CommandContext, Reply
from reporting_governance.stages.acts import ActReport


def act_on(
    context: CommandContext, what: str, subject: str, comment: str, run: Callable[[str, str], ActReport]
) -> Reply:
    """Return what an act changed; in a state folder of another user the act is left to its owner.

    Args:
        what: as in `Act`.
        subject, comment: as they were typed.
        run: does the act, given subject and comment.
    """
    subject, comment = as_typed(subject), as_typed(comment)
    if belongs_to_another(context.state):
        return _handed_in(context.state, what, subject, comment)
    report = run(subject, comment)
    return Reply(_dump(report), _describe(report))


def _handed_in(state: str, what: str, subject: str, comment: str) -> Reply:
    name = hand_in(state, {"what": what, "subject": subject, "comment": comment})
    text = f"{what}: handed in as inbox/{name}; it counts when the owner of {state} runs the next command"
    nothing: dict[str, object] = {"act_id": None, "what": what, "subjects": [], "withdrawn": []}
    return Reply({"handed_in": name, **nothing}, text)


def _dump(report: ActReport) -> dict[str, object]:
    return {
        "handed_in": None,
        "act_id": report.act_id,
        "what": report.what,
        "subjects": list(report.subjects),
        "withdrawn": list(report.withdrawn),
    }


def _describe(report: ActReport) -> str:
    lines = [f"{report.what}: {len(report.subjects)} changed ({', '.join(report.subjects)}), act {report.act_id}"]
    if report.withdrawn:
        lines.append(f"Not sent yet and withdrawn: {', '.join(report.withdrawn)}")
    return "\n".join(lines)
