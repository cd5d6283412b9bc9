"""plugins enable, plugins disable: look, judge, agree, change, look again, record.

The record comes after the change, so that no line claims what was not done.  A process that is killed between the two
leaves a change that no line explains, and the next scan tells of it as of any other writer's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from enum import StrEnum
from typing import Any, NamedTuple

from reporting_governance.adapters.openclaw.interface import Installation, Seen
from reporting_governance.contracts.config_edit import ConfigChanged, ConfigEdit
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.plugin import Candidate
from reporting_governance.core.plugin_changes import Configured, Problem, SwitchPlan, plan_switch
from reporting_governance.core.plugin_check import Checked, Fitness, check_one
from reporting_governance.core.plugin_choice import policy_id
from reporting_governance.core.plugin_enablement import decide
from reporting_governance.errors import ExitCode, GovernanceError
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.plugin_lines import Circumstances, compatibility_line, named_ids, switched_lines
from reporting_governance.storage.interface import Addition, Group, Store


class PluginsNotSeen(GovernanceError):
    """What decides about plugins could not be seen as a whole."""

    exit_code = ExitCode.PARTIAL
    message = "{problem}; nothing was changed"
    hint = "`reportgov plugins list` shows what can be seen."


class SwitchRefused(GovernanceError):
    """Another writer changed the configuration meanwhile, and now a plugin cannot be turned on or off."""

    exit_code = ExitCode.NO
    message = "{problem}; nothing was changed"


class MoreThanAgreed(GovernanceError):
    """Another writer changed the configuration meanwhile, and now more would change than was agreed to."""

    exit_code = ExitCode.TRY_LATER
    message = "the configuration was changed meanwhile, and now this would change too: {more}; nothing was changed"
    hint = "Look at it again, and then say it again."


class ChangedUnrecorded(GovernanceError):
    """The configuration was changed, and the journal does not say so."""

    exit_code = ExitCode.PARTIAL
    message = "{path} was changed, and the journal could not take the line that says so: {problem}"
    hint = "The next scan of a profile with the source `openclaw` tells of it as of any other writer's change."


class Outcome(StrEnum):
    """What came of it."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"  #: everything was so already
    REFUSED = "refused"  #: nothing was changed, and every reason is told
    DECLINED = "declined"  #: a person said no
    NOT_AGREED = "not_agreed"  #: more would change than the plugins that were named, and nobody could be asked
    PLANNED = "planned"  #: a dry run


@frozen(kw_only=True)
class SwitchRequest:
    """What somebody asks for."""

    ids: tuple[str, ...]
    on: bool
    force: bool = False  #: also where a rule of compatibility is not met that OpenClaw itself does not ask
    agreed: bool = False  #: to whatever else changes


@frozen(kw_only=True)
class SwitchReport:
    """What came of a request."""

    outcome: Outcome
    host: str
    refused: tuple[Checked, ...] = ()  #: those that stand in the way, by reason
    forced: tuple[Checked, ...] = ()  #: those whose rules are not met, and which were let through
    plan: SwitchPlan | None = None  #: None when it never came to one
    changed: ConfigChanged | None = None
    unproven: tuple[str, ...] = ()  #: those that are not as they should be when looked at again


def switch_plugins(
    store: Store,
    installation: Installation,
    request: SwitchRequest,
    *,
    clock: Clock,
    ask: Callable[[SwitchPlan], bool] | None,
    alone: AbstractContextManager[None] | None = None,
    dry_run: bool = False,
) -> SwitchReport:
    """Turn plugins on or off, all of them or none.

    Args:
        ask: puts what else changes to a person, who agrees or not; None: there is nobody to ask.
        alone: held from the change to its record, so that whoever watches does not take it for another writer's.
        dry_run: stop before anything is changed.

    Raises: PluginsNotSeen, ConfigNotUnderstood, ConfigNotChanged, SwitchRefused, MoreThanAgreed, Busy, StorageError,
        NotOurState: nothing was changed.  ChangedUnrecorded, ConfigInDoubt: it was, and no line says so.
    """
    store.ready()
    seen = installation.look()
    if seen.problem:
        raise PluginsNotSeen(problem=seen.problem)
    batch = _resolve(request, seen)
    if batch.refused:
        unfit = [each for each in batch.refused if each.fitness is Fitness.UNFIT and request.on]
        _add(store, [compatibility_line(each, host=seen.host, forced=False) for each in unfit], clock)
        return SwitchReport(outcome=Outcome.REFUSED, host=seen.host, refused=batch.refused)
    plan = _plan(request, batch, seen, installation, seen.configured)
    found = SwitchReport(outcome=Outcome.PLANNED, host=seen.host, plan=plan, forced=batch.forced)
    if plan.problems:
        return replace(found, outcome=Outcome.REFUSED, refused=tuple(map(_told, plan.problems)))
    if not plan.changes:
        return replace(found, outcome=Outcome.UNCHANGED)
    if dry_run:
        return found
    if plan.asks and not request.agreed:
        if ask is None:
            return replace(found, outcome=Outcome.NOT_AGREED)
        if not ask(plan):
            return replace(found, outcome=Outcome.DECLINED)
    with alone or nullcontext():
        return _carry_out(store, installation, request, seen, batch, found, clock)


