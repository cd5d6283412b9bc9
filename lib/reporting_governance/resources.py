"""Where the files that ship with the product lie: at the top of a checkout, or inside an installed package.

Imported on every cold start, so it needs `os` only.
"""

import os

from reporting_governance.errors import GovernanceError

#: kind -> folder below the root of the shipped files
KINDS = {
    "schemas": "schemas",
    "capabilities": "capabilities",
    "profiles": "profiles",
    "policy-packs": "profiles/policy-packs",
    "integrations": "integrations",
}

SHIPPED = "shipped:"  #: stands before the name of a shipped file, in place of where it happens to lie

_PACKAGE = os.path.dirname(os.path.abspath(__file__))
_PACKED = os.path.join(_PACKAGE, "_data")  #: exists only in an installed package, see pyproject.toml


class ResourceMissing(GovernanceError):
    """A file that should ship with the product is not there."""

    message = "{path}: no such file among the {kind} that ship with this version"
    hint = "Check the name; if it is right, the installation is not complete: install it again."


def checkout_root() -> str | None:
    """Return the absolute path of the checkout this code runs from, or None when it is installed as a package."""
    if os.path.isdir(_PACKED):
        return None
    return os.path.dirname(os.path.dirname(_PACKAGE))


def resource_path(kind: str, name: str = "") -> str:
    """Return the absolute path of a shipped file or folder; whether it exists is not looked at.

    Args:
        kind: a key of `KINDS`.
        name: path below that folder with `/` between its parts; empty for the folder itself.

    Raises: ValueError for an unknown kind, or a name that could leave the folder (the caller's bug: names that
        a person wrote are checked before they come here).
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {sorted(KINDS)}, got {kind!r}")
    if name.startswith("/") or ".." in name.split("/") or "\0" in name:
        raise ValueError(f"name must stay below the folder of its kind, got {name!r}")
    folder = os.path.join(checkout_root() or _PACKED, KINDS[kind])
    return os.path.join(folder, name) if name else folder


def shipped_name(path: str) -> str:
    """Return the name of a shipped file that is the same on every machine; other absolute paths as they are."""
    root = os.path.join(checkout_root() or _PACKED, "")
    return SHIPPED + path.removeprefix(root) if path.startswith(root) else path


def shipped_path(name: str) -> str:
    """Return the path of a file that `shipped_name` named; other paths as they are."""
    inside = name.removeprefix(SHIPPED)
    if inside == name or ".." in inside.split("/"):
        return name
    return os.path.join(checkout_root() or _PACKED, inside)


def read_resource(kind: str, name: str) -> bytes:
    """Return the bytes of a shipped file.

    Raises: `ResourceMissing` when it is not there or is no file; ValueError as `resource_path`.
    """
    path = resource_path(kind, name)
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise ResourceMissing(kind=kind, path=path) from None
