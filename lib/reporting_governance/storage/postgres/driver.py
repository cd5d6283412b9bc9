"""The package that speaks to PostgreSQL, imported when there is something to say."""

from __future__ import annotations

from typing import Any

from reporting_governance.storage.postgres.away import DriverMissing


def driver() -> Any:
    """Return the package.  Raises: DriverMissing."""
    try:
        import psycopg
    except ImportError:
        raise DriverMissing from None
    import logging

    logging.getLogger("psycopg").addHandler(logging.NullHandler())  # what it tells there, its errors tell too
    return psycopg


def place_of(conninfo: str) -> str:
    """Return what names a database in messages: host, port and name, nothing else of what connects."""
    psycopg = driver()
    try:
        said = psycopg.conninfo.conninfo_to_dict(conninfo)
    except psycopg.Error:
        return "postgresql"
    if said.get("service"):
        return f"service={said['service']}"
    port = f":{said['port']}" if said.get("port") else ""
    return f"postgresql://{said.get('host', '')}{port}/{said.get('dbname', '')}"
