"""Secrets: written as `${env:NAME}` or `${file:path}` in a profile, resolved only when something is sent.

Whoever resolves them also knows what must never be said: `hide` takes them out of any text that leaves the sender.
"""

import os
import re
from typing import ClassVar

from reporting_governance.adapters.senders.hiding import SHORTEST, forms_of, hide
from reporting_governance.errors import GovernanceError

REFERENCE = re.compile(r"\$\{(env|file):([^{}]+)\}")
LONGEST_BYTES = 64 * 1024


class SecretMissing(GovernanceError):
    """A reference leads nowhere.  Names the reference, never a value."""

    message = "{reference} {problem}"
    hint = "Set the variable (cron has none of yours), or use ${{file:path}} with a file that only this user can read."


class Secrets:
    """Resolves references and remembers what they gave."""

    _of_all: ClassVar[set[bytes]] = set()

    def __init__(self) -> None:
        self._forms: set[bytes] = set()

    def resolve(self, text: str) -> str:
        """Return `text` with every reference replaced.  Raises: SecretMissing."""
        return REFERENCE.sub(self._value, text)

    def hide(self, text: str) -> str:
        """Return `text` without any value that was resolved, whole or in part, in whatever shape it was repeated."""
        return hide(text, self._forms)

    @classmethod
    def hide_all(cls, text: str) -> str:
        """Return `text` without what anybody in this process has resolved."""
        return hide(text, cls._of_all)

    def _value(self, match: re.Match[str]) -> str:
        place, name = match.groups()
        value = _from_environment(name) if place == "env" else _from_file(name)
        if len(value) >= SHORTEST:
            forms = forms_of(value)
            self._forms |= forms
            self._of_all.update(forms)
        return value


def _from_environment(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise SecretMissing(reference=f"${{env:{name}}}", problem="is not set")
    return value


def _from_file(path: str) -> str:
    reference = f"${{file:{path}}}"
    try:
        with open(os.path.expanduser(path), "rb") as file:
            data = file.read(LONGEST_BYTES + 1)
        value = data.decode("utf-8").rstrip("\r\n")
    except OSError as fault:
        raise SecretMissing(reference=reference, problem=f"cannot be read: {fault.strerror}") from None
    except UnicodeDecodeError:
        raise SecretMissing(reference=reference, problem="is not UTF-8 text") from None
    if not value or len(data) > LONGEST_BYTES:
        raise SecretMissing(reference=reference, problem="is empty" if not value else "is too long")
    return value
