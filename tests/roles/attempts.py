"""What a viewer may try: for each verb, calls that would change something if they were let through."""

from collections.abc import Mapping, Sequence
from typing import Final

#: verb -> the words after it; `TMP` is a folder that everybody may write, `STATE` the state of somebody else
ATTEMPTS: Final[Mapping[str, Sequence[Sequence[str]]]] = {
    "report": (
        ("checkpoint", "nightly", "all is well"),
        ("complete", "nightly"),
        ("evidence", "nightly", "--class", "tool_output", "--file", "STATE/profile.yaml"),
        ("heartbeat", "nightly"),
        ("checkpoint", "nightly", "x", "--profile", "TMP/evil.yaml"),
    ),
    "scan": ((), ("--profile", "TMP/evil.yaml"), ("--dry-run",)),
    "enqueue": ((), ("--profile", "TMP/evil.yaml")),
    "dispatch": ((), ("--dry-run",)),
    "bridge": ((), ("--profile", "TMP/evil.yaml")),
    "run": ((), ("--profile", "TMP/evil.yaml"), ("--dry-run",), ("--profile", "standard-team-mode")),
    "gate": (
        ("install", "--host", "claude-code", "--write", "--settings", "TMP/settings.json"),
        ("install", "--write"),
    ),
    "status": ((), ("--tasks",), ("--html", "TMP/page.html"), ("--html", "STATE/profile.yaml")),
    "explain": (("nightly",), ("nightly", "--profile", "TMP/evil.yaml")),
    "ack": (("nightly",), ("nightly", "--undo"), ("nightly", "--profile", "TMP/evil.yaml")),
    "review": (("list",), ("approve", "nightly", "--comment", "x"), ("reject", "nightly", "--comment", "x")),
    "retry": (("nightly",),),
    "silence": (("list",), ("add", "task_id=nightly", "--for", "1h", "--comment", "x"), ("expire", "SILENCE")),
    "routes": (("test", "--fact", "severity=high"),),
    "policy": (("test", "TMP/evil.yaml"), ("explain", "nightly"), ("facts", "TMP/evil.yaml")),
    "verify-descriptor": (
        ("TMP/evil.yaml", "--format", "json=STATE/roles.yaml"),
        ("TMP/local-host.json", "--probe", "--openclaw", "TMP/program"),
        ("TMP/local-host.json", "--probe", "--write-observations", "STATE/roles.yaml"),
    ),
    "verify-profile": (("TMP/evil.yaml", "--format", "json=STATE/roles.yaml"), ("TMP/evil.yaml",)),
    "verify-policy": (("TMP/evil.yaml", "--format", "sarif=STATE/journal/log/000000000001.jsonl"), ("TMP/evil.yaml",)),
    "export-audit": (("--output", "TMP/out.zip"), ("--output", "STATE/roles.yaml"), ()),
    "verify-audit": (("STATE",), ("--write-verifier", "STATE/roles.yaml")),
    "rule": (("GOV801",),),
    "plugins": (
        ("list",),
        ("doctor",),
        ("enable", "x", "--yes"),
        ("disable", "x", "--yes"),
        ("enable", "x", "--yes", "--force"),
    ),
    "doctor": ((), ("--rebuild",)),
    "prune": (("--keep", "1d"), ("--keep", "1d", "--dry-run")),
    "erase": (("nightly", "--reason", "x"), ("0" * 64, "--reason", "x")),
    "init": ((), ("--readers", "crowd"), ("--no-readers",), ("--profile", "TMP/evil.yaml")),
    "keys": (("show",), ("rotate",), ("rotate", "--signer", "key-file", "--new-key", "TMP/key")),
    "jobs": (
        ("list",),
        ("enqueue", "noop"),
        ("enqueue", "command", "--", "touch", "TMP/owned"),
        ("enqueue", "scan", "--", "--profile", "TMP/evil.yaml"),
        ("run",),
        ("cancel", "JOB"),
    ),
    "schedule": (("print", "--cron", "--every", "5m"),),
    "completions": (("bash",),),
    "whoami": ((),),
    "roles": (("check",),),
    "store": (("status",), ("copy", "--from", "STATE", "--to", "TMP/copy"), ("copy", "--to", "TMP/copy"), ("migrate",)),
}

#: a profile that starts a program for every notice, and asks for no role at all
EVIL_PROFILE: Final = """
apiVersion: reporting-governance/v1
kind: DeploymentProfile
metadata: {id: evil, version: 1.0.0}
spec:
  roles: {run: viewer, prune: viewer}
  notification:
    receivers:
      operator:
        targets:
          main: {sender: command, parameters: {argv: [/usr/bin/touch, TMP/owned]}}
"""
