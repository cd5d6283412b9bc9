"""What goes wrong with a database, told without a word of how one gets into it."""

from reporting_governance.errors import ExitCode, GovernanceError, StorageError


class StoreAway(StorageError):
    """The database cannot be reached, is not ready, or did not answer in time; nothing was acknowledged."""

    exit_code = ExitCode.TRY_LATER
    hint = "The next run tries again.  `reportgov store status` shows what the database says."


class ConnectionLost(StoreAway):
    """The connection broke; what was under way may have happened or not."""


class TryAgain(StoreAway):
    """The server undid a transaction because of another one, which is no fault; the same again may work."""


class LockHeld(StoreAway):
    """Another writer held the log longer than we wait."""

    hint = "The next run tries again.  If it repeats, `reportgov store status` shows who holds the log."


class Refused(StorageError):
    """The server was asked, and does not let us in: role, password, database, pg_hba.conf or encryption do not fit.

    The same call is refused again until somebody changes one of these, so it is not to be tried later.
    """

    exit_code = ExitCode.NO
    hint = (
        "Trying again changes nothing: mend the role, its password (~/.pgpass), the database or pg_hba.conf on the "
        "server, or what --state names."
    )


class WrongAddress(StorageError):
    """What names the database is nothing to connect by; nobody was asked."""

    exit_code = ExitCode.USAGE
    hint = "Mend what --state names: the URL, the service file, or the file that holds the URL."


class NotAllowed(StorageError):
    """The role that connects may not do this."""

    exit_code = ExitCode.NO
    hint = (
        "A member of reporting_governance_writer may add lines and make views anew, one of reporting_governance_owner "
        "everything; `reportgov store grants` shows and makes these roles."
    )


class WrongSchema(StorageError):
    """The tables are missing, or of a version that this program does not work with."""

    hint = "{advice}"


class DriverMissing(GovernanceError):
    """The package that speaks to PostgreSQL is not installed."""

    exit_code = ExitCode.USAGE
    message = "a state in PostgreSQL needs the package psycopg"
    hint = "pip install 'reporting-governance[postgres]'"
