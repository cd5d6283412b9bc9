"""A person's own signature on a bundle, by the ssh key that they have already: `ssh-keygen -Y sign`."""

from __future__ import annotations

from reporting_governance.errors import NotExported

NAMESPACE = "reporting-governance-audit"
_ADVICE = f"`ssh-keygen -Y sign -n {NAMESPACE} -f KEY` has to work for you; or leave --ssh-key out."
_LIMIT_SECONDS = 120  #: a person may have to type a passphrase, or touch a token


def ssh_signature(key: str, message: bytes) -> bytes:
    """Return the armoured signature of a message.

    Args:
        key: path of the private key, or of the public one when an agent holds the private one.

    Raises: NotExported when ssh-keygen is not there, refuses, or takes too long.
    """
    import subprocess

    command = ["ssh-keygen", "-Y", "sign", "-f", key, "-n", NAMESPACE]
    try:
        done = subprocess.run(command, input=message, capture_output=True, timeout=_LIMIT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        reason = f"ssh-keygen took more than {_LIMIT_SECONDS} s to sign"
        raise NotExported(path=key, reason=reason, advice=_ADVICE) from None
    except OSError as error:
        raise NotExported(path="ssh-keygen", reason=error.strerror or str(error), advice=_ADVICE) from error
    if done.returncode != 0 or not done.stdout.startswith(b"-----BEGIN SSH SIGNATURE-----"):
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = f"ssh-keygen did not sign: {said[-1] if said else 'it said nothing'}"
        raise NotExported(path=key, reason=reason, advice=_ADVICE)
    return done.stdout
