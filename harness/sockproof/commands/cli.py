"""The command line: its commands, and its errors in one line.

docs/exit-statuses.md says which exit status means what. The status is never a count.
"""

from __future__ import annotations

import importlib
import traceback
from collections.abc import Sequence
from pathlib import Path

import click

from sockproof import __version__
from sockproof.commands.output import warn
from sockproof.errors import HarnessError, UsageError
from sockproof.system_errors import shortage

__all__ = ["main", "run_command"]

USAGE_STATUS = UsageError.exit_status
_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
# The commands, as --help tells of them. Each has a module, which is loaded when it is given.
_COMMANDS = {
    "atlas": "Tell what changed at which version of Python.",
    "bench": "Measure what a case costs beside an echo over bare sockets.",
    "bisect": "Play one case on implementations in order; tell where it changed.",
    "check": "Check any server from outside: an address, or a program.",
    "compare": "Compare records with the first of them.",
    "doctor": "Tell which interpreters are here, and what cannot be tested.",
    "expect": "Write down as expectations what deviated in records.",
    "explain": "Tell about a requirement or a case.",
    "find": "Find requirements by what goes wrong, in your words.",
    "init": "Begin a file of examples for the check of a server.",
    "list": "List requirements, server specs, cases or interpreters.",
    "pcap": "Write the transcript of a case as a packet capture.",
    "replay": "Play one case again, and say whether it ends as before.",
    "report": "Make the reports of records again; shards become one record.",
    "repro": "Write a stand-alone script that shows what a case finds.",
    "run": "Play the cases and write the conformance report.",
    "selftest": "Play the suite against socketservers broken on purpose.",
    "verify": "Say whether records are as they were written; sign them.",
    "watch": "Stand between clients and a server; write what they say as examples.",
}


class _Commands(click.Group):
    """The commands of the table."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        try:
            module = importlib.import_module(f"sockproof.commands.{name}")
        except EOFError as error:  # Python's cache of a module, written when the disk was full
            folder = Path(__file__).parents[1]
            told = f"a .pyc file is cut short ({error}): remove the folders __pycache__ in {folder}"
            raise ImportError(told) from error
        command = getattr(module, f"{name}_command")
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


def run_command(
    arguments: Sequence[str], command: click.Command | None = None, name: str = "sockproof"
) -> int:
    """Carry out one command; every error of its user or of the harness is one line on stderr."""
    try:
        _refuse_missing_folder()
        given = command or main
        return int(given.main(list(arguments), prog_name=name, standalone_mode=False) or 0)
    except HarnessError as error:
        return _complain(str(error), error.exit_status)
    except click.ClickException as error:
        context = error.ctx if isinstance(error, click.UsageError) else None
        asked = context.command_path if context else name
        return _complain(
            f"{error.format_message().rstrip('.')}; see '{asked} --help'", USAGE_STATUS
        )
    except (KeyboardInterrupt, click.Abort) as error:
        if isinstance(error.__context__, EOFError):  # which click takes for the end of its input
            return _fault(error.__context__)
        return _complain("interrupted", HarnessError.exit_status)
    except ImportError:  # what a command needs is loaded when it is given
        raise
    except Exception as error:
        return _fault(error)


def _fault(error: Exception) -> int:
    """Python's own status for these, 1, would say "a deviation"."""
    if isinstance(error, PermissionError) and error.filename:
        hint = "name another, or change who may"
        return _complain(f"may not use {error.filename}: permission denied; {hint}", USAGE_STATUS)
    if refused := shortage(error):
        return _complain("; ".join(refused), HarnessError.exit_status)
    traceback.print_exception(error)
    return _complain(f"a fault of sockproof: {error}", HarnessError.exit_status)


def _refuse_missing_folder() -> None:
    """Hardly anything works where the current folder was removed."""
    try:
        Path.cwd()
    except FileNotFoundError:
        raise UsageError("the current folder no longer exists", "change to another") from None


def _complain(text: str, status: int) -> int:
    warn(f"error: {text}")
    return status


@click.group(cls=_Commands, context_settings=_CONTEXT, no_args_is_help=False)
@click.version_option(__version__, prog_name="sockproof")
def main() -> None:
    """Check that a socketserver keeps its promises: real clients, real sockets, any Python."""
