"""The options of every verb that signs: a program that has the key, instead of whom the profile names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click


def signer_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --signer and --signer-key, as `signer` and `signer_key`; `_heads.signer_of` makes a signer of them."""
    key = click.option(
        "--signer-key",
        metavar="KEY",
        help="Public key of that program: a verifier key, or base64.  Default: the one that the journal knows.",
    )
    program = click.option(
        "--signer",
        metavar="COMMAND",
        help="Program that signs, instead of whom the profile names: the text to sign on standard input, "
        "the signature in base64 on standard output.  No shell reads it.",
    )
    return program(key(function))


def check_signer_options(signer: str | None, signer_key: str | None) -> None:
    """Refuse a key without a program.  Raises: click.UsageError."""
    if signer is None and signer_key is not None:
        raise click.UsageError("--signer-key says which key --signer has; there is no --signer")
    if signer is not None and not signer.strip():
        raise click.UsageError("--signer is empty")
