"""One call of `gate`, from standard input to the answer.  It answers whatever happens, and in time.

Neither click nor the rest of the commands is imported here: every turn of an agent waits for this process.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from reporting_governance.adapters.hosts.interface import HookRefused, Spoken
from reporting_governance.adapters.hosts.registry import HOSTS, open_host
from reporting_governance.commands._deadline import Deadline, OutOfTime
from reporting_governance.commands._defaults import default_profile, own_profile
from reporting_governance.commands._gate_input import WrongInput, document_of, finding_of, read_input, say, tell
from reporting_governance.commands._gate_log import GateLog
from reporting_governance.commands._place import Place, place_of
from reporting_governance.contracts.gate_answer import AnswerKind, GateAnswer
from reporting_governance.errors import ContractError, ExitCode, GovernanceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reporting_governance.adapters.hosts.interface import Host, Seen
    from reporting_governance.commands._settings import Settings
    from reporting_governance.contracts.report_attempt import ReportAttempt

_DEADLINE_MS = 5000  #: as long as it is not known what the profile says
TASK_VARIABLE = "REPORTGOV_TASK"  #: id of the task of ours that the agent works on
_MOST_NOTE = 500
_HOOK_NAMES = ("/hook_event_name", "/hook")  #: where hosts name the hook
_HELD_BEFORE = ("stop_hook_active", "blocked_before")  #: by which hosts say so


def at_once(arguments: Sequence[str]) -> int | None:
    """Answer a call as hooks make it; None for any other one, which the whole command line is needed for."""
    options = {"--host": "generic", "--state": "", "--local": "", "--profile": ""}
    rest = list(arguments)
    while rest:
        name, equals, value = rest.pop(0).partition("=")
        if name not in options or not (equals or rest):
            return None
        options[name] = value if equals else rest.pop(0)
        if not options[name]:
            return None
    if options["--host"] not in HOSTS:
        return None
    try:
        place = place_of(options["--state"] or None, options["--local"] or None)
    except GovernanceError:
        return None  # a wrong call, which the whole command line says so of
    return Call(options["--host"], place, options["--profile"] or None).run()


def _reference(state: str, profile: str | None) -> str:
    """Return the profile that is meant.

    Whoever runs as the owner of a state and is somebody else chooses none: what he names would be recorded as in force,
    and counts when the state's own has faults.
    """
    reference = profile or default_profile(state)
    own = own_profile(state)
    if reference == own or os.path.abspath(reference) == own or _is_owner(state):
        return reference
    say(f"{reference} is not taken: the profile of this state is {own}, and only its owner names another")
    return own


def _is_owner(state: str) -> bool:
    from reporting_governance.commands._identity import actor_uid

    try:
        owner = os.stat(state).st_uid
    except OSError:
        owner = os.geteuid()
    return owner != os.geteuid() or owner == actor_uid()  # of another user nothing is recorded anyway


class Call:
    """One call: what is known of it so far decides what is answered when it goes no further."""

    def __init__(self, host: str, place: Place, profile: str | None) -> None:
        self._host: Host = open_host(host)
        self._state = place.local
        self._log = GateLog(place)
        self._reference = _reference(self._state, profile)
        self._document: Mapping[str, Any] | None = None
        self._is_of_another_hook = False  #: in which there is nothing of an agent to hold
        self._attempt: ReportAttempt | None = None
        self._said = ""  #: what the agent said last, where only the host's own record has it
        self._settings: Settings | None = None
        self._deadline = Deadline(_DEADLINE_MS, self._last_words)

    def run(self) -> int:
        """Read, judge, record, answer; return the exit code.  Never raises."""
        code = None
        try:
            with self._deadline:
                answer = self._judged()
        except OutOfTime:
            answer = self._instead("there was no answer in time")
        except WrongInput as fault:
            tell(fault.finding)
            advice = fault.finding.suggestion if self._host.tells_by_code else None  # else the agent reads it
            meant = f" ({advice})" if advice else ""
            answer, code = self._instead(f"{fault.finding.message}{meant}"), int(fault.exit_code)
        except GovernanceError as fault:
            say(f"{fault}  {fault.advice()}".strip())
            answer = self._instead(str(fault))
        except Exception as fault:  # a hook that ends with a traceback would neither hold nor pass anything
            from reporting_governance.commands._bug_log import tell_bug

            tell_bug(fault, verb="gate")
            answer = self._instead("an error of its own")
        return self._speak(answer, code)

    def _judged(self) -> GateAnswer:
        try:
            return self._asked()
        except GovernanceError:
            self._know_posture()
            raise

    def _asked(self) -> GateAnswer:
        data = read_input()
        self._document = document = document_of(data)
        try:
            reading = self._host.read(document)
            self._attempt = self._with_task(reading.attempt)
            from reporting_governance.storage.files.layout import require_owner

            require_owner(self._state)
            self._settings = self._load()
            self._deadline.be(self._gate["deadline_ms"])
            if self._settings.refused is not None:
                meant = next((each.suggestion for each in self._settings.findings if each.suggestion), None)
                raise Refused(reason=self._settings.refused, meant=f"{meant}  " if meant else "")
            seen = reading.seen if reading.seen is not None else self._looked(self._attempt, self._settings)
            self._said = seen.last_text if seen is not None else ""
        except (HookRefused, ContractError) as fault:
            self._is_of_another_hook = getattr(fault, "pointer", "") in _HOOK_NAMES
            raise WrongInput(finding_of(data, fault)) from None
        return self._decided(self._attempt, seen)

    def _looked(self, attempt: ReportAttempt, settings: Settings) -> Seen | None:
        from reporting_governance.contracts.report_attempt import HookPoint
        from reporting_governance.stages.gate import looks_at_tools

        if attempt.hook is HookPoint.TOOL and not looks_at_tools(settings.policy):
            return None  # each use of a tool waits for this; nothing is judged
        return self._host.look(attempt)

    def _load(self) -> Settings:
        from reporting_governance.commands._settings import load_settings

        return load_settings(
            self._state, self._reference, make=True, last_in_force=self._log.named_last
        )  # or each call until the first record compiles

    def _know_posture(self) -> None:
        """See what the profile wants where nothing can be decided, of input that cannot be read too.

        Of a profile that is gone, the one that was kept says so.
        """
        if self._settings is not None:
            return
        from reporting_governance.commands import _kept_settings
        from reporting_governance.commands._settings import load_settings
        from reporting_governance.storage.files.layout import require_owner

        try:
            require_owner(self._state)
        except GovernanceError:
            return
        try:
            self._settings = load_settings(self._state, self._reference, keep=False, last_in_force=self._log.named_last)
        except GovernanceError:
            kept = _kept_settings.read(self._state, self._reference)
            self._settings = kept or _kept_settings.recovered(self._log.named_last, self._reference)

    def _may_ask_for_ever(self) -> bool:
        """Tell whether the host says that it was held before; of what cannot be read only a caller knows by itself."""
        if self._attempt is not None:
            return self._attempt.blocked_before
        if self._document is None or self._is_of_another_hook:
            return not self._host.tells_by_code
        return any(self._document.get(key) not in (None, False) for key in _HELD_BEFORE)

    @property
    def _gate(self) -> Mapping[str, Any]:
        """What the profile says of the gate, as plain data; what it says where it cannot be read."""
        plain: Mapping[str, Any] = {"deadline_ms": _DEADLINE_MS, "on_error": "allow_and_notify"}
        return plain if self._settings is None else self._settings.artifact["spec"]["gate"]

    def _with_task(self, attempt: ReportAttempt) -> ReportAttempt:
        named = os.environ.get(TASK_VARIABLE)
        if not named or attempt.task_id is not None:
            return attempt
        from dataclasses import replace

        return replace(attempt, task_id=named)

    def _decided(self, attempt: ReportAttempt, seen: Seen | None) -> GateAnswer:
        from reporting_governance.stages.gate import Gate, NotRecorded, run_gate

        settings = self._settings
        if settings is None:
            raise AssertionError("settings are loaded before anything is judged")
        store = self._log.open(settings, lock_wait_seconds=max(0.1, round(self._deadline.left() / 2, 1)))
        gate = Gate(
            store=store,
            host=self._host,
            policy=settings.policy_of(self._host.descriptor),
            profile=settings.profile_of_gate,
            uid=os.geteuid(),
            operators=frozenset({os.geteuid()}),
            artifacts=_Artifacts(settings, self._state),
            clock=self._log.clock,
        )
        try:
            return run_gate(gate, attempt, seen)
        except NotRecorded:
            return self._instead("others kept changing its task")

    def _instead(self, why: str) -> GateAnswer:
        """Return what the profile says for when nothing could be decided or recorded, and leave it to the next run."""
        attempt = self._attempt
        # held back once for an error; twice would be a loop
        holds = self._gate["on_error"] == "block" and not self._may_ask_for_ever()
        reason = f"reporting-governance could not judge this: {why}"[:_MOST_NOTE]
        answer = GateAnswer(
            kind=AnswerKind.BLOCK if holds else AnswerKind.PASS,
            reason=f"{reason}.  Report again; if this goes on, tell your operator." if holds else "",
            degraded=(reason,),
            advice="" if holds else reason,
        )
        from reporting_governance.commands._gate_leaving import leave

        leave(self._state, self._host.name, attempt, answer, why, said=self._said)
        return answer

    def _speak(self, answer: GateAnswer, code: int | None) -> int:
        spoken = self._words(answer)
        if spoken.text:
            try:
                data = memoryview(f"{spoken.text}\n".encode("utf-8", "replace"))
                while data:
                    data = data[os.write(1, data) :]
            except OSError as fault:
                say(f"standard output: the answer could not be written: {fault.strerror}")
                return int(ExitCode.PARTIAL)
        return code if code is not None and self._host.tells_by_code else spoken.exit_code

    def _words(self, answer: GateAnswer) -> Spoken:
        return self._host.answer(answer, None if self._attempt is None else self._attempt.hook)

    def _last_words(self) -> tuple[bytes, int]:
        holds = self._gate["on_error"] == "block"
        why = "reporting-governance had no answer in time"
        kind = AnswerKind.BLOCK if holds else AnswerKind.PASS
        spoken = self._words(GateAnswer(kind=kind, reason=why if holds else "", advice="" if holds else why))
        return f"{spoken.text}\n".encode() if spoken.text else b"", spoken.exit_code


class Refused(GovernanceError):
    """The profile, or a pack, has faults: nothing is decided by it."""

    exit_code = ExitCode.NO
    message = "{reason}"
    hint = "{meant}`reportgov doctor` shows what is wrong."


class _Artifacts:
    """Files that are named as evidence; the rules of where they may lie are read when there is one."""

    def __init__(self, settings: Settings, state: str) -> None:
        self._settings, self._state = settings, state

    def open_file(self, reference: str) -> Any:
        """Return the digest of a file, or why it could not be opened."""
        from reporting_governance.commands._artifacts import AllowedRoots, deployment_folder

        roots = AllowedRoots(self._settings.profile.artifact_roots, folder=deployment_folder(self._state))
        return roots.open_file(reference)


def run_call(host: str, place: Place, profile: str) -> int:
    """Answer one call; for the command line as a whole."""
    sys.stdout.flush()
    return Call(host, place, profile).run()
