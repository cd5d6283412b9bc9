"""Write docs/roles.md: who may do what, from the table that the gates judge by.

python ci/roles_page.py > docs/roles.md
"""

import sys
from collections.abc import Iterator

import click

from reporting_governance.commands.main import VERBS, reportgov
from reporting_governance.contracts.role import MEANING, MOVABLE, REQUIRED, Action, Role
from reporting_governance.core.role_uses import OUTSIDE_OPTIONS, USES

HEAD = """# Who may do what

One page for whoever shares a state folder with others. Its tables are made from those that the gates judge by
(`python ci/roles_page.py`), and every `--help` has the line about its verb.

You need nothing of this alone: whoever owns the state folder is `owner`, and everybody else `viewer`.

## Roles

`viewer` < `operator` < `admin` < `owner`; each may do what the ones before it may. `sender` stands beside them: it may
hand in receipts (`{"attempt_id": …, "outcome": …}` in the inbox), and nothing else.

`reportgov whoami` says who you are, which role you have, and what gave it to you. `reportgov roles check` says who has
which role, and what is wrong with the file that says so.

## Who somebody is

The operating system says so, never a flag or a variable: the user who logged in (the kernel's login uid, which `sudo`
and `su` keep), where that is set and has an account; else the user that the process runs as (cron, systemd,
containers). After `sudo -u gov reportgov ack …` by alice, alice is judged. Groups are those of alice's account, not
those that her process happens to have.

Only processes of the state's owner write a state, whatever the caller's role is, root's too: a file of another user
would lock the owner out. So there are two ways for others:

- `sudo -u gov reportgov VERB …`: the process is gov's, and alice's role decides what it does. Let sudo allow the verbs
  that you mean, by their whole path, and not a shell: whoever has that has everything.
  Whoever sets a state up that way (`sudo -u gov reportgov init`) has no role in it yet: next he writes himself into its
  `roles.yaml`, as root.
- the inbox: `report`, `ack`, `retry`, `review` and `silence` under your own uid leave a file there. The owner's next
  command judges it by the uid that owns the file; so nothing is left there with rights that `sudo` lent.

## roles.yaml

It lies in the state folder; beside a database, in the folder that `--local` names:

```yaml
users:
  alice: admin
  "1004": operator      # a uid, in quotes; so too for groups
groups:
  oncall: operator
senders: [pager]
```

Beside a database the file counts on its host alone; every other host has one of its own in its own folder, and who may
write there decides. So one file on all hosts says the same everywhere, and a host that somebody else runs is as open as
he makes it: what such a host can do to the shared state at all the
[role of the database](postgres.md#roles) bounds, and no file. The next `run` after the file changed records its digest
and the host, in a `config.changed` line with `meta.roles`.

What is said of a user counts before what is said of groups, also downwards; of several groups the highest role counts.
Whom nothing names is a viewer. The owner of the state is owner and sender, whatever stands there.

The file counts only as a regular file with one name, owned by the state's owner or root, that neither its group nor
others may write (with an access list: whose mask lets nobody else write), in a folder of which the same holds, at most
64 KiB, reached over no link that somebody else made and through no folder in which somebody else could put another one
in its place, and without any fault: a file with one misspelt role says nothing at all. When it does not count, nobody
but the owner is more than a viewer. `roles check` says why, with line and column, and so does `doctor`; what a look at
the file's name shows, every command that needs a role tells the owner.
"""

VARIABLES = """Nor do variables: of a caller who runs as another user and is less than admin nothing counts but the
language, the terminal and `REPORTGOV_*`. PATH is the system's, HOME the owner's, so that nobody brings a program of his
own.
"""

