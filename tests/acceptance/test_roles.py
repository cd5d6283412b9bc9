"""The gate of every verb, tried by users who run it as the owner of the state: what `sudo -u OWNER` does.

The login uid is the kernel's, set in a fork as a login sets it.  Users with processes of their own: `tests/roles`.
"""

import json
import os
import pwd
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.role import REQUIRED, Action, Role
from reporting_governance.core.role_uses import USES
from tests.acceptance.forked import run_forked
from tests.acceptance.verbs import Ended, Verbs, profile, tree

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may set a login uid")

#: an account that every system has, and that owns nothing here
SOMEBODY = pwd.getpwuid(1).pw_name
UID = 1


@dataclass(frozen=True)
class Sudo:
    """Somebody who calls verbs as the owner of a state."""

    state: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    uid: int = UID

    def call(self, *arguments: object) -> Ended:
        """Run a verb to its end."""
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            code = 70
            try:
                Path("/proc/self/loginuid").write_text(str(self.uid))
                verbs = Verbs(self.state)
                words = verbs.command(*arguments)
                variables = {**verbs.variables(), **self.environment}
                ended = run_forked(words[words.index(str(arguments[0])) :], variables, 60)
                with open(write, "w") as pipe:
                    json.dump([ended[0], ended[1].decode(), ended[2].decode()], pipe)
                code = 0
            finally:
                os._exit(code)
        os.close(write)
        with open(read) as pipe:
            said = pipe.read()
        _, status = os.waitpid(child, 0)
        assert status == 0
        ended = Ended(*json.loads(said))
        assert "Traceback" not in ended.err, ended.err
        return ended


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a state with a task that is overdue, and told of."""
    verbs = Verbs(tmp_path_factory.mktemp("roles") / "state")
    verbs.ok("init")
    verbs.overdue("t")
    verbs.call("run")
    return verbs.state


@pytest.fixture
def state(ready: Path) -> Iterator[Path]:
    """Return that state, without a roles file before and after."""
    yield ready
    for each in ("roles.yaml", "link.yaml"):
        (ready / each).unlink(missing_ok=True)


def give(state: Path, text: str, mode: int = 0o644) -> Path:
    """Write the roles file."""
    path = state / "roles.yaml"
    path.write_text(text)
    path.chmod(mode)
    return path


def kept(state: Path) -> dict[str, object]:
    """Return everything in a state but the journal, which records who was refused, and what follows from its lines."""
    moving = ("journal/applied", "journal/log", "journal/lock", "journal/leaves", "journal/checkpoints/frontier")
    return {name: each for name, each in tree(state).items() if not name.startswith(moving)}


def refusals(state: Path) -> list[dict[str, Any]]:
    """Return the lines that say that somebody was refused."""
    return [line for line in Verbs(state).journal() if line["type"] == "policy.blocked"]


#: verb and way of calling it -> a command line; {tmp} is a folder of the test
CALLS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("scan", ""): ("scan",),
    ("enqueue", ""): ("enqueue",),
    ("dispatch", ""): ("dispatch",),
    ("bridge", ""): ("bridge",),
    ("run", ""): ("run",),
    ("gate", "install --write"): ("gate", "install", "--host", "claude-code", "--write", "--settings", "{tmp}/s.json"),
    ("status", ""): ("status",),
    ("explain", ""): ("explain", "t"),
    ("ack", ""): ("ack", "t"),
    ("review", "list"): ("review", "list"),
    ("review", "approve, reject"): ("review", "approve", "rvw_0"),
    ("retry", ""): ("retry", "t"),
    ("silence", "list"): ("silence", "list"),
    ("silence", "add, expire"): ("silence", "add", "task_id=x", "--for", "1h", "--comment", "c"),
    ("routes", ""): ("routes", "test", "t"),
    ("policy", "explain, facts"): ("policy", "explain", "t"),
    ("policy", "test FILE, facts FILE"): ("policy", "facts", "/etc/passwd"),
    ("export-audit", ""): ("export-audit", "--output", "{tmp}/out.zip"),
    ("plugins", "doctor"): ("plugins", "doctor"),
    ("plugins", "enable"): ("plugins", "enable", "p", "--yes", "--openclaw-home", "{tmp}"),
    ("plugins", "disable"): ("plugins", "disable", "p", "--yes", "--openclaw-home", "{tmp}"),
    ("doctor", ""): ("doctor",),
    ("doctor", "--rebuild"): ("doctor", "--rebuild"),
    ("prune", ""): ("prune", "--keep", "1d"),
    ("erase", ""): ("erase", "t", "--reason", "r"),
    ("init", "where there is a state, or anything else"): ("init",),
    ("keys", "show"): ("keys", "show"),
    ("keys", "rotate"): ("keys", "rotate"),
    ("jobs", "status, list"): ("jobs", "list"),
    ("jobs", "enqueue"): ("jobs", "enqueue", "noop"),
    ("jobs", "enqueue command"): ("jobs", "enqueue", "command", "--", "/bin/true"),
    ("jobs", "run"): ("jobs", "run"),
    ("jobs", "cancel"): ("jobs", "cancel", "job_0"),
    ("store", "status"): ("store", "status"),
    ("store", "migrate, grants, copy"): ("store", "copy", "--to", "elsewhere"),
    ("roles", "check"): ("roles", "check"),
}
#: tried by tests of their own
ELSEWHERE = {("report", "for a task of somebody else"), ("plugins", "--force")}
GATED = [(verb, use.how, use.action) for verb, uses in USES.items() for use in uses if use.action is not None]


def test_every_way_that_needs_a_role_is_tried() -> None:
    """A new way to call a verb fails here until a call is written down for it."""
    assert {(verb, how) for verb, how, _ in GATED} == set(CALLS) | ELSEWHERE


@pytest.mark.parametrize(("verb", "how"), list(CALLS), ids=lambda each: each.replace(" ", "-") or "_")
def test_a_viewer_gets_through_no_gate_and_changes_nothing(verb: str, how: str, state: Path, tmp_path: Path) -> None:
    before, told = kept(state), len(refusals(state))
    action = next(each for name, way, each in GATED if (name, way) == (verb, how))
    words = [each.replace("{tmp}", str(tmp_path)) for each in CALLS[verb, how]]
    ended = Sudo(state).call(*words)
    assert kept(state) == before
    assert not any(tmp_path.iterdir())
    if REQUIRED[action] is Role.VIEWER:
        assert "POLICY_BLOCKED" not in ended.err
        assert len(refusals(state)) == told
        return
    assert ended.code == 1, ended
    assert ended.out == ""
    assert ended.err.startswith("reportgov: POLICY_BLOCKED: ")
    assert f"; {SOMEBODY} is viewer (no roles.yaml that counts)" in ended.err
    (line,) = refusals(state)[told:]
    assert line["actor"] == SOMEBODY
    assert line["action"] in {action.value, Action.OUTSIDE.value}
    assert line["meta"]["actual"] == "viewer"
    assert line["meta"]["uid"] == UID


@pytest.mark.parametrize(
    ("role", "does", "does_not"),
    [
        ("viewer", ("status",), ("scan",)),
        ("operator", ("scan",), ("jobs", "run")),
        ("admin", ("jobs", "run"), ("prune", "--keep", "400d")),
        ("owner", ("prune", "--keep", "400d"), None),
    ],
)
def test_each_role_does_what_it_may_and_not_more(
    role: str, does: tuple[str, ...], does_not: tuple[str, ...] | None, state: Path
) -> None:
    give(state, f"users: {{{SOMEBODY}: {role}}}\n")
    sudo = Sudo(state)
    done = sudo.call(*does)
    assert (done.code, done.err) == (0, ""), done
    if does_not is not None:
        refused = sudo.call(*does_not)
        assert refused.code == 1
        assert f"is {role} (users: {SOMEBODY})  root can change `{SOMEBODY}: {role}` to" in refused.err


def test_the_line_that_an_error_names_is_the_one_that_helps(state: Path) -> None:
    sudo = Sudo(state)
    said = sudo.call("scan").err
    assert f"root can make {state}/roles.yaml (mode 0644) with the line `users: {{{SOMEBODY}: operator}}`." in said
    give(state, said.split("the line `")[1].split("`")[0] + "\n")
    assert sudo.call("scan").code == 0
    said = sudo.call("prune", "--keep", "400d").err
    wanted = said.split(" to `")[1].split("`")[0]
    give(state, f"users:\n  {wanted}\n")
    assert sudo.call("prune", "--keep", "400d").code == 0
    give(state, "users: {root: owner}\n")
    said = sudo.call("scan").err
    assert f"root can put `{SOMEBODY}: operator` under `users:` in {state}/roles.yaml." in said


@pytest.mark.parametrize(
    ("text", "mode", "fault"),
    [
        (f"users:\n  {SOMEBODY}: owner\n  {SOMEBODY}: viewer\n", 0o644, "line 3, column 3: "),
        (f"users: {{{SOMEBODY}: owner}}\n", 0o664, "its group or others may write it (mode 0664)"),
    ],
)
def test_a_file_that_does_not_count_gives_nobody_anything(text: str, mode: int, fault: str, state: Path) -> None:
    path = give(state, text, mode)
    refused = Sudo(state).call("scan")
    assert refused.code == 1
    assert f"is viewer ({path} does not count: " in refused.err
    assert fault in refused.err
    assert "`reportgov roles check` shows what root can mend." in refused.err
    checked = Verbs(state).call("roles", "check", "--format", "json")
    assert checked.code == 1
    assert fault in checked.document()["fault"]
    assert "does not count" in Verbs(state).call("doctor").out
    told = Verbs(state).call("scan")
    assert told.code == 0  # the owner goes on, and is told where a look at the file's name shows it
    assert (f"{path} does not count: {fault}" in told.err) is (mode != 0o644)


def test_no_variable_and_no_option_makes_somebody_else_of_anybody(state: Path, tmp_path: Path) -> None:
    lenient = profile(tmp_path, name="lenient.yaml")
    lenient.write_text(lenient.read_text().replace("\n  prune: owner", "").replace(": admin\n", ": operator\n"))
    tricks = dict.fromkeys(("USER", "LOGNAME", "SUDO_USER", "USERNAME"), "root") | {"SUDO_UID": "0", "HOME": "/root"}
    for environment in ({**tricks}, {"REPORTGOV_PROFILE": str(lenient)}):
        refused = Sudo(state, environment).call("jobs", "run")
        assert refused.code == 1
        assert "POLICY_BLOCKED" in refused.err
    give(state, f"users: {{{SOMEBODY}: operator}}\n")
    before = kept(state)
    named = Sudo(state).call("scan", "--profile", str(lenient))
    assert named.code == 1
    assert "POLICY_BLOCKED: outside needs role admin" in named.err
    page = Sudo(state).call("status", "--html", str(state / "roles.yaml"))
    assert "POLICY_BLOCKED: outside needs role admin" in page.err
    assert kept(state) == before


def test_whoever_starts_a_state_for_another_has_no_role_in_it(tmp_path: Path) -> None:
    fresh = Sudo(tmp_path / "fresh")
    assert fresh.call("run").code == 1
    assert not fresh.state.exists()
    assert fresh.call("init", "--profile", str(profile(tmp_path))).code == 1
    assert not fresh.state.exists()
    assert fresh.call("init", "--profile", "standard-team-mode").code == 0
    assert fresh.call("init").code == 1
    assert fresh.call("run").code == 1
    assert fresh.call("status").code == 0


def test_the_profile_of_the_state_moves_the_table_and_no_other(state: Path, tmp_path: Path) -> None:
    own = state / "profile.yaml"
    text = own.read_text()
    sudo = Sudo(state)
    try:
        give(state, f"users: {{{SOMEBODY}: operator}}\n")
        assert sudo.call("jobs", "run").code == 1
        own.write_text(text.replace("orchestration.run: admin", "orchestration.run: operator"))
        assert sudo.call("jobs", "run").code == 0
        own.chmod(0o666)  # anybody can have written that now, so it opens nothing
        assert sudo.call("jobs", "run").code == 1
        own.chmod(0o600)
        own.write_text(text.replace("\n  scan: operator", "\n  scan: admin"))
        assert "scan needs role admin" in sudo.call("scan").err
        own.chmod(0o666)  # what asks for more holds all the same
        assert "scan needs role admin" in sudo.call("scan").err
        own.chmod(0o600)
        own.write_text(text.replace("scan: operator", "scan: viewer"))
        assert "refused" in Verbs(state).call("scan").out
        assert sudo.call("scan").code in (0, 1)
        assert "POLICY_BLOCKED" not in sudo.call("scan").err  # of a profile with faults the last good one holds
    finally:
        own.write_text(text)
        own.chmod(0o600)


def test_jobs_ask_for_what_they_do(state: Path) -> None:
    give(state, f"users: {{{SOMEBODY}: operator}}\n")
    sudo = Sudo(state)
    assert sudo.call("jobs", "enqueue", "scan").code == 0
    for words, action in (
        (("prune", "--", "--keep", "1d"), "prune"),
        (("export-audit", "--", "--output", "x"), "outside"),
        (("run", "--", "--html", "x"), "outside"),
        (("command", "--", "/bin/true"), "job.command"),
    ):
        refused = sudo.call("jobs", "enqueue", *words)
        assert (refused.code, refused.out) == (1, "")
        assert f"POLICY_BLOCKED: {action} needs role " in refused.err
    refused = sudo.call("jobs", "enqueue", "noop", "--wait")
    assert "POLICY_BLOCKED: orchestration.run needs role admin" in refused.err


def test_a_job_that_its_runner_may_not_do_is_blocked(state: Path) -> None:
    verbs = Verbs(state)
    verbs.ok("jobs", "run")
    made = verbs.ok("jobs", "enqueue", "prune", "--format", "json", "--", "--keep", "400d").document()["job"]["job_id"]
    give(state, f"users: {{{SOMEBODY}: admin}}\n")
    ended = Sudo(state).call("jobs", "run")
    assert ended.code == 1
    found = verbs.ok("jobs", "status", made, "--format", "json").document()["job"]
    assert found["state"] == "blocked"
    assert "prune needs role owner" in found["reason"]
    assert refusals(state)[-1]["meta"] == {"required": "owner", "actual": "admin"}


def test_a_check_in_for_somebody_elses_task_needs_an_operator(state: Path) -> None:
    sudo = Sudo(state)
    assert sudo.call("report", "start", "mine", "--agent", "a").code == 0
    assert sudo.call("report", "checkpoint", "mine", "well").code == 0
    Verbs(state).ok("report", "checkpoint", "mine", "the owner may")
    told = len(refusals(state))
    refused = sudo.call("report", "complete", "t")
    assert refused.code == 1
    assert "report.others needs role operator" in refused.out
    (line,) = refusals(state)[told:]
    assert (line["actor"], line["action"]) == (SOMEBODY, "report.others")
    give(state, f"users: {{{SOMEBODY}: operator}}\n")
    assert sudo.call("report", "checkpoint", "t", "well").code == 0


def test_a_gate_takes_no_profile_from_somebody_else(state: Path, tmp_path: Path) -> None:
    named = profile(tmp_path, ("on_error: allow_and_notify", "on_error: block"))
    before = [line["type"] for line in Verbs(state).journal()].count("config.changed")
    for sudo, words in ((Sudo(state), ("--profile", named)), (Sudo(state, {"REPORTGOV_PROFILE": str(named)}), ())):
        ended = sudo.call("gate", *words)  # nothing on standard input: an error, by which the profile can be told
        assert json.loads(ended.out)["kind"] == "pass", ended
        assert f"{named} is not taken" in ended.err
    assert [line["type"] for line in Verbs(state).journal()].count("config.changed") == before


def test_not_even_the_example_is_run_in_a_state_by_a_viewer(state: Path) -> None:
    ended = Sudo(state).call("run", "--example")
    assert ended.code == 1
    assert "POLICY_BLOCKED: run needs role operator" in ended.err
    assert not (state / "example").exists()


def test_looking_for_a_key_makes_none(tmp_path: Path) -> None:
    verbs = Verbs(tmp_path / "state")
    verbs.ok("report", "start", "t", "--agent", "a")
    assert not (verbs.state / "keys").exists()
    ended = Sudo(verbs.state).call("keys", "show")
    assert ended.code == 1
    assert "POLICY_BLOCKED: run needs role operator" in ended.err
    assert not (verbs.state / "keys").exists()
    assert "log.key" not in {line["type"] for line in verbs.journal()}


def test_a_dry_run_is_judged_and_not_recorded(state: Path) -> None:
    told = len(refusals(state))
    assert Sudo(state).call("scan", "--dry-run").code == 1
    assert len(refusals(state)) == told


@pytest.mark.parametrize(("name", "code"), [("file/x", 0), ("x" * 300, 3), ("x\ny", 0)])
def test_whoami_of_what_can_be_no_state(tmp_path: Path, name: str, code: int) -> None:
    (tmp_path / "file").write_text("")
    ended = Verbs(tmp_path / name).call("whoami")
    assert ended.code == code, ended
    assert len(ended.out.splitlines()) in (0, 7)


def test_whoami_says_who_and_by_what(state: Path) -> None:
    owner = Verbs(state).ok("whoami", "--format", "json").document()
    assert (owner["account"], owner["role"], owner["found_by"]) == ("root", "owner", "effective uid")
    group = next(iter(os.getgrouplist(SOMEBODY, pwd.getpwuid(UID).pw_gid)))
    give(state, f'groups: {{"{group}": operator}}\nsenders: [{SOMEBODY}]\n')
    ended = Sudo(state).call("whoami", "--format", "json")
    document = ended.document()
    assert (document["account"], document["found_by"], document["effective_uid"]) == (SOMEBODY, "login uid", 0)
    assert (document["role"], document["because"], document["sender"]) == ("operator", f"groups: {group}", True)
    give(state, f'users: {{"{UID}": viewer}}\ngroups: {{"{group}": admin}}\n')
    assert Sudo(state).call("whoami", "--format", "json").document()["because"] == f"users: {UID}"
    # A login uid without an account is nobody's: the process is judged by whom it runs as.
    assert Sudo(state, uid=54_321).call("whoami", "--format", "json").document()["account"] == "root"


def test_roles_check_says_who_gets_what_and_whom_nobody_knows(state: Path) -> None:
    give(
        state,
        f'users: {{{SOMEBODY}: admin, "{UID}": viewer, root: viewer, nobody-here: admin}}\ngroups: {{none: admin}}\n',
    )
    ended = Verbs(state).call("roles", "check", "--format", "json")
    assert ended.code == 1
    remarks = {(each["section"], each["name"]): each["remark"] for each in ended.document()["entries"]}
    assert "does not count beside" in remarks["users", SOMEBODY]
    assert "has every role" in remarks["users", "root"]
    assert remarks["users", "nobody-here"] == "no such user on this machine"
    assert remarks["groups", "none"] == "no such group on this machine"
    assert "nobody-here" in Verbs(state).call("doctor").out
    give(state, f"users: {{{SOMEBODY}: admin}}\n")
    assert Verbs(state).ok("roles", "check").out.startswith(f"{state}/roles.yaml counts.")
