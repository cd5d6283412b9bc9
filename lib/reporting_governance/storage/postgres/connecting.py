"""How a connection is made: what libpq is asked for besides what the operator named."""

from __future__ import annotations

from typing import Any

from reporting_governance.storage.postgres.driver import driver
from reporting_governance.storage.postgres.patience import patient_class

_CONNECT_SECONDS = 10


def connected(conninfo: str, *, application: str, place: str) -> Any:
    """Return a new connection of the driver, in autocommit.

    Args:
        application: what the server shows of us.
        place: what names the database in messages.

    Raises: StoreAway, Refused, WrongAddress.
    """
    psycopg = driver()
    try:
        return patient_class().connect(conninfo, **_options(psycopg, conninfo, application))
    except psycopg.Error as error:
        from reporting_governance.storage.postgres.not_connected import not_connected

        raise not_connected(str(error), place) from None


def _options(psycopg: Any, conninfo: str, application: str) -> dict[str, Any]:
    options: dict[str, Any] = {
        "autocommit": True,
        "prepare_threshold": None,  # what is prepared is ours to say; see `pipeline.Prepared`
        "application_name": application,
        "client_encoding": "UTF8",
        "keepalives": 1,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
    }
    try:
        said = psycopg.conninfo.conninfo_to_dict(conninfo)
    except psycopg.Error:
        return options
    if "connect_timeout" not in said:
        options["connect_timeout"] = _CONNECT_SECONDS
    if "," in str(said.get("host", "")) and "target_session_attrs" not in said:
        options["target_session_attrs"] = "read-write"  # of several servers the one that is no standby
    return options