OTHERS = """## What lies in the inbox

Who wrote a file there is the user that owns it; nothing in it says so, and a second name or a link is refused.

| file | counts when its owner is |
|---|---|
| check-in, evidence, heartbeat | who started the task, or may do `report.others` |
| act (`ack`, `retry`, `approve`, `reject`, `silence_end`), silence | allowed to do that, by the table above |
| receipt, mail | a sender; no role stands in for that |
| what a gate judged | anybody |

What does not count goes to `corrupt/` with a finding, and the journal says who tried what: `policy.blocked` where a
role was missing, `role.denied` where somebody is no sender. It is one line for each user and action of a run, with
their number, however many files there are. A receipt of a sender proves at most `delivered`, or what the parameter
`proof_at_most` of an `external` target says: that a person acted is for `ack` to say.

## Readers

Nobody but the owner reads a state, until he lets a group in:

```console
$ reportgov init --readers adm
```

All folders get mode 2750 and all files 0640 with that group, and so does whatever is made later. Keys stay the owner's,
and the inbox is as it was. `reportgov doctor` finds what is not so any more; `init --readers` again mends it, and
`init --no-readers` takes it all back. The owner has to be in the group himself.

`status`, `explain`, `jobs list`, `review list`, `silence list`, `routes`, `policy explain` and `doctor` then work for
processes that have the group. They change nothing: where something has to be made good first, as after a start of the
host, they end with 75 until the owner's next command. Whatever records something, `export-audit` too, ends with 1 and
names the user to run it as. Readers see all that is in the state, texts and addresses too; they have no role by it.
"""

REFUSED = """## When it is not enough

Nothing is changed, the command ends with 1, and one line says what is missing and who can do what about it:

```text
reportgov: POLICY_BLOCKED: prune needs role owner; alice is admin (users: alice)  gov or root can change `alice: admin`
to `alice: owner` under `users:` in /srv/gov/state/roles.yaml.
```

The journal gets a `policy.blocked` line: who, what, which role was needed and which was there. A user who cannot write
the state leaves word in its inbox instead, and the owner's next command records it.

## What a profile may change

Its section `roles` names another least role for an action: as high as you like, and down to `operator`, but never for
what is the owner's. It counts whole only when nobody but the state's owner and root can have written the profile (a
file of theirs that others may not write, or a shipped one); else only where it asks for more. For others than the owner
it is always the profile that the state has of its own (`profile.yaml` in it, else `minimal-solo-mode`), never the one
that a call names.

```yaml
roles:
  plugin.enable: owner
  job.command: operator
```

## What roles do not do

They guard people who share the owner's uid against mistakes, and against each other as far as sudo lets them do no more
than start our verbs. Whoever can run anything else as the owner can change every file of the state; against that only
heads that others hold help ([for the reviewer](for-the-reviewer.md)). So `admin` is not far from `owner`: a job may be
any program.

`verify-descriptor`, `verify-profile` and `verify-policy` know no state, and so no roles: what they are told to read,
they read with the rights of the user that they run as. Files they write, and programs they start (`--probe`), only for
whoever is that user: not with rights that `sudo` lent. Reading verbs show what they are pointed at: let sudo allow
others only what they are to see.
"""


def page() -> str:
    """Return the page."""
    parts = [HEAD, "## Verbs\n", "| verb | called as | action | role |\n|---|---|---|---|", *_uses(), ""]
    options = ", ".join(f"`{each}`" for each in _outside())
    parts.append(
        "Options that lead outside of the state act with its owner's rights, so they are the action `outside` for all "
        f"others that run as him, whatever the verb: {options}; and `$REPORTGOV_PROFILE`.\n"
    )
    parts.append(VARIABLES)
    parts += ["## Actions\n", "| action | least role | a profile may say | what it is |\n|---|---|---|---|"]
    parts += [f"| `{each}` | {REQUIRED[each]} | {_range(each)} | {MEANING[each]} |" for each in Action]
    parts += ["", OTHERS.rstrip(), "", REFUSED.rstrip()]
    return "\n".join(parts) + "\n"


def _outside() -> list[str]:
    """Return the options that lead outside of a state, as they are written."""
    with click.Context(reportgov) as group:
        commands = [reportgov.get_command(group, verb) for verb in VERBS]
    given = [each for command in commands if command is not None for each in command.params]
    return sorted({each.opts[0] for each in given if each.name in OUTSIDE_OPTIONS and each.opts[0].startswith("--")})


def _uses() -> Iterator[str]:
    for verb, uses in USES.items():
        for use in uses:
            role = "none" if use.action is None else REQUIRED[use.action].value
            action = "" if use.action is None else f"`{use.action}`"
            remark = f"; {use.remark}" if use.remark else ""
            yield f"| `{verb}` | {use.how} | {action} | {role}{remark} |"


def _range(action: Action) -> str:
    if action not in MOVABLE:
        return "nothing"
    return "viewer to owner" if REQUIRED[action] is Role.VIEWER else "operator to owner"


if __name__ == "__main__":
    sys.stdout.write(page())
