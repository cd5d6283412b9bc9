"""Where a state lies: in a folder of this host, or in a database with a folder of this host beside it."""

from __future__ import annotations

import os
import re
from typing import ClassVar, NamedTuple

from reporting_governance.errors import UsageError
from reporting_governance.resources import checkout_root

_URLS = ("postgresql://", "postgres://")
# Not compiled ahead: most calls name a folder, and a cold one pays for every expression.
_SERVICE = r"service=[^\s'\\=]+"
_FILE = r"\$\{file:([^{}]+)\}"
_OTHER_FORM = (
    r"(jdbc:)?[A-Za-z][A-Za-z0-9+.-]*://|\$\{"
    r"|\s*(service|host|hostaddr|port|dbname|user|password|passfile|sslmode|options|connect_timeout)\s*="
)
_FORMS = "a folder, postgresql://USER@HOST/DATABASE, service=NAME, or ${file:PATH} with a file that holds the whole URL"


class WrongState(UsageError):
    """What names the state is none of the forms that can be meant."""

    message: ClassVar[str] = "{option}: {problem}"


class PasswordShown(WrongState):
    """A password where other users and logs can see it.  It is quoted nowhere."""

    hint: ClassVar[str] = (
        "Everybody on this host sees command lines.  Put the password into ~/.pgpass, into a service file "
        "(--state service=NAME), or the whole URL into a file that only this user reads (--state '${{file:PATH}}'); "
        "and change it, since it may have been seen."
    )


class Database(NamedTuple):
    """A database that holds a state."""

    reference: str  #: what names it; never a password

    def conninfo(self) -> str:
        """Return what libpq connects by, which may hold a password.  Raises: WrongState."""
        if not re.fullmatch(_FILE, self.reference):
            return self.reference
        from reporting_governance.adapters.senders.secrets import SecretMissing, Secrets

        try:
            found = Secrets().resolve(self.reference).strip()
        except SecretMissing as missing:
            raise WrongState(option="--state", problem=str(missing)) from None
        if not (_is_url(found) or re.fullmatch(_SERVICE, found)) or not found.isprintable():
            problem = f"{self.reference} holds neither one URL of PostgreSQL nor service=NAME"
            raise WrongState(option="--state", problem=problem)
        if not _is_well_formed(found):  # libpq would take part of the password for something else, and say it
            problem = f"{self.reference} holds a URL in which : / ? # @ or % of a password is not percent-encoded"
            raise WrongState(option="--state", problem=problem)
        return found


class Place(NamedTuple):
    """Where a verb works."""

    local: str  #: absolute path of the state folder; beside a database: what this host keeps for itself
    database: Database | None = None

    @property
    def name(self) -> str:
        """What names the state to people."""
        return self.local if self.database is None else self.database.reference

    @property
    def options(self) -> tuple[str, ...]:
        """The options by which another process of this host finds the same place."""
        if self.database is None:
            return ("--state", self.local)
        return ("--state", self.database.reference, "--local", self.local)


def place_of(state: str | None, local: str | None, *, option: str = "--state") -> Place:
    """Return the place that options and variables name.

    Args:
        state: --state; None: $REPORTGOV_STATE, else the usual folder.
        local: --local; None: $REPORTGOV_LOCAL, else the usual folder.
        option: which option `state` is, for what is said of it.

    Raises: WrongState, PasswordShown.
    """
    option = option if state else "$REPORTGOV_STATE"
    named = state or os.environ.get("REPORTGOV_STATE") or usual_folder()
    if not _is_database(option, named):
        if local is not None:
            raise WrongState(option="--local", problem="goes with a database; the state folder is local as it is")
        return Place(_absolute_folder(option, named))
    folder = _absolute_folder("--local", local or os.environ.get("REPORTGOV_LOCAL") or usual_folder())
    return Place(folder, Database(_absolute(named)))


def _absolute_folder(option: str, named: str) -> str:
    try:
        return os.path.abspath(named)
    except FileNotFoundError:
        problem = f"{named} leads nowhere: the folder where you are is gone"
        raise WrongState(option=option, problem=problem) from None


def usual_folder() -> str:
    """Return the state folder when nothing names one."""
    root = checkout_root()
    if root is not None:
        return os.path.join(root, "state")
    return os.path.join(os.path.expanduser("~"), ".local", "state", "reporting-governance")


def _is_database(option: str, named: str) -> bool:
    """Tell whether a text names a database.  Raises: WrongState for what can be meant neither as that nor a folder."""
    if named.startswith("/") or not any(each in named for each in ":={"):
        return False
    if _is_url(named):
        _refuse_password(option, named)
        return True
    if re.fullmatch(_SERVICE, named) or re.fullmatch(_FILE, named):
        return True
    if re.match(_OTHER_FORM, named):
        if re.search(r"password|://[^@]*:[^@]*@", named, re.IGNORECASE):
            raise PasswordShown(option=option, problem="holds a password, and is no form that is known here")
        raise WrongState(option=option, problem=f"takes {_FORMS}")
    return False


def _is_url(text: str) -> bool:
    return text.startswith(_URLS)


def _is_well_formed(url: str) -> bool:
    """Tell whether every part of a URL is what it seems, so that no message about one of them holds a password."""
    authority, path, query = re.fullmatch(r"[a-z]+://([^/?#]*)([^?#]*)(.*)", url).groups()  # type: ignore[union-attr]
    who, _, where = authority.rpartition("@")
    ports = [each.rpartition(":")[2] for each in where.split(",") if ":" in each and not each.endswith("]")]
    ports += re.findall(r"[?&]port=([^&]*)", query)
    return (
        "@" not in who + path
        and "#" not in query
        and who.count(":") <= 1
        and not re.search(r"%(?![0-9A-Fa-f]{2})", url)
        and all(re.fullmatch(r"[0-9,]*", each) for each in ports)
        and all("=" in each for each in query[1:].split("&") if each)
    )


def _refuse_password(option: str, url: str) -> None:
    if not url.isprintable():
        raise WrongState(option=option, problem="holds a line break or a control character")
    from urllib.parse import unquote

    rest = url.partition("://")[2]
    keys = [unquote(each.partition("=")[0]).lower() for each in rest.partition("?")[2].split("&")]
    # Before the last @, not before the first / or ?: a password that was not percent-encoded may hold these.
    if ":" in rest.rpartition("@")[0] or any("password" in key or "secret" in key for key in keys):
        raise PasswordShown(option=option, problem="holds a password")


def _absolute(named: str) -> str:
    match = re.fullmatch(_FILE, named)
    if match is None:
        return named
    return f"${{file:{os.path.abspath(os.path.expanduser(match.group(1)))}}}"
