"""`reportgov schedule`."""

import os
import sys

import click

from reporting_governance.commands._defaults import DEFAULT_PROFILE
from reporting_governance.commands._durations import Duration
from reporting_governance.commands._wiring import CommandContext, Reply, governed_command
from reporting_governance.core.schedule_text import Plan, cron_text, jitter_seconds, service_text, timer_text
from reporting_governance.errors import NotOurState, UsageError
from reporting_governance.resources import checkout_root

_DEFAULT_SECONDS = 60
_MAX_SECONDS = 50  #: the default of `run --max-seconds`
_PARTS = ("cron", "service", "timer")


@governed_command(
    "schedule",
    takes="the profile, for how often it expects a run",
    adds="nothing: what is printed is for you to install",
    twice="may run twice: it prints the same each time",
    examples=(
        "reportgov schedule print --cron",
        "reportgov schedule print --systemd --user reportgov --every 5m",
        "reportgov schedule print --systemd --part timer",
    ),
)
@click.argument("what", metavar="print", type=click.Choice(["print"]))
@click.option("--cron", "kind", flag_value="cron", help="A line for a crontab.")
@click.option("--systemd", "kind", flag_value="systemd", help="A service and a timer for systemd.")
@click.option("--user", metavar="NAME", help="For the system's crontab or units, as this user.  Default: for your own.")
@click.option("--every", type=Duration(), help="How often.  Default: tick_seconds of the profile.")
@click.option("--name", default="reportgov", show_default=True, help="What the units or the file in cron.d are called.")
@click.option("--part", type=click.Choice(_PARTS[1:]), help="Only this unit, without the comment above it.")
def main(
    context: CommandContext,
    *,
    what: str,  # noqa: ARG001 - there is one, and a word that says that nothing is installed
    kind: str | None,
    user: str | None,
    every: int | None,
    name: str,
    part: str | None,
) -> Reply:
    """Print what starts `run` on time: a line for crontab, or units for systemd.  Nothing is installed.

    The start is put off by a few seconds that differ from host to host and never change on one.
    """
    if kind is None:
        raise click.UsageError("say --cron or --systemd")
    if part is not None and kind == "cron":
        raise click.UsageError("--part goes with --systemd")
    expected, writable = _wishes(context)
    plan = plan_for(context, every or expected, writable=writable, user=user, name=name)
    texts = {"cron": cron_text(plan)} if kind == "cron" else {"service": service_text(plan), "timer": timer_text(plan)}
    if part is not None:
        return Reply(_document(plan, {part: texts[part]}), texts[part].rstrip("\n"))
    return Reply(_document(plan, texts), _shown(plan, texts, expected))


def plan_for(
    context: CommandContext,
    every_seconds: int,
    *,
    writable: tuple[str, ...] = (),
    user: str | None = None,
    name: str = "reportgov",
    names_profile: bool = True,
) -> Plan:
    """Return what starts `run` for the state and the profile of a call.

    Args:
        names_profile: false where the profile lies in the state, and `run` finds it there.

    Raises: UsageError.
    """
    profile = _profile_option(context) if names_profile else ()
    return Plan(
        argv=(*own_command("run"), *context.place.options, *profile),
        every_seconds=every_seconds,
        max_seconds=_MAX_SECONDS,
        jitter_seconds=jitter_seconds(os.uname().nodename, context.state, every_seconds),
        state=context.state,
        writable=writable,
        user=user,
        name=name,
    )


def _document(plan: Plan, texts: dict[str, str]) -> dict[str, object]:
    return {
        "every_seconds": plan.every_seconds,
        "jitter_seconds": plan.jitter_seconds,
        "user": plan.user,
        "files": [{"part": part, "path": _place(plan, part), "text": text} for part, text in texts.items()],
    }


def _place(plan: Plan, part: str) -> str | None:
    """Return where a text belongs; None: into the crontab that `crontab -e` opens."""
    if part == "cron":
        return None if plan.user is None else f"/etc/cron.d/{plan.name}"
    folder = "~/.config/systemd/user" if plan.user is None else "/etc/systemd/system"
    return f"{folder}/{plan.name}.{part}"


def _shown(plan: Plan, texts: dict[str, str], expected: int) -> str:
    parts = []
    for part, text in texts.items():
        parts.append(text if part == "cron" else f"# {_place(plan, part)}\n{text}")
    if "timer" in texts:
        control = "systemctl --user" if plan.user is None else "systemctl"
        parts.append(f"# then: {control} daemon-reload && {control} enable --now {plan.name}.timer")
    if plan.every_seconds > expected:
        parts.append(
            f"# The profile expects one every {expected} s: set watchdog.tick_seconds in it to {plan.every_seconds},\n"
            "# or each pause between two runs counts as one in which nobody watched."
        )
    return "\n".join(parts).rstrip("\n")


def first_crontab_line(context: CommandContext) -> str:
    """Return the line that `print --cron` prints for a state whose profile lies in it.  Raises: UsageError."""
    seconds, _ = _wishes(context)
    return cron_text(plan_for(context, seconds, names_profile=False)).splitlines()[-1]


def _wishes(context: CommandContext) -> tuple[int, tuple[str, ...]]:
    """Return how often the profile expects a run, and the folders that it writes in beside the state.

    The state of another user, for whom this is printed, says neither.
    """
    try:
        settings = context.settings
    except NotOurState:
        return _DEFAULT_SECONDS, ()
    metrics = settings.self_watch.get("metrics_path")
    folders = (os.path.dirname(metrics),) if metrics and os.path.isabs(metrics) else ()
    return settings.timing.tick_seconds, folders


def _profile_option(context: CommandContext) -> tuple[str, ...]:
    """Return the option that names the profile, unless `run` would find it by itself without our environment."""
    reference = context.profile_reference
    if reference in (DEFAULT_PROFILE, os.path.join(context.state, "profile.yaml")):
        return ()
    is_path = os.sep in reference or reference.endswith((".yaml", ".yml", ".json"))
    return ("--profile", os.path.abspath(reference) if is_path else reference)


def own_command(verb: str) -> tuple[str, ...]:
    """Return how a verb of this program is started by somebody with no PATH.  Raises: UsageError."""
    root = checkout_root()
    if root is not None:
        script = os.path.join(root, "bin", verb)
        if os.access(script, os.X_OK):
            return (script,)
    beside = os.path.join(os.path.dirname(sys.executable), "reportgov")
    if os.access(beside, os.X_OK):
        return (beside, verb)
    if not sys.executable:
        raise UsageError(reason="nobody knows which Python runs this; start it by its absolute path")
    return (sys.executable, "-m", "reporting_governance", verb)
