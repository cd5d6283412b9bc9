"""The files that ship: found by kind and name, never outside their folder, and missed with a message."""

import pytest

from reporting_governance.errors import ExitCode, GovernanceError
from reporting_governance.resources import KINDS, ResourceMissing, read_resource, resource_path


def test_a_shipped_file_is_read() -> None:
    assert b"DeploymentProfile" in read_resource("profiles", "minimal-solo-mode.yaml")


@pytest.mark.parametrize("name", ["/etc/passwd", "../LICENSE", "policy-packs/../../LICENSE", "..", "a\0b"])
def test_no_name_leaves_its_folder(name: str) -> None:
    with pytest.raises(ValueError, match="must stay below"):
        resource_path("profiles", name)


def test_an_unknown_kind_is_the_callers_bug() -> None:
    with pytest.raises(ValueError, match="kind must be one of"):
        resource_path("profile")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["nothing.json", ""])
def test_what_does_not_ship_is_an_error_with_its_path(kind: str, name: str) -> None:
    with pytest.raises(ResourceMissing) as caught:
        read_resource(kind, name)
    assert resource_path(kind, name) in str(caught.value)
    assert isinstance(caught.value, GovernanceError)
    assert caught.value.exit_code is ExitCode.PARTIAL
