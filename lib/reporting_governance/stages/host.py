"""Which process works here, as what it does names it."""

from reporting_governance.contracts.frozen import frozen


@frozen(kw_only=True)
class Host:
    """This process: name of the machine, its boot, its process id."""

    name: str
    boot_id: str
    pid: int
