"""`reportgov verify-descriptor`."""

from reporting_governance.commands._verify import Verified, Wanted, verify
from reporting_governance.commands._verify_options import verify_command


@verify_command(
    "verify-descriptor",
    takes="capability descriptors: files, folders and globs, JSON or YAML",
    examples=(
        "reportgov verify-descriptor capabilities/",
        "reportgov verify-descriptor --strict --format text --format sarif=descriptors.sarif capabilities/*.json",
    ),
)
def main(wanted: Wanted) -> Verified:
    """Check what runtimes say they can do, before anybody relies on it.

    Reads strictly, holds every document against its schema, and asks whether it can mean what it says: files that are
    named exist, claims stand on something, nothing is claimed that this kind of runtime cannot do.  All faults are
    found in one run, each with its place and a suggestion.
    """
    from reporting_governance.commands._verify_descriptors import DescriptorMeaning

    return verify("capability-descriptor", wanted, DescriptorMeaning(wanted.root))
