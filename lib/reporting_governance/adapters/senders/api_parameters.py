"""The parameters that every sender for a web API has: where it is, and which addresses may be spoken to."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from reporting_governance.adapters.senders.secrets import REFERENCE
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import Record

SECRET_PATTERN: Final = r"\$\{(env|file):[^{}]+\}"


def schema_of(properties: Mapping[str, Any], required: Sequence[str], *, base_url: str | None) -> Mapping[str, Any]:
    """Return a sender's parameter schema: its own properties and those that every API has."""
    address: dict[str, Any] = {
        "type": "string",
        "minLength": 1,
        "description": "Where the API is: https, or http to loopback; may hold ${env:NAME} or ${file:path}.",
    }
    return {
        "type": "object",
        "properties": {
            **properties,
            "base_url": address if base_url is None else {**address, "default": base_url},
            "timeout_seconds": {"type": "integer", "minimum": 1, "maximum": 300, "default": 20},
            "plain_http": {"type": "boolean", "default": False, "description": "Allow http to other than loopback."},
            "private_networks": {
                "type": "array",
                "items": {"type": "string"},
                "default": [],
                "description": "Private addresses that may be spoken to, such as 10.1.0.0/16.",
            },
            "ca_file": {"type": ["string", "null"], "default": None, "description": "Certificates to trust instead."},
        },
        "required": list(required),
        "additionalProperties": False,
    }


def secret(description: str) -> Mapping[str, Any]:
    """Return the schema of a parameter that opens a channel."""
    told = f"{description} As ${{env:NAME}} or ${{file:path}}."
    return {"type": "string", "pattern": SECRET_PATTERN, "description": told}


@frozen(kw_only=True)
class ApiParameters(Record):
    """Where an API is, and which addresses may be spoken to."""

    schema: ClassVar[str] = "parameters of a sender"
    references: ClassVar[tuple[str, ...]] = ()  #: what opens a channel, and never stands in a profile itself
    base_url: str
    timeout_seconds: int = 20
    plain_http: bool = False
    private_networks: tuple[str, ...] = ()
    ca_file: str | None = None

    def __post_init__(self) -> None:
        from ipaddress import ip_network

        if not 1 <= self.timeout_seconds <= 300:
            raise ValueError("timeout_seconds is between 1 and 300")
        for each in self.private_networks:
            ip_network(each)
        for name in self.references:
            value = getattr(self, name)
            if value is not None and REFERENCE.search(value) is None:
                raise ValueError(f"{name} is a secret: write ${{env:NAME}} or ${{file:path}}")
