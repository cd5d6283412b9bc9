"""`reportgov verify-descriptor`."""

import click

from reporting_governance.commands._verify import Verified, Wanted, verify
from reporting_governance.commands._verify_options import verify_command


@verify_command(
    "verify-descriptor",
    takes="capability descriptors: files, folders and globs, JSON or YAML",
    adds="nothing; with --write-observations FILE what probes saw",
    examples=(
        "reportgov verify-descriptor capabilities/",
        "reportgov verify-descriptor --strict --format text --format sarif=descriptors.sarif capabilities/*.json",
        "reportgov verify-descriptor --probe --write-observations observations.json capabilities/local-host.json",
        "reportgov verify-descriptor --observations observations.json --waivers waivers.yaml capabilities/",
    ),
)
@click.option("--probe", is_flag=True, help="Try every claim with the real programs, in a scratch folder.")
@click.option("--observations", metavar="FILE", help="Count on what probes saw earlier.")
@click.option("--write-observations", metavar="FILE", help="Keep what probes saw.")
@click.option("--waivers", metavar="FILE", help="Findings of probes that somebody answers for until a day.")
@click.option(
    "--probe-seconds",
    type=click.IntRange(min=1),
    metavar="N",
    help="Longest time of all probes of one descriptor.  Default: 300, with OpenClaw 1500.",
)
@click.option("--openclaw", metavar="PROGRAM", help="OpenClaw's program.  Default: openclaw on the path.")
def main(
    wanted: Wanted,
    *,
    probe: bool,
    observations: str | None,
    write_observations: str | None,
    waivers: str | None,
    probe_seconds: int | None,
    openclaw: str | None,
) -> Verified:
    """Check what runtimes say they can do, before anybody relies on it.

    Reads strictly, holds every document against its schema, and asks whether it can mean what it says: files that are
    named exist, claims stand on something, nothing is claimed that this kind of runtime cannot do.  All faults are
    found in one run, each with its place and a suggestion.

    --probe goes further: each claim is tried, and what is claimed none must be refused honestly.  A claim that its
    probe contradicts is an error.  A probe that cannot tell, or that cannot be run here, is a warning and ends with 0:
    --fail-on warning ends with 1, and --strict takes a full claim that was not probed for an error.
    """
    from reporting_governance.commands._verify_descriptors import DescriptorMeaning

    if not probe and all(each is None for each in (observations, write_observations, waivers, probe_seconds, openclaw)):
        return verify("capability-descriptor", wanted, DescriptorMeaning(wanted.root))
    from reporting_governance.commands._lent_rights import refuse_lent_rights
    from reporting_governance.commands._verify_probes import ProbeOptions, judge_probes

    for option, given in (("--probe", probe), ("--write-observations", write_observations), ("--openclaw", openclaw)):
        if given:
            refuse_lent_rights(option)
    options = ProbeOptions(probe, observations, write_observations, waivers, probe_seconds, openclaw)
    options.refuse_contradictions()
    meaning = DescriptorMeaning(wanted.root, keeps=True)
    done = verify("capability-descriptor", wanted, meaning)
    judge_probes(done, meaning.sound, options, root=wanted.root, strict=wanted.strict)
    return done