class _Batch(NamedTuple):
    """What the names that were given stand for."""

    named: tuple[Candidate, ...]
    refused: tuple[Checked, ...]
    forced: tuple[Checked, ...]


def _resolve(request: SwitchRequest, seen: Seen) -> _Batch:
    """Find the plugins that are meant.  One that is to go off need not fit."""
    verdicts = [(plugin.id, rules) for plugin, rules in seen.taken]
    plugins = {policy_id(plugin.id): plugin for plugin, _ in seen.taken}
    named, refused, forced = [], [], []
    for plain, written in {policy_id(each): each for each in request.ids}.items():
        answer, plugin = check_one(written, verdicts, seen.refusals), plugins.get(plain)
        if plugin is None or (answer.fitness is not Fitness.FIT and request.on and not request.force):
            refused.append(answer)
            continue
        named.append(plugin)
        if answer.fitness is not Fitness.FIT and request.on:
            forced.append(answer)
    return _Batch(tuple(named), tuple(refused), tuple(forced))


def _plan(
    request: SwitchRequest, batch: _Batch, seen: Seen, installation: Installation, configured: Configured
) -> SwitchPlan:
    taken = [plugin for plugin, _ in seen.taken]
    plan = plan_switch(batch.named, on=request.on, taken=taken, configured=configured, platform=installation.platform)
    if not request.on:
        return plan
    missing = [
        Problem(
            plugin_id=plugin.id,
            says=f"{', '.join(wanted)} is not set, and without it OpenClaw refuses its whole configuration",
        )
        for plugin in batch.named
        if (wanted := installation.missing_settings(plugin, configured))
    ]
    return replace(plan, problems=(*plan.problems, *missing))


def _told(problem: Problem) -> Checked:
    return Checked(plugin_id=problem.plugin_id, fitness=Fitness.REFUSED, reasons=(problem.says,))


def _carry_out(
    store: Store,
    installation: Installation,
    request: SwitchRequest,
    seen: Seen,
    batch: _Batch,
    report: SwitchReport,
    clock: Clock,
) -> SwitchReport:
    assert report.plan is not None
    agreed = {each.edit for each in report.plan.asks}
    last = report.plan

    def needed(document: Mapping[str, Any]) -> Sequence[ConfigEdit]:
        nonlocal last
        last = _plan(request, batch, seen, installation, installation.understand(document))
        if last.problems:
            raise SwitchRefused(problem="; ".join(f"{each.plugin_id}: {each.says}" for each in last.problems))
        more = [each.says for each in last.asks if each.edit not in agreed]
        if more and not request.agreed:
            raise MoreThanAgreed(more="; ".join(more))
        return [each.edit for each in last.changes]

    changed = installation.change(report.plan.switches, needed)
    if not changed.is_written:
        return replace(report, outcome=Outcome.UNCHANGED, plan=last)
    now = _what_is_on(installation)
    lines = [compatibility_line(each, host=seen.host, forced=True) for each in batch.forced]
    circumstances = Circumstances(changed=changed, host=seen.host, forced=named_ids(batch.forced))
    try:
        _add(store, [*lines, *switched_lines(last.switched, now, circumstances)], clock)
    except GovernanceError as fault:
        raise ChangedUnrecorded(path=changed.path, problem=str(fault)) from fault
    unproven = [each.plugin_id for each in last.switched if now.get(each.plugin_id) is not each.after.enabled]
    return replace(report, outcome=Outcome.CHANGED, plan=last, changed=changed, unproven=tuple(unproven))


def _what_is_on(installation: Installation) -> dict[str, bool]:
    """Return id -> whether it is on now, of all that can be seen."""
    seen = installation.look()
    if seen.problem:
        return {}
    policy = seen.configured.policy
    return {each.id: decide(each, policy, platform=installation.platform).enabled for each, _ in seen.taken}


def _add(store: Store, lines: Sequence[Addition], clock: Clock) -> None:
    if lines:
        store.commit([Group(additions=tuple(lines))], now=clock.now())
