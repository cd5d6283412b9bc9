"""What probes say about descriptors, for `verify-descriptor --probe`: runs them or reads what they saw, and judges."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from reporting_governance import __version__
from reporting_governance.adapters.probes.registry import stories_of
from reporting_governance.commands._checking import object_of
from reporting_governance.commands._clock import SystemClock
from reporting_governance.commands._verify import Verified
from reporting_governance.commands._verify_files import NotRead, package_root, read_file, shown
from reporting_governance.commands._verify_waivers import of_nobody, read_waivers
from reporting_governance.contracts.finding import Finding, Related
from reporting_governance.contracts.finding_rules import WRONG_MEANING
from reporting_governance.contracts.reading import read_documents
from reporting_governance.core.probing import Versions, digest, judge
from reporting_governance.errors import UsageError
from reporting_governance.resources import resource_path, shipped_path
from reporting_governance.stages.probing import (
    SECONDS_IN_ALL,
    Probing,
    probe_descriptor,
    read_observations,
    write_observations,
)

if TYPE_CHECKING:
    from reporting_governance.contracts.probe_observation import ProbedDescriptor, ProbeObservations
    from reporting_governance.contracts.reading import Document
    from reporting_governance.core.probing import ProbeProblem


_SECONDS_WITH_HOSTS = 1500  #: a gateway of its own takes minutes to start, act and end


class NothingToJudge(UsageError):
    """Waivers are of what probes found, and no probe was asked for."""

    message = "{option} needs what probes saw"
    hint = "Add --probe, or --observations FILE."


class NothingIsProbed(UsageError):
    """An option about a run of probes would do nothing without one."""

    message = "{option} needs a run of probes"
    hint = "Add --probe."


class ProbeOptions(NamedTuple):
    """What is asked for about probes."""

    run: bool
    observations: str | None  #: file of observations to count on
    write_to: str | None
    waivers: str | None
    seconds: int | None  #: the longest time of all probes of one descriptor
    openclaw: str | None  #: its program

    def refuse_contradictions(self) -> None:
        """Raises: NothingToJudge, NothingIsProbed."""
        if self.run:
            return
        for option, given in (
            ("--write-observations", self.write_to),
            ("--probe-seconds", self.seconds),
            ("--openclaw", self.openclaw),
        ):
            if given is not None:
                raise NothingIsProbed(option=option)
        if self.waivers is not None and self.observations is None:
            raise NothingToJudge(option="--waivers")

    @property
    def are_asked_for(self) -> bool:
        """Whether probes have anything to say."""
        return self.run or self.observations is not None


def judge_probes(
    done: Verified,
    descriptors: Sequence[tuple[Document, str]],
    options: ProbeOptions,
    *,
    root: str | None,
    strict: bool,
) -> None:
    """Add to a verification what probes saw of descriptors that are right in shape.

    Raises: ObservationsUnusable, ContractError.
    """
    clock = SystemClock()
    kept = None if options.observations is None else read_observations(options.observations)
    waivers, waivers_document = read_waivers(done, options.waivers)
    descriptors = _of_different_ids(done, descriptors)
    probed = _all_probed(descriptors, options, kept, root, clock.now)
    if options.write_to is not None:
        write_observations(options.write_to, list(probed.values()), kept=kept)
    counts: dict[str, int] = {}
    for document, path in descriptors:
        descriptor = object_of(document)
        observed = probed.get(descriptor["metadata"]["id"])
        judged = judge(
            descriptor,
            observed,
            waivers,
            today=clock.now().date(),
            now=clock.now(),
            versions=Versions(package=__version__, runtime=_runtime_here(observed, options)),
            strict=strict,
        )
        for name, count in judged.counts.items():
            if name != "waived":
                counts[name] = counts.get(name, 0) + count
        for problem in judged.problems:
            place = (waivers_document, options.waivers) if problem.in_waivers else (document, path)
            finding = _finding(problem, *place, root=package_root(path, root))
            if problem.waived is not None:
                done.waived.append((finding, problem.waived))
            else:
                done.findings.append(finding)
        if judged.problems:
            done.texts.setdefault(path, document.places.text)
    done.probed = counts
    if waivers_document is not None and options.waivers is not None:
        identities = [object_of(document)["metadata"]["id"] for document, _ in descriptors]
        done.findings += of_nobody(waivers, waivers_document, options.waivers, identities)


def _of_different_ids(done: Verified, descriptors: Sequence[tuple[Document, str]]) -> Sequence[tuple[Document, str]]:
    """Return the descriptors without those that say otherwise under the id of an earlier one; these are findings."""
    first: dict[str, tuple[Document, str]] = {}
    kept = []
    for document, path in descriptors:
        identity = object_of(document)["metadata"]["id"]
        known, there = first.setdefault(identity, (document, path))
        if digest(object_of(known)) == digest(object_of(document)):
            kept.append((document, path))
            continue
        _, span = document.nearest("/metadata/id")
        _, earlier = known.nearest("/metadata/id")
        done.findings.append(
            WRONG_MEANING.finding(
                file=path,
                message=f"the id {identity} is taken: what is seen of one descriptor would count for the other",
                document=document.index,
                pointer="/metadata/id",
                span=span,
                related=(Related.at(earlier, file=there, message="this one has it too", document=known.index),),
            )
        )
        done.texts.setdefault(path, document.places.text)
    return kept


def _all_probed(
    descriptors: Sequence[tuple[Document, str]],
    options: ProbeOptions,
    kept: ProbeObservations | None,
    root: str | None,
    now: Callable[[], datetime],
) -> Mapping[str, ProbedDescriptor]:
    """Return what is known of each descriptor, by id: what a probe sees now is newer than what is kept."""
    known = {each.descriptor: each for each in (kept.descriptors if kept else ())}
    if not options.run:
        return known
    hosts = _hosts(options.openclaw)
    with _Progress() as progress:
        for document, path in descriptors:
            descriptor = object_of(document)
            how = Probing(
                program=(sys.executable, "-I", _entrance()),
                profile=resource_path("profiles", "probing/profile.yaml"),
                package_version=__version__,
                root=package_root(path, root),
                hosts=hosts,
                seconds_in_all=options.seconds or (_SECONDS_WITH_HOSTS if hosts else SECONDS_IN_ALL),
                progress=progress.tell,
            )
            runtime = descriptor["runtime"]
            stories = stories_of(runtime["name"], runtime["mode"])
            known[descriptor["metadata"]["id"]] = probe_descriptor(descriptor, stories, how, now=now)
    return known


def _entrance() -> str:
    """Return the file that starts this program, in a checkout and where it is installed."""
    import reporting_governance

    return os.path.join(os.path.dirname(os.path.abspath(reporting_governance.__file__)), "__main__.py")


def _hosts(openclaw: str | None) -> Mapping[str, Sequence[str]]:
    from shutil import which

    found = openclaw or which("openclaw")
    return {} if found is None else {"openclaw": (os.path.abspath(found),)}


def _runtime_here(observed: ProbedDescriptor | None, options: ProbeOptions) -> str | None:
    """Return the version of the host's own program here, where a probe has just asked it."""
    return observed.runtime_version if observed is not None and options.run else None


