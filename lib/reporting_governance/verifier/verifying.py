"""One verification of whatever was given: a bundle, a journal, a folder of segments, or a single proof."""

from __future__ import annotations

import os
from typing import NamedTuple, Optional

from reporting_governance.verifier.bundle import verify_bundle
from reporting_governance.verifier.container import ContainerRefused, opened_container
from reporting_governance.verifier.findings import Findings
from reporting_governance.verifier.folder import journal_at
from reporting_governance.verifier.journal import verify_journal
from reporting_governance.verifier.logcheck import MOST_ANCHOR_BYTES, Given
from reporting_governance.verifier.note import VerifierKey, parse_vkey
from reporting_governance.verifier.proof import verify_proof
from reporting_governance.verifier.showing import Verification, verification
from reporting_governance.verifier.verdicts import all_unchecked, verdicts_of


class Wish(NamedTuple):
    """What is to be verified, and against what."""

    path: Optional[str]  # noqa: UP045 - bundle, journal or segments; None: only a proof
    keys: tuple[str, ...] = ()
    since: tuple[str, ...] = ()
    anchors: tuple[str, ...] = ()
    require: str = "anchored"
    proof: Optional[str] = None  # noqa: UP045
    workers: int = 1


class WishRefused(ValueError):
    """What was asked for cannot be done: a key that is none, a file that cannot be read."""


def verify_wish(wish: Wish) -> Verification:
    """Verify what was asked for.  Raises: WishRefused when the question itself is wrong."""
    if (wish.path is None) == (wish.proof is None):
        raise WishRefused("name one thing to verify: a path, or a proof with --proof")
    given = Given(
        tuple(_key_of(text) for text in wish.keys),
        tuple((name, _content_of(name)) for name in wish.since),
        tuple((name, _content_of(name)) for name in wish.anchors),
        wish.workers,
    )
    findings = Findings()
    if wish.proof is not None:
        return verify_proof(wish.proof, _content_of(wish.proof), given, findings, wish.require)
    assert wish.path is not None  # one of the two is there
    path = os.path.normpath(wish.path)
    if not os.path.lexists(path):
        raise WishRefused(f"{wish.path}: there is nothing of that name")
    kind = "unknown"
    try:
        journal = journal_at(path)
        if journal is not None:
            kind = journal.kind
            seen, extra = verify_journal(journal, given, findings)
        else:
            with opened_container(path, findings) as container:
                kind = container.kind
                seen, extra = verify_bundle(container, given, findings)
    except ContainerRefused:
        return verification(wish.path, kind, None, all_unchecked(findings), findings, wish.require)
    except OSError as fault:
        findings.say("input-unreadable", f"{fault.filename or wish.path}: {fault.strerror or fault}")
        return verification(wish.path, kind, None, all_unchecked(findings), findings, wish.require)
    return verification(wish.path, kind, seen, verdicts_of(seen, findings, extra), findings, wish.require)


def _key_of(text: str) -> VerifierKey:
    """Return a key given as text, or as a file that holds it."""
    if os.path.isdir(text):
        raise WishRefused(f"--key: {text} is a folder; give the verifier key, or a file that holds nothing else")
    is_file = os.path.isfile(text)
    try:
        key = _content_of(text).decode("utf-8") if is_file else text
    except ValueError:
        raise WishRefused(f"--key: {text} holds no text; give the verifier key, or a file that holds it") from None
    try:
        return parse_vkey(key.strip())
    except ValueError as fault:
        if is_file:
            raise WishRefused(f"--key: {text} holds no verifier key: {fault}") from None
        no_file = "" if "+" in text else "; and there is no file of this name"
        raise WishRefused(f"--key: {fault}{no_file}") from None


def _content_of(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            data = file.read(MOST_ANCHOR_BYTES + 1)
    except OSError as fault:
        raise WishRefused(f"{path}: {fault.strerror or fault}") from None
    if len(data) > MOST_ANCHOR_BYTES:
        raise WishRefused(f"{path}: larger than {MOST_ANCHOR_BYTES} bytes")
    return data
