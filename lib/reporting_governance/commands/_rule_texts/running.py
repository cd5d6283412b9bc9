"""GOV6xx to GOV8xx: what comes up while the program works: task sources, senders, what is handed in."""

from __future__ import annotations

from collections.abc import Mapping

from reporting_governance.commands._rule_texts.example import (
    Example,
    Form,
    RuleText,
    Subject,
    command,
    profile,
    whole,
    words,
)

_TARGET = (
    "notification: {receivers: {operator: {targets: {box: {sender: %s, parameters: {%s: outbox/notices.jsonl}}}}}}"
)


def _tasks(text: str) -> Example:
    return whole(Subject.TASKS, Form.JSON, text)


def _check_in(text: str) -> Example:
    return whole(Subject.CHECK_IN, Form.JSON, text)


_TASK = '{"tasks": [{"task_id": "nightly", "status": "active", "started_at": "2026-03-01T08:00:00Z"}]}'
_GOOD_SOURCE = profile("sources: [{source: json, parameters: {path: /srv/tasks.json}}]")

TEXTS: Mapping[str, RuleText] = {
    "GOV601": RuleText(
        why="A source that is not there sees no tasks, and nobody would be told that they are late.",
        bad=profile("sources: [{source: jsn, parameters: {path: /srv/tasks.json}}]"),
        good=_GOOD_SOURCE,
    ),
    "GOV602": RuleText(
        why="Each source knows its own parameters.  One that it does not know has no effect, and one that is missing "
        "leaves it nowhere to look.",
        bad=profile("sources: [{source: json, parameters: {file: /srv/tasks.json, path: /srv/tasks.json}}]"),
        good=_GOOD_SOURCE,
    ),
    "GOV603": RuleText(
        why="Not to see a task is not the same as to see that it is well.  What is known stays as it was until the "
        "source can be read.",
        bad=command("reportgov scan\n# /srv/tasks.json: permission denied"),
        good=command("setfacl -m u:reporter:r /srv/tasks.json\nreportgov doctor\n# source json: ok"),
    ),
    "GOV604": RuleText(
        why="Tables and columns change their meaning from one version of another program to the next.  What this "
        "reader was tried against is what it can answer for.",
        bad=words("The agent's program was upgraded over night, and its database says a schema version that is newer."),
        good=words("A newer version of this package has been tried against it."),
    ),
    "GOV605": RuleText(
        why="Without the column there is no answer to the question it answered.  Unknown is said; well is not.",
        bad=words("The table of tasks has no column for the last activity any more: silence cannot be judged."),
        good=words("The column is there again, or a newer version of this package looks where it went."),
    ),
    "GOV606": RuleText(
        why="An entry without a usable id is about nobody: it could neither be followed nor told of.",
        bad=_tasks('{"tasks": [{"status": "active", "started_at": "2026-03-01T08:00:00Z"}]}'),
        good=_tasks(_TASK),
    ),
    "GOV607": RuleText(
        why="One value that says nothing, such as a time without its zone, is no reason to lose sight of the task.  "
        "The conditions that need it are unknown.",
        bad=_tasks('{"tasks": [{"task_id": "nightly", "status": "active", "started_at": "yesterday"}]}'),
        good=_tasks(_TASK),
    ),
    "GOV608": RuleText(
        why="Limits keep one source from stopping the watch over all others.  A list that was cut is no proof that "
        "what is missing from it has ended.",
        bad=words("A folder holds 12,000 files of tasks, most of them finished months ago."),
        good=words("Finished tasks are moved away by the program that wrote them."),
    ),
    "GOV609": RuleText(
        why="Two entries that say different things about one task cannot both be right, and to take turns would raise "
        "and end the same alarm again and again.",
        bad=_tasks(
            '{"tasks": [{"task_id": "nightly", "status": "active"},\n'
            '           {"task_id": "nightly", "status": "blocked"}]}'
        ),
        good=_tasks('{"tasks": [{"task_id": "nightly", "status": "active"}]}'),
    ),
    "GOV701": RuleText(
        why="Notices to a target without a sender go nowhere.",
        bad=profile(_TARGET % ("fil", "path")),
        good=profile(_TARGET % ("file", "path")),
    ),
    "GOV702": RuleText(
        why="Each sender knows its own parameters.  A misspelt one leaves the default in force: another file, another "
        "room, another person.",
        bad=profile(_TARGET % ("file", "path: outbox/notices.jsonl, pth")),
        good=profile(_TARGET % ("file", "path")),
    ),
    "GOV703": RuleText(
        why="It is better to learn from `doctor` by day that nobody can be told than from silence by night.",
        bad=command("reportgov doctor\n# target operator/mail: cannot connect to mail.example.org, port 587"),
        good=command("reportgov doctor\n# target operator/mail: ok"),
        fix="Look at its address, and at what stands between.  Notices to this target wait and are tried again.",
    ),
    "GOV801": RuleText(
        why="A check-in that is misunderstood would be recorded as something that its agent did not say.",
        bad=_check_in('{"verb": "dance", "task": "nightly"}'),
        good=_check_in('{"verb": "checkpoint", "task": "nightly", "message": "half of it is done"}'),
    ),
    "GOV802": RuleText(
        why="What is understood can still be something that may not be: an act by somebody whose role does not allow "
        "it, a check-in that comes before its task started.",
        bad=words("A viewer drops an act that silences all notices into the inbox."),
        good=words("An operator drops the same act."),
    ),
    "GOV803": RuleText(
        why="The inbox is open to other users.  A link could make this program read, or give away, a file that its "
        "sender may not read.",
        bad=command("ln -s /etc/shadow state/inbox/check-in.json"),
        good=command("cp check-in.json state/inbox/"),
    ),
    "GOV804": RuleText(
        why="One agent in a loop must not keep the check-ins of all others waiting.",
        bad=words("A script drops a file for each line of a log, some thousands a minute."),
        good=command("my-script | reportgov report -\n# one JSON object a line, in one call"),
    ),
    "GOV811": RuleText(
        why="A gate that guesses what a host asked would answer something else.  The host is told that it got no "
        "answer, and does what it was set to do then.",
        bad=command("echo '[]' | reportgov gate\n# expected one JSON object"),
        good=command("""echo '{"task": "nightly", "session_id": "s1", "text": "All tests pass."}' | reportgov gate"""),
    ),
}