def _finding(problem: ProbeProblem, document: Document | None, path: str | None, *, root: str) -> Finding:
    assert document is not None
    pointer, span = document.nearest(problem.pointer)
    found = problem.rule.finding(
        file=path or "",
        message=problem.message,
        document=document.index,
        pointer=pointer,
        span=span,
        related=tuple(_related(problem, root)),
    )
    return replace(found, severity=problem.severity)


def _related(problem: ProbeProblem, root: str) -> Iterator[Related]:
    """Yield the second places of a problem, with line and column where the file can be read here.

    Args:
        root: the package root, which files of observations are named from.
    """
    for each in problem.related:
        file, span = shown(os.path.join(root, shipped_path(each.file))), None
        with suppress(NotRead):
            for document in read_documents(read_file(file), name=file).documents[:1]:
                _, span = document.nearest(each.pointer)
        yield Related.at(span, file=file, message=each.message, pointer=each.pointer)


class _Progress:
    """A bar on stderr while probes run, on a terminal only."""

    def __init__(self) -> None:
        self._bar: Any = None

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_ended: object) -> None:
        self._close()

    def tell(self, done: int, all_of_them: int, name: str) -> None:
        """Show how far the probes of one descriptor are."""
        if sys.stderr is None or not sys.stderr.isatty() or not all_of_them:
            return
        if self._bar is None:
            self._bar = click.progressbar(length=all_of_them, label=name or "probes", file=sys.stderr)
            self._bar.__enter__()
        self._bar.label = name or "probes"
        self._bar.update(done - self._bar.pos)
        if done == all_of_them:
            self._close()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None
