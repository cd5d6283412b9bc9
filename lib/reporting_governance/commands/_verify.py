"""One verification: files are read strictly, held against their schema, and asked whether they can mean that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

from reporting_governance.commands._checking import Checker, faults_of_shape, other_kind
from reporting_governance.commands._verify_files import NothingMatched, NotRead, candidates, read_file, shown
from reporting_governance.contracts.finding import Finding, Severity
from reporting_governance.contracts.finding_rules import FULL_WITHOUT_PROBE, PARTIAL_WITHOUT_LIMITS
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.reading import Document, read_documents
from reporting_governance.resources import shipped_name

if TYPE_CHECKING:
    from reporting_governance.contracts.capability import EffectiveCapabilities
    from reporting_governance.contracts.waiver import Waiver

#: warnings that are errors when strictness is asked for
_STRICT = frozenset(each.id for each in (PARTIAL_WITHOUT_LIMITS, FULL_WITHOUT_PROBE))


class Wanted(NamedTuple):
    """What all `verify-*` verbs are told."""

    words: tuple[str, ...]  #: files, folders and globs
    root: str | None  #: package root; None: found for each file
    strict: bool  #: whether what is merely advised is asked for
    allow_empty: bool


@frozen
class Unread:
    """A file that was named and could not be read, or a check that could not be finished."""

    file: str
    reason: str


@frozen
class HeldTogether:
    """What may be counted on with one profile and one descriptor."""

    profile: str  #: file
    descriptor: str  #: file
    powers: EffectiveCapabilities


@dataclass(slots=True)
class Verified:
    """What came out.  Counts are of files; a file that holds several documents counts once."""

    kind: str
    findings: list[Finding] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    waived: list[tuple[Finding, Waiver]] = field(default_factory=list)
    probed: dict[str, int] = field(default_factory=dict)  #: claims by outcome; empty when nothing was to be probed
    together: list[HeldTogether] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)  #: of files with findings, for code frames

    @property
    def count(self) -> int:
        """How many files were checked; of those that others name (packs, waivers), the ones with findings count too."""
        return len({*self.checked, *(each.file for each in self.findings)})

    @property
    def failed(self) -> int:
        """How many files have an error."""
        return len({each.file for each in self.findings if each.severity is Severity.ERROR})

    def reaches(self, least: Severity) -> bool:
        """Tell whether there is a finding of this severity or above."""
        return any(each.severity >= least for each in self.findings)


class Meaning(Protocol):
    """Asks whether documents of one kind can mean what they say; what is wrong goes to the checker."""

    def check(self, document: Document, path: str, checker: Checker, faults: Sequence[Finding]) -> None:
        """Look at one document.

        Args:
            faults: those of its shape; where there are any, what can still be judged is.
        """
        ...


def verify(kind: str, wanted: Wanted, meaning: Meaning) -> Verified:
    """Verify the files that a command line names.

    Args:
        kind: the schema that documents are held against.

    Raises: NothingMatched when nothing was there to check, and that was not allowed.
    """
    checker = Checker()
    done = Verified(kind)
    files, unmatched = candidates(wanted.words)
    for each in files:
        try:
            data = read_file(each.path)
        except NotRead as fault:
            done.unread.append(Unread(each.path, str(fault.details["reason"])))
            continue
        result = read_documents(data, name=each.path)
        if not each.named and _is_another(kind, result.checkable):
            done.skipped.append(each.path)
            continue
        done.checked.append(each.path)
        first = len(checker.findings)
        checker.findings += result.findings
        is_read = bool(result.documents)
        for document in result.checkable:
            faults = faults_of_shape(document, checker.shape(kind), kind, name=each.path)
            checker.findings += faults
            if is_read and other_kind(document, kind) is None:
                try:
                    meaning.check(document, each.path, checker, faults)
                except NotRead as fault:
                    done.unread.append(Unread(str(fault.details["path"]), str(fault.details["reason"])))
        if len(checker.findings) > first:
            done.texts[each.path] = data.decode("utf-8", "replace").removeprefix("\ufeff")
    if not wanted.allow_empty:
        if not (done.checked or done.unread):
            raise NothingMatched(words=", ".join(map(_visible, wanted.words)), kind=kind.replace("-", " "))
        # Beside what was found, a misspelt glob would look like a check that came out well.
        done.unread += [Unread(_visible(each), "it stands for no file") for each in unmatched]
    done.texts |= checker.texts
    done.findings = _unique(_hardened(checker.findings) if wanted.strict else checker.findings)
    return done


def with_stable_names(done: Verified) -> Verified:
    """Return it with files that nobody named by hand called alike on every machine: relative, or as shipped."""
    own = {*done.checked, *done.skipped, *(each.file for each in done.unread)}

    def name(file: str) -> str:
        return file if file in own or not file.startswith("/") else shipped_name(shown(file))

    done.findings = [_renamed(each, name) for each in done.findings]
    done.waived = [(_renamed(each, name), waiver) for each, waiver in done.waived]
    done.together = [replace(each, descriptor=name(each.descriptor)) for each in done.together]
    done.texts = {name(file): text for file, text in done.texts.items()}
    return done


def _renamed(finding: Finding, name: Callable[[str], str]) -> Finding:
    related = tuple(replace(each, file=name(each.file)) for each in finding.related)
    if related == finding.related and name(finding.file) == finding.file:
        return finding
    return replace(finding, file=name(finding.file), related=related)


def _visible(word: str) -> str:
    return word or "''"


def _is_another(kind: str, documents: Iterable[Document]) -> bool:
    """Whether all documents of a file say that they are of another kind which is known."""
    others = [other_kind(each, kind) for each in documents]
    return bool(others) and None not in others


def _hardened(findings: Iterable[Finding]) -> Iterator[Finding]:
    for each in findings:
        yield replace(each, severity=Severity.ERROR) if each.rule in _STRICT else each


def _unique(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings in the order of files and places, each once: a pack may be named by several profiles."""
    once = dict.fromkeys(findings)
    order = {name: place for place, name in enumerate(dict.fromkeys(each.file for each in once))}
    return sorted(once, key=lambda each: (order[each.file], each.document, each.line or 0, each.column or 0, each.rule))
