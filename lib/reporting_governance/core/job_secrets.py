"""Whether arguments of a job give a secret away by the name that stands before it, whatever it looks like itself.

`core.scrub` knows secrets by their shape.  `--password hunter2` has none: there it is the option that tells.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from reporting_governance.core.scrub import names_a_secret

_SECRET_ENDS: Final = ("password", "passwd", "passphrase", "pwd", "secret", "token", "apikey")
_ELSEWHERE: Final = ("/", "./", "../", "~", "@", "-", "$", "<")  #: a file, the next option, a name that is filled in
_USER_OPTIONS: Final = ("-u", "--user", "-U", "--proxy-user")


def gives_a_secret_away(arguments: Sequence[str]) -> bool:
    """Tell whether a word of a command line is a secret by what stands before it: `--token X`, `PGPASSWORD=X`.

    A path, as of a file that holds the secret, is none.
    """
    if any(_is_assigned(word) for word in arguments):
        return True
    is_curl = bool(arguments) and arguments[0].rpartition("/")[2] == "curl"
    return any(
        _is_value(value) and (_names(option) or (is_curl and option in _USER_OPTIONS and ":" in value))
        for option, value in pairwise(arguments)
    )


def _names(option: str) -> bool:
    return len(option) > 2 and option.startswith("-") and "=" not in option and _is_secret_name(option.lstrip("-"))


def _is_assigned(word: str) -> bool:
    name, equals, value = word.partition("=")
    name = name.lstrip("-")
    return (
        bool(equals) and name.replace("_", "").replace("-", "").isalnum() and _is_secret_name(name) and _is_value(value)
    )


def _is_secret_name(name: str) -> bool:
    return names_a_secret(name) or name.lower().endswith(_SECRET_ENDS)


def _is_value(value: str) -> bool:
    return bool(value) and not value.startswith(_ELSEWHERE)
