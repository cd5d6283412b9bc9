"""`python -m reporting_governance`, the `reportgov` command, and the file that bin/ starts directly."""

import gc

# Starting up makes next to no garbage, and looking for it takes a tenth of a cold start.  `commands.main` turns the
# collector on again once the verb is loaded.
gc.disable()

from reporting_governance.commands.main import main  # noqa: E402

if __name__ == "__main__":
    raise SystemExit(main())
