"""What `run` says about the watch itself: losses, clocks, silent hosts, who may do what here, test notices."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reporting_governance.commands._wiring import CommandContext


def watch_ourselves(context: CommandContext) -> None:
    """Say what the journal lost, whose clock is off and which hosts are missed; see to test notices."""
    if context.store.head().lost_seq:
        from reporting_governance.stages.loss_watch import watch_for_losses

        watch_for_losses(context.store, context.clock)
    if context.database is not None:
        _watch_hosts(context)
        if not context.dry_run:
            from reporting_governance.commands._roles_noted import note_roles

            note_roles(context)
    _send_test_notices(context)


def _watch_hosts(context: CommandContext) -> None:
    from reporting_governance.commands._database import SKEW_LIMIT_SECONDS
    from reporting_governance.stages.host_watch import watch_hosts

    watch_hosts(
        context.store,
        {each.name: each for each in context.postgres.hosts()},
        context.settings.profile.notification,
        skew_limit_seconds=SKEW_LIMIT_SECONDS,
        tick_seconds=context.settings.timing.tick_seconds,
        clock=context.clock,
    )


def _send_test_notices(context: CommandContext) -> None:
    """Send a test notice when one is due, and say who did not get the last one."""
    from reporting_governance.stages.self_watch import is_anything_to_do, run_self_watch
    from reporting_governance.stages.watch_mark import seen_pace

    settings, now = context.settings, context.clock.now()
    receivers = tuple(settings.artifact["spec"]["notification"]["receivers"])
    seconds = settings.self_watch.get("canary_seconds")
    if not is_anything_to_do(context.store, receivers, seconds, now):
        return
    ended, pace = context.last_run().ended_at, seen_pace(context.store)
    run_self_watch(
        context.store,
        receivers,
        canary_seconds=seconds,
        limit_seconds=settings.profile.self_watch.canary_limit_seconds,
        was_away=ended is None or (now - ended).total_seconds() > 2 * max(settings.timing.tick_seconds, pace),
        clock=context.clock,
    )
