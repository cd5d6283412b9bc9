"""`reportgov verify-profile`."""

import click

from reporting_governance.commands._place import place_of
from reporting_governance.commands._verify import Verified, Wanted, verify
from reporting_governance.commands._verify_options import verify_command


@verify_command(
    "verify-profile",
    takes="deployment profiles (files, folders and globs, YAML or JSON), the packs they name, a descriptor",
    examples=(
        "reportgov verify-profile profiles/",
        "reportgov verify-profile team.yaml --descriptor capabilities/local-host.json",
        "reportgov verify-profile team.yaml --write-effective effective.json",
    ),
)
@click.option(
    "--descriptor", metavar="FILE", help="Capability descriptor.  Default: the shipped one of the profile's runtime."
)
@click.option(
    "--observations", metavar="FILE", help="What probes saw of the descriptor: what they contradicted does not count."
)
@click.option(
    "--state", metavar="FOLDER", help="State folder that it is for: no anchor may lie inside it.  Default: as of `run`."
)
@click.option(
    "--write-effective", metavar="FILE", help="Write what may be counted on, as JSON (one profile at a time)."
)
def main(
    wanted: Wanted,
    *,
    descriptor: str | None,
    observations: str | None,
    state: str | None,
    write_effective: str | None,
) -> Verified:
    """Check what is wanted of a runtime, alone and against what the runtime can do.

    Prints, for each power, what is asked for, what is claimed, what may be counted on and what stands in for the rest.
    """
    from reporting_governance.commands._verify_profiles import ProfileMeaning, write_powers

    meaning = ProfileMeaning(descriptor, observations, state=place_of(state, None).local)
    done = verify("deployment-profile", wanted, meaning)
    done.together = meaning.together
    if write_effective is not None:
        write_powers(write_effective, done)
    return done
