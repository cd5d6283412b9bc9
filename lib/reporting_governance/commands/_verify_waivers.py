"""The waivers that `verify-descriptor` is given: read, checked, and those that are for nobody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from reporting_governance.commands._checking import Checker, object_of
from reporting_governance.commands._verify import Unread, Verified
from reporting_governance.commands._verify_files import NotRead, read_file
from reporting_governance.contracts.finding_rules import WAIVER_OF_NOBODY
from reporting_governance.contracts.problem import problems_of
from reporting_governance.contracts.suggest import did_you_mean
from reporting_governance.contracts.waiver import Waivers
from reporting_governance.core.probing import strangers
from reporting_governance.errors import ContractError

if TYPE_CHECKING:
    from reporting_governance.contracts.finding import Finding
    from reporting_governance.contracts.reading import Document
    from reporting_governance.contracts.waiver import Waiver


def read_waivers(done: Verified, path: str | None) -> tuple[Sequence[Waiver], Document | None]:
    """Return the waivers of a file; its faults become findings, and then nothing is waived."""
    if path is None:
        return (), None
    checker = Checker()
    try:
        data = read_file(path)
    except NotRead as fault:
        done.unread.append(Unread(path, str(fault.details["reason"])))
        return (), None
    document = checker.document(data, path, "waivers")
    found: Sequence[Waiver] = ()
    if document is not None:
        try:
            found = Waivers.parse(object_of(document), source=path).waivers
        except ContractError as fault:
            checker.refuse_at(document, path, problems_of(fault))
        done.texts[path] = document.places.text
    done.findings += checker.findings
    done.texts |= checker.texts
    return found, document


def of_nobody(waivers: Sequence[Waiver], document: Document, path: str, identities: Sequence[str]) -> Iterator[Finding]:
    """Yield a note for each waiver of a descriptor that was not checked: it may be misspelt, or of another run."""
    for each in strangers(waivers, identities):
        pointer, span = document.nearest(f"/waivers/{waivers.index(each)}/descriptor")
        message = f"it waives what is found of {each.descriptor}, and no such descriptor was checked in this run"
        advice = did_you_mean(each.descriptor, identities)
        yield WAIVER_OF_NOBODY.finding(file=path, message=message, pointer=pointer, span=span, suggestion=advice)
