"""`reportgov verify-policy`."""

from reporting_governance.commands._verify import Verified, Wanted, verify
from reporting_governance.commands._verify_options import verify_command


@verify_command(
    "verify-policy",
    takes="policy packs: files, folders and globs, YAML or JSON",
    examples=(
        "reportgov verify-policy profiles/policy-packs/",
        "reportgov verify-policy --format github my-pack.yaml",
    ),
)
def main(wanted: Wanted) -> Verified:
    """Check policy packs: their text, their shape, what their conditions can see, and every example in them.

    `reportgov policy test` runs the same examples and says which leaves none of them has tried.
    """
    from reporting_governance.commands._verify_packs import PackMeaning

    return verify("policy-pack", wanted, PackMeaning())
