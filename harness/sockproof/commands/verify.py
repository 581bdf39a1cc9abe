"""Says of records whether they are as they were written, and signs them if asked to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from sockproof.commands.operands import record_files
from sockproof.commands.output import open_console
from sockproof.commands.signatures import check_signature, sign
from sockproof.errors import ChangedRecord, HarnessError, UsageError
from sockproof.record.reader import Record, read_record
from sockproof.report.text import counted, one_line

__all__ = ["verify_command"]

INTACT, CHANGED, INCOMPLETE = 0, 1, HarnessError.exit_status


@click.command("verify")
@click.argument(
    "records", metavar="RECORD...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--sign",
    "key",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    metavar="KEY",
    help="Sign each that is intact with this SSH key: RECORD.sig, by ssh-keygen.",
)
@click.option(
    "--signers",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    metavar="FILE",
    help="Check RECORD.sig of each; the file is as ssh-keygen's allowed_signers: NAME KEY.",
)
def verify_command(records: Sequence[Path], key: Path | None, signers: Path | None) -> int:
    """Say of each record (a file, or a folder of them) whether it is intact, incomplete or changed.

    Digests tell accidents; whoever means to deceive makes them anew. Only a signature proves.
    """
    if key and signers:
        raise UsageError("--sign makes signatures, and --signers checks them", "give one of them")
    files = [file for path in records for file in (record_files(path) if path.is_dir() else [path])]
    console = open_console(soft_wrap=True)
    found = []
    for file in files:
        status, words = _examined(file)
        if key and status == INTACT:
            words += f"; signed: {sign(file, key)}"
        elif signers and status != CHANGED:
            signer, problem = check_signature(file, signers)
            words += f"; {f'signed by {signer}' if signer else problem}"
            status = status if signer else CHANGED
        found.append(status)
        console.print(f"  {one_line(words, 2000)}", soft_wrap=True)
    return CHANGED if CHANGED in found else max(found)


def _examined(file: Path) -> tuple[int, str]:
    """How it is with a record, as a status and in words."""
    try:
        record = read_record(file, light=True)
    except ChangedRecord as error:
        return CHANGED, f"changed     {error.message}"
    what = f"{file}: {counted(len(record.cases), 'case')}, {_form(record)}"
    if not record.complete:
        return INCOMPLETE, f"incomplete  {what}; {record.incomplete_reason}"
    return INTACT, f"intact      {what}"


def _form(record: Record) -> str:
    """Which version wrote it, and of an older one what cannot be known of it."""
    suite, schema = record.header.get("suite_version", "?"), record.header["schema"]
    told = f"suite {suite}, schema {schema}"
    less = " without digests: only its footer was held against its lines"
    return told if record.has_digests else f"{told}{less}"
