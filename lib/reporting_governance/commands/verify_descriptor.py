"""`reportgov verify-descriptor`."""

from reporting_governance.commands._verify import Verified, verify
from reporting_governance.commands._verify_files import files_for
from reporting_governance.commands._verify_options import Wanted, verify_command


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

    files = files_for(wanted.words, allow_empty=wanted.allow_empty)
    return verify("capability-descriptor", files, DescriptorMeaning(wanted.root), strict=wanted.strict)
