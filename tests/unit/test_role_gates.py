"""Who is what, and whether that is enough: the pure part."""

import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci.roles_page import page
from reporting_governance.commands.main import VERBS, reportgov
from reporting_governance.contracts.role import (
    HIGH_RISK,
    MEANING,
    MOVABLE,
    REQUIRED,
    Action,
    Role,
    least_role,
    table_problems,
)
from reporting_governance.contracts.roles_file import MAX_BYTES, RolesFile
from reporting_governance.core.job_kinds import KINDS, OWN_VERBS
from reporting_governance.core.role_gates import (
    FileFacts,
    Person,
    Standing,
    judge,
    required_role,
    standing_of,
    why_not_counted,
)
from reporting_governance.core.role_uses import OUTSIDE_OPTIONS, USES, job_actions, role_line
from tests.acceptance.verbs import ROOT

ROLES = st.sampled_from(Role)
ACTIONS = st.sampled_from(Action)
NAMES = st.sampled_from(["alice", "bob", "1000", "1001", "ops"])
FILES = st.builds(
    RolesFile,
    users=st.dictionaries(NAMES, ROLES),
    groups=st.dictionaries(NAMES, ROLES),
    senders=st.lists(NAMES, unique=True).map(tuple),
)
PEOPLE = st.builds(
    Person,
    uid=st.integers(0, 3),
    users=st.frozensets(NAMES),
    groups=st.frozensets(NAMES),
)
OWNER = 7


def standing(person: Person, roles: RolesFile | None) -> Standing:
    """Return what somebody is who does not own the state."""
    return standing_of(person, state_owner=OWNER, roles=roles)


@given(person=PEOPLE, roles=st.none() | FILES)
def test_the_owner_of_a_state_has_every_role_whatever_a_file_says(person: Person, roles: RolesFile | None) -> None:
    found = standing_of(person, state_owner=person.uid, roles=roles)
    assert found.role is Role.OWNER
    assert found.is_sender
    assert all(judge(action, found).is_allowed for action in Action)


@given(person=PEOPLE)
def test_without_a_file_that_counts_everybody_else_is_a_viewer(person: Person) -> None:
    found = standing(person, None)
    assert (found.role, found.is_sender) == (Role.VIEWER, False)
    assert {action for action in Action if judge(action, found).is_allowed} == {Action.READ}


@given(person=PEOPLE, roles=FILES)
def test_nobody_has_a_role_that_no_entry_for_him_names(person: Person, roles: RolesFile) -> None:
    found = standing(person, roles)
    mine = [role for name, role in roles.users.items() if name in person.users]
    shared = [role for name, role in roles.groups.items() if name in person.groups]
    if mine:
        assert found.role is min(mine)
    elif shared:
        assert found.role is max(shared)
    else:
        assert found.role is Role.VIEWER
    assert found.is_sender is any(each in person.users for each in roles.senders)


@given(person=PEOPLE, roles=FILES)
def test_what_is_said_names_the_entry(person: Person, roles: RolesFile) -> None:
    found = standing(person, roles)
    section, _, name = found.because.partition(": ")
    if name:
        assert getattr(roles, section)[name] is found.role
    else:
        assert found.because == "no entry in roles.yaml"


@given(action=ACTIONS, low=ROLES, high=ROLES)
def test_a_higher_role_may_do_all_that_a_lower_one_may(action: Action, low: Role, high: Role) -> None:
    low, high = sorted((low, high))
    allowed = [judge(action, Standing(role=each, because="", is_sender=False)).is_allowed for each in (low, high)]
    assert allowed[1] or not allowed[0]


@given(roles=st.dictionaries(st.sampled_from([each.value for each in Action]), ROLES))
def test_no_table_of_a_profile_opens_what_changes_something_to_viewers(roles: dict[str, Role]) -> None:
    kept = {name: role for name, role in roles.items() if not any(table_problems({name: role}))}
    for action in Action:
        required = required_role(action, kept)
        assert required >= least_role(action)
        if action not in MOVABLE:
            assert required is REQUIRED[action] is Role.OWNER
        elif action not in kept:
            assert required is REQUIRED[action]


@given(roles=st.dictionaries(st.sampled_from([each.value for each in Action]), ROLES))
def test_what_is_the_owners_stays_so_even_in_a_table_that_nobody_checked(roles: dict[str, Role]) -> None:
    assert all(required_role(action, roles) is Role.OWNER for action in Action if action not in MOVABLE)


RIGHT = {"is_regular": True, "uid": OWNER, "mode": 0o644, "links": 1, "size": 10, "folder_mode": 0o711}


def test_a_file_of_the_owner_or_of_root_counts() -> None:
    for uid in (OWNER, 0):
        for mode in (0o400, 0o600, 0o640, 0o644):
            assert why_not_counted(FileFacts(**{**RIGHT, "uid": uid, "mode": mode}), state_owner=OWNER) is None


