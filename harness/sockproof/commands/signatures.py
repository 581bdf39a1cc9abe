"""Signatures of files, made and checked by ssh-keygen with keys of the user's."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from sockproof.errors import HarnessError, UsageError
from sockproof.whole_file import write_whole

__all__ = ["check_signature", "sign"]

# What signatures are for: one made for something else does not count here.
_NAMESPACE = "sockproof"


def sign(file: Path, key: Path) -> Path:
    """Sign a file; where its signature is. A key with a passphrase has it asked for.

    Raises:
        UsageError: the key signs nothing. HarnessError: ssh-keygen is not here, or too old.
    """
    done = _ssh_keygen(["sign", "-f", str(key), "-n", _NAMESPACE], file)
    if done.returncode:
        raise UsageError(f"{key} does not sign: {_said(done)}", "give a private SSH key")
    place = file.with_name(f"{file.name}.sig")
    write_whole(place, done.stdout)
    return place


def check_signature(file: Path, signers: Path) -> tuple[str, str]:
    """Whose signature the file has, of those that ``signers`` names; else empty, and what is wrong.

    Raises:
        HarnessError: ssh-keygen is not here.
    """
    signature = file.with_name(f"{file.name}.sig")
    if not signature.is_file():
        return "", f"not signed: there is no {signature}"
    known = ["-f", str(signers), "-s", str(signature)]
    found = _ssh_keygen(["find-principals", *known], file)
    name = found.stdout.decode(errors="replace").partition("\n")[0].strip()
    if found.returncode or not name:
        return "", f"signed by nobody whom {signers} names"
    done = _ssh_keygen(["verify", *known, "-I", name, "-n", _NAMESPACE], file)
    return (
        ("", f"its signature is of something else: {_said(done)}")
        if done.returncode
        else (name, "")
    )


def _ssh_keygen(arguments: Sequence[str], file: Path) -> subprocess.CompletedProcess[bytes]:
    try:
        with file.open("rb") as octets:
            return subprocess.run(
                ["ssh-keygen", "-Y", *arguments], stdin=octets, capture_output=True, check=False
            )
    except FileNotFoundError:
        raise HarnessError("there is no ssh-keygen here", "install OpenSSH 8.2 or newer") from None
    except OSError as error:
        raise HarnessError(f"cannot start ssh-keygen: {error.strerror}") from error


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    return " ".join((done.stderr or done.stdout).decode(errors="replace").split())[:300]
