"""Who has which role: the file `roles.yaml` of a state folder.  Shape: roles.schema.json.

It is written by the state's owner or by root.  When it counts at all is said by core/role_gates.py.  At most 1,000
entries of a kind: each is looked up among the accounts of the machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import ClassVar, Final

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import Record, named
from reporting_governance.contracts.role import Role

FILE_NAME: Final = "roles.yaml"
MAX_BYTES: Final = 64 * 1024


@frozen(kw_only=True)
class RolesFile(Record):
    """Users and groups, and the role of each; whom neither names is a viewer.

    A name that is all digits is an id.  What is said of a user counts before what is said of groups, also downwards.
    """

    schema: ClassVar[str] = "roles"
    schema_uri: str | None = named("$schema", default=None)  #: for editors only
    users: Mapping[str, Role] = field(default_factory=dict)  #: account name or uid
    groups: Mapping[str, Role] = field(default_factory=dict)  #: name or gid of a group of the account
    senders: tuple[str, ...] = ()  #: users who may hand in receipts, whatever their role