@pytest.mark.parametrize(
    ("fact", "value", "said"),
    [
        ("is_regular", False, "no regular file"),
        ("uid", 1000, "belongs to uid 1000"),
        ("mode", 0o664, "mode 0664"),
        ("mode", 0o646, "mode 0646"),
        ("mode", 0o620, "mode 0620"),
        ("folder_mode", 0o777, "mode 0777 of the folder"),
        ("folder_mode", 0o730, "mode 0730 of the folder"),
        ("links", 2, "2 names"),
        ("size", MAX_BYTES + 1, f"larger than {MAX_BYTES} bytes"),
    ],
)
def test_a_file_that_somebody_else_could_have_made_does_not_count(fact: str, value: int, said: str) -> None:
    found = why_not_counted(FileFacts(**{**RIGHT, fact: value}), state_owner=OWNER)
    assert found is not None
    assert said in found


@given(mode=st.integers(0, 0o7777), folder_mode=st.integers(0, 0o7777))
def test_no_mode_counts_by_which_others_write(mode: int, folder_mode: int) -> None:
    facts = FileFacts(**{**RIGHT, "mode": mode, "folder_mode": folder_mode})
    others = stat.S_IWGRP | stat.S_IWOTH
    assert (why_not_counted(facts, state_owner=OWNER) is None) is not bool((mode | folder_mode) & others)


# -- the table


def test_every_action_has_a_role_and_a_meaning() -> None:
    assert set(REQUIRED) == set(MEANING) == set(Action)
    assert {use.action for uses in USES.values() for use in uses} - {None} == set(Action) - {
        Action.PLUGIN_INSTALL,  # gates without a command of ours
        Action.PLUGIN_UNINSTALL,
    }


def test_the_high_risk_actions_of_the_specification_need_an_admin() -> None:
    named = ("plugin.install", "plugin.uninstall", "plugin.enable", "plugin.disable", "orchestration.run")
    assert all(REQUIRED[Action(each)] is Role.ADMIN and Action(each) in HIGH_RISK for each in named)


def test_every_verb_says_what_it_needs() -> None:
    """A new verb fails here until somebody has judged who may start it."""
    assert set(USES) == set(VERBS)
    assert all(role_line(verb) for verb in VERBS)


def test_the_page_is_made_from_the_table() -> None:
    assert (ROOT / "docs/roles.md").read_text() == page(), "run: python ci/roles_page.py > docs/roles.md"


#: Options that lead nowhere outside of the state: words, times, numbers, and files that are read below artifact roots.
INSIDE_OPTIONS = frozenset(
    """
    agent agents allow_empty anchors at call_id changed_at child claim command comment completed_this_segment
    current_status deadline dry_run duration every example execute exit_status facts fail_on files force form
    formats from_ grace help host host_version identity ids journal_lines keep key keys kind labels limit
    lines lost max_attempts max_seconds message min_coverage mode name next_report_condition next_step no_cli
    no_readers notices observations only operator_intervention_needed organization own parallel parent part path
    probe probe_seconds proof reason rebuild rejudge reproducible require runtime schedule shell show since start
    state status step strict subject supports task tasks time_zone title to tools types undo until user verb wait
    what with_tasks withhold_blobs words workers yes
    """.split()
)
#: verbs that know no state: they do what they are told with the rights of whoever starts them
STATELESS = ("verify-descriptor", "verify-profile", "verify-policy")


@pytest.mark.parametrize("verb", [each for each in VERBS if each not in STATELESS])
def test_every_option_is_judged_to_stay_inside_or_to_lead_outside(verb: str) -> None:
    """A new option fails here until somebody has judged whether it writes, reads or starts what the caller names."""
    command = reportgov.get_command(reportgov.make_context("reportgov", [verb, "--help"], resilient_parsing=True), verb)
    assert command is not None
    names = {each.name for each in command.params}
    assert names <= OUTSIDE_OPTIONS | INSIDE_OPTIONS, names - OUTSIDE_OPTIONS - INSIDE_OPTIONS


@pytest.mark.parametrize("kind", OWN_VERBS)
def test_a_job_asks_for_what_its_verb_asks_for(kind: str) -> None:
    wanted = {use.action for use in USES[kind] if use.action is not None and not use.how}
    assert wanted <= set(job_actions(kind, ()))
    assert Action.OUTSIDE in job_actions(kind, ("--html", "x"))


def test_no_job_asks_for_nothing() -> None:
    assert all(job_actions(kind, ()) for kind in KINDS)
    assert job_actions("command", ("true",)) == (Action.JOB_COMMAND,)
    assert Action.PRUNE in job_actions("prune", ("--keep", "1d"))
