"""Lines for crontab and units for systemd that start `run`, as text; nobody's system is touched.

Sources: crontab(5) for what `%` and a backslash mean there; systemd.service(5), systemd.syntax(7) and systemd.timer(5)
for quoting, `%` and `$`, and what the settings do.
"""

import re
from hashlib import sha256

from reporting_governance.contracts.frozen import frozen
from reporting_governance.errors import UsageError

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_SHORT_WINDOW_SECONDS = 20  #: of a run each minute, so that one that takes its 50 seconds ends before the next but one
_SEND_SECONDS = 250  #: the slowest sender, asked at the very end, and what is said outside afterwards
_USER = re.compile(r"[a-z_][a-z0-9_-]*\$?", re.IGNORECASE)
_UNIT = re.compile(r"[A-Za-z0-9:_-][A-Za-z0-9:_.-]*")
_PLAIN = re.compile(r"[A-Za-z0-9_@+=:,./-]+")


class NoSchedule(UsageError):
    """What was asked for cannot be written as a schedule."""

    message = "{reason}"


@frozen(kw_only=True)
class Plan:
    """What is to be started, how often, and as whom."""

    argv: tuple[str, ...]  #: absolute path first
    every_seconds: int
    max_seconds: int  #: how long the command goes on at most, one send not counted
    jitter_seconds: int  #: see `jitter_seconds`
    state: str  #: the state folder
    writable: tuple[str, ...] = ()  #: further folders that it must be able to write in
    user: str | None = None  #: None: whoever installs it
    name: str = "reportgov"


def check_plan(plan: Plan) -> None:
    """Raise NoSchedule for what no schedule can hold."""
    if any(character < " " or character == "\x7f" for word in (*plan.argv, *plan.writable) for character in word):
        raise NoSchedule(reason="a path holds a line break or a control character, which no schedule can hold")
    if plan.user is not None and not _USER.fullmatch(plan.user):
        raise NoSchedule(reason=f"{plan.user!r} is no name of a user")
    if not _UNIT.fullmatch(plan.name):
        raise NoSchedule(reason=f"{plan.name!r} is no name for a unit; use letters, digits, - and _")
    if not _divides(plan.every_seconds):
        raise NoSchedule(
            reason=f"every {plan.every_seconds} s is no even part of an hour or a day; "
            "use 1m, 2m, 3m, 4m, 5m, 6m, 10m, 12m, 15m, 20m, 30m, 1h, 2h, 3h, 4h, 6h, 8h, 12h or 1d"
        )


def _divides(seconds: int) -> bool:
    if seconds < _HOUR:
        return seconds >= _MINUTE and seconds % _MINUTE == 0 and _HOUR % seconds == 0
    return seconds % _HOUR == 0 and _DAY % seconds == 0


def jitter_seconds(host: str, state: str, every_seconds: int) -> int:
    """Return how long after the full time a run begins: always the same for one state folder on one host.

    So a thousand hosts do not all call the same receiver at the full minute, and one host keeps its pace.
    """
    window = _SHORT_WINDOW_SECONDS if every_seconds == _MINUTE else min(every_seconds, _HOUR)
    digest = sha256(f"{len(host)}:{host}{state}".encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:8]) % window


def cron_text(plan: Plan) -> str:
    """Return one line for a crontab, below a comment that says where it belongs.  Raises: NoSchedule.

    The line is for a user's own crontab, or with `user` for /etc/cron.d.
    """
    check_plan(plan)
    minutes, seconds = divmod(plan.jitter_seconds, _MINUTE)
    command = " ".join(_for_cron(word) for word in plan.argv)
    if seconds:
        command = f"sleep {seconds}; exec {command}"
    where = "crontab -e" if plan.user is None else f"/etc/cron.d/{plan.name}, owned by root, mode 0644"
    who = [] if plan.user is None else [plan.user]
    return f"# {where}\n{' '.join([_cron_time(plan.every_seconds, minutes), *who, command])}\n"


def _cron_time(every: int, minute: int) -> str:
    if every == _MINUTE:
        return "* * * * *"
    if every < _HOUR:
        return f"{minute}-59/{every // _MINUTE} * * * *"
    hours = every // _HOUR
    return f"{minute} {'*' if hours == 1 else '0' if hours == 24 else f'*/{hours}'} * * *"


