"""A key in a file that only its owner may read: one line that says what it is, and the seed in base64.

Nothing else may lead to it: no link, no file of another user, no folder in which others may put another one.
"""

import fcntl
import os
import stat
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from reporting_governance.adapters.interface import CannotSign

_HEADER = b"reporting-governance log key (Ed25519 seed, base64): whoever has it can sign for this log\n"
_LARGEST = 1024
_NEXT = ".next"
_LINK = (40, 62)  #: ELOOP on Linux and macOS


class KeyFile:
    """Signs with the seed in a file.  Every method reads the file anew."""

    def __init__(self, path: str) -> None:
        self.name = f"key file {path}"
        self.path = path

    def exists(self) -> bool:
        """Tell whether anything stands there, a link included."""
        return os.path.lexists(self.path)

    def public_key(self) -> bytes:
        """Return the public key.  Raises: CannotSign."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self._seed()).public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Return a signature.  Raises: CannotSign."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self._seed()).sign(message)

    def make(self) -> bool:
        """Make a key, synced, unless something stands there; return whether it was made.  Raises: CannotSign."""
        with self._alone():
            if self.exists():
                return False
            self._write(self.path)
            return True

    def make_next(self) -> "KeyFile":
        """Make the key that is to replace this one, beside it and over one nobody took.  Raises: CannotSign."""
        following = self.next()
        with self._alone():
            self._write(following.path)
        return following

    def next(self) -> "KeyFile":
        """Return the place of the key that is to replace this one."""
        return KeyFile(self.path + _NEXT)

    def take_next(self) -> None:
        """Put the next key in the place of this one, whose seed is gone then.  Raises: CannotSign."""
        with self._alone():
            try:
                os.rename(self.next().path, self.path)
                _sync_folder(os.path.dirname(self.path))
            except OSError as fault:
                raise self._fault(f"cannot be replaced: {fault.strerror or fault}") from None

    def _seed(self) -> bytes:
        data = self._read()
        rest = data.removeprefix(_HEADER)
        try:
            seed = b64decode(rest.removesuffix(b"\n"), validate=True)
        except ValueError:
            seed = b""
        if rest == data or len(seed) != 32 or rest != b64encode(seed) + b"\n":
            raise self._fault("is no key file of this program, or damaged")
        return seed

    def _read(self) -> bytes:
        self._check_folder()
        try:
            fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            raise self._fault("is not there") from None
        except OSError as fault:
            reason = "is a link, and nothing but the file itself will do" if fault.errno in _LINK else fault.strerror
            raise self._fault(reason or str(fault)) from None
        try:
            self._check(os.fstat(fd))
            return os.read(fd, _LARGEST)
        finally:
            os.close(fd)

    def _check(self, found: os.stat_result) -> None:
        if not stat.S_ISREG(found.st_mode):
            raise self._fault("is no file")
        if found.st_uid != os.geteuid():
            raise self._fault(f"belongs to another user (uid {found.st_uid})")
        if found.st_mode & 0o077:
            raise self._fault(f"is open to others (mode {stat.S_IMODE(found.st_mode):04o}); it must be 0600")

    def _check_folder(self) -> None:
        """Whoever may put another file in the key's place signs with a key of theirs."""
        folder = os.path.dirname(self.path)
        try:
            found = os.stat(folder)
        except OSError as fault:
            raise self._fault("is not there" if isinstance(fault, FileNotFoundError) else str(fault)) from None
        if found.st_uid not in (0, os.geteuid()):
            raise self._fault(f"lies in a folder of another user (uid {found.st_uid})")
        if found.st_mode & 0o022:
            mode = f"{stat.S_IMODE(found.st_mode):04o}"
            raise self._fault(f"lies in a folder that others may change (mode {mode}); it must be 0700 or 0755")

    def _write(self, path: str) -> None:
        """Write a new key: whole under its name, or not at all."""
        unfinished = f"{path}.tmp"
        try:
            with suppress(FileNotFoundError):
                os.unlink(unfinished)  # what a killed process left; we are alone here
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
            fd = os.open(unfinished, flags, 0o600)
            try:
                os.fchmod(fd, 0o600)
                data = _HEADER + b64encode(os.urandom(32)) + b"\n"
                if os.write(fd, data) != len(data):
                    raise OSError(28, "no space left for the key")
                os.fsync(fd)
            except OSError:
                with suppress(OSError):
                    os.unlink(unfinished)
                raise
            finally:
                os.close(fd)
            os.rename(unfinished, path)
            _sync_folder(os.path.dirname(path))
        except OSError as fault:
            raise self._fault(f"cannot be made: {fault.strerror or fault}") from None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep others from changing keys in this folder at the same time; make the folder where there is none."""
        folder = os.path.dirname(self.path)
        try:
            with suppress(FileExistsError):
                os.mkdir(folder, 0o700)
            fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError as fault:
            raise self._fault(f"cannot be made: {fault.strerror or fault}") from None
        try:
            self._check_folder()
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    def _fault(self, reason: str) -> CannotSign:
        return CannotSign(signer=self.name, reason=reason)


def _sync_folder(path: str) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
