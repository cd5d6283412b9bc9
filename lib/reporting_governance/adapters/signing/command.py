"""A program of the operator's that has the key: on another user's account, in an agent, on a card."""

import os
import time
from base64 import b64decode, b64encode
from collections.abc import Sequence

from reporting_governance.adapters.argv import check_argv
from reporting_governance.adapters.interface import CannotSign

LIMIT_SECONDS = 10.0


class CommandSigner:
    """Gives the text to sign to a program on its standard input, and takes the signature from its standard output.

    Args:
        argv: the program and its arguments; there is no shell.
        public: the public key, 32 bytes.
        folder: where it is started.
    """

    def __init__(
        self, argv: Sequence[str], public: bytes, *, folder: str, limit_seconds: float = LIMIT_SECONDS
    ) -> None:
        check_argv(argv, "command")
        self.name = f"signer {argv[0]}"
        self._argv = tuple(argv)
        self._public = public
        self._folder = folder
        self._limit_seconds = limit_seconds

    def public_key(self) -> bytes:
        """Return the key that the operator says is the program's."""
        return self._public

    def sign(self, message: bytes) -> bytes:
        """Run the program once.  Raises: CannotSign."""
        from reporting_governance.adapters.anchors.process import run

        try:
            ended = run(
                self._argv, message, ends_at=time.monotonic() + self._limit_seconds, env=os.environ, cwd=self._folder
            )
        except OSError as fault:
            raise self._fault(f"cannot be started: {fault.strerror or fault}") from None
        if ended.problem:
            raise self._fault(f"did not sign: {ended.problem}")
        encoded = ended.output.removesuffix(b"\n").removesuffix(b"\r")
        try:
            signature = b64decode(encoded, validate=True)
        except ValueError:
            signature = b""
        if len(signature) != 64 or b64encode(signature) != encoded:
            raise self._fault("did not write one signature, 64 bytes in base64, to standard output")
        return signature

    def _fault(self, reason: str) -> CannotSign:
        return CannotSign(signer=self.name, reason=reason)