def _for_cron(word: str) -> str:
    """Quote for sh, then for cron, which ends a command at `%` unless a backslash stands before it.

    Cron takes that backslash away, but after another backslash it takes neither: there the quotes are opened anew.
    """
    quoted = word if _PLAIN.fullmatch(word) else "'" + word.replace("'", "'\"'\"'") + "'"
    return quoted.replace("\\%", "\\''%").replace("%", "\\%")


def service_text(plan: Plan) -> str:
    """Return the service unit.  Raises: NoSchedule."""
    check_plan(plan)
    if "$" in plan.argv[0]:
        raise NoSchedule(reason=f"{plan.argv[0]}: systemd starts no program whose path holds $")
    limit = plan.max_seconds + _SEND_SECONDS
    lines = [
        "[Unit]",
        "Description=Watch agent tasks and tell their operator, once",
        *(["After=network-online.target"] if plan.user else []),
        "",
        "[Service]",
        "Type=oneshot",
        *([f"User={plan.user}"] if plan.user else []),
        f"ExecStart={' '.join(map(_for_systemd, plan.argv))}",
        "# It ends by itself long before; what is cut off here is in doubt.",
        f"TimeoutStartSec={limit}",
        "# A first SIGTERM lets it finish the sends that have begun.",
        "KillMode=mixed",
        f"TimeoutStopSec={_SEND_SECONDS}",
        "UMask=0077",
        "NoNewPrivileges=yes",
        *(_hardening(plan) if plan.user else []),
    ]
    return "\n".join(lines) + "\n"


def _hardening(plan: Plan) -> list[str]:
    """What the system's manager can take away and no sender needs.

    No PrivateTmp: the log of a bug lies in /tmp.  No ProtectHome and no MemoryDenyWriteExecute: other programs that
    are called, OpenClaw's for one, live in a home and compile as they run.
    """
    writable = " ".join(f"-{_path_for_systemd(path)}" for path in dict.fromkeys((plan.state, *plan.writable)))
    return [
        "ProtectSystem=full",
        f"ReadWritePaths={writable}",
        "ProtectKernelTunables=yes",
        "ProtectKernelModules=yes",
        "ProtectKernelLogs=yes",
        "ProtectControlGroups=yes",
        "ProtectClock=yes",
        "ProtectHostname=yes",
        "PrivateDevices=yes",
        "LockPersonality=yes",
        "RestrictRealtime=yes",
        "RestrictSUIDSGID=yes",
        "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
        "SystemCallArchitectures=native",
        "CapabilityBoundingSet=",
    ]


def timer_text(plan: Plan) -> str:
    """Return the timer unit.  Raises: NoSchedule."""
    check_plan(plan)
    return "\n".join(
        [
            "[Unit]",
            "Description=Start reportgov run on time",
            "",
            "[Timer]",
            f"OnCalendar={_calendar(plan.every_seconds, plan.jitter_seconds)}",
            "# One run makes up for all that were missed while the host was off.",
            "Persistent=true",
            "AccuracySec=1s",
            f"RandomizedDelaySec={min(5, plan.every_seconds // 12)}s",
            "FixedRandomDelay=true",
            "",
            "[Install]",
            "WantedBy=timers.target",
        ]
    ) + "\n"  # fmt: skip


def _calendar(every: int, jitter: int) -> str:
    minute, second = divmod(jitter, _MINUTE)
    if every == _MINUTE:
        return f"*-*-* *:*:{second:02}"
    if every < _HOUR:
        return f"*-*-* *:{minute}/{every // _MINUTE}:{second:02}"
    hours = every // _HOUR
    hour = "*" if hours == 1 else "00" if hours == 24 else f"0/{hours}"
    return f"*-*-* {hour}:{minute:02}:{second:02}"


def _for_systemd(word: str) -> str:
    """Quote for ExecStart: `%` begins a specifier, `$` a variable, and a lone `;` another command."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return escaped if _PLAIN.fullmatch(word) else f'"{escaped}"'


def _path_for_systemd(path: str) -> str:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return escaped if _PLAIN.fullmatch(path) else f'"{escaped}"'
