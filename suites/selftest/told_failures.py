"""How sockproof tells of the most common failures: a golden file, in the words of its user.

``python -m suites.selftest.told_failures`` plays them on this Python and writes the file anew. A
change of words then shows in its diff, to be read as somebody does who has never seen sockproof:
does each entry say what is wrong with the server?
"""

from __future__ import annotations

import json
import re
import socketserver
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sockproof._paths import kit_dir
from sockproof.mutation.named import load_mutants
from suites.selftest.mutant_files import write_mutant
from suites.selftest.runs import sockproof_

__all__ = ["GOLDEN", "Failure", "most_common", "read_golden", "told"]

GOLDEN = Path(__file__).with_name("told_failures.txt")
MATRIX = kit_dir() / "reports" / "proof" / "kill-matrix.json"
COUNT = 40
# What depends on chance, in another Python as well: clients' plans, the names of files.
_LEFT_OUT = ("generated/", "names/")
# A loop that spins on a closed socket stands somewhere at one moment; one that reads what TLS wrote
# finds a line end in it, or none.
_BY_CHANCE = frozenset({"oversized-reply-closes-the-socket", "rfile-reads-the-descriptor"})
_MUTANTS = {mutant.id: mutant for mutant in load_mutants()}
# What is of one run or one version: addresses, numbers of sockets, places, how long, what its own
# modules call.
_OF_A_RUN = (
    (re.compile(r"127\.\d+\.\d+\.\d+"), "127.0.0.1"),
    (re.compile(r"\b\d{5,}\b"), "PORT"),
    (re.compile(r"socket:\[\w+\]"), "socket:[N]"),
    (re.compile(r"/\S*/"), ".../"),
    (re.compile(r"\b\d+(\.\d+)? s\b"), "N s"),
    (re.compile(r"\.(py|c):\d+"), r".\1:N"),
    (re.compile(r", in a call of \w+\(\)"), ", in a call of it"),
)
_LINES = ("promise", "expected", "actual", "cause", "left")


@dataclass(frozen=True)
class Failure:
    """A mutant, and the case that it fails."""

    mutant: str
    case: str

    @property
    def title(self) -> str:
        return f"{self.case}  {self.mutant}"


def most_common(matrix: Mapping[str, Any]) -> list[Failure]:
    """An example of each form of words, the most frequent first: values and numbers in them are
    what differs within a form."""
    forms: dict[str, list[Failure]] = defaultdict(list)
    told_again = _MUTANTS.keys() - _BY_CHANCE
    for mutant in matrix["mutants"]:
        for one in mutant["detections"] if mutant["kind"] == "named" else ():
            if not one["requirement"].startswith(_LEFT_OUT) and mutant["id"] in told_again:
                forms[_form(one["told"])].append(Failure(mutant["id"], one["case"]))
    ranked = sorted(forms.values(), key=len, reverse=True)
    return [found[0] for found in ranked[:COUNT]]


def _form(words: str) -> str:
    without = re.sub(r"b?'[^']*'|b?\"[^\"]*\"|\[.*?\]|\d+", "#", words)
    return re.sub(r"\b\w*(#|peer|client)\S*", "#", without)


def told(failure: Failure, folder: Path) -> str:
    """What ``run`` says of it, but for what is of one run."""
    module = write_mutant(_MUTANTS[failure.mutant], Path(socketserver.__file__), folder)
    chosen = ("-k", failure.case, "-n", "0", "--report-dir", "out")
    ended = sockproof_(folder, "run", "--iut", f"./{module.name}", *chosen)
    if ended.status == 3:  # it cannot even echo a line
        return _general(ended.stderr.splitlines()[0].removeprefix("sockproof: "))
    assert ended.status == 1, ended
    lines = [_general(line) for line in _attention(ended.stdout)]
    failed = any(line.startswith("actual ") for line in lines)  # what it leaves then is by chance
    return "\n".join(line for line in lines if not (failed and line.startswith("left ")))


def _attention(printed: str) -> Iterator[str]:
    """The lines about the failure, without those that say what to type."""
    lines = printed.partition("needs attention\n")[2].splitlines()
    kept = False
    for line in lines:
        begins = line.split()[:1]
        kept = begins[0] in _LINES if begins and line.startswith("     ") else False
        if kept:
            yield line.strip()


def _general(line: str) -> str:
    for form, name in _OF_A_RUN:
        line = form.sub(name, line)
    return " ".join(line.split())


def read_golden() -> dict[Failure, str]:
    """The file: blocks of lines, of which the first names case and mutant."""
    found = {}
    for block in GOLDEN.read_text("utf-8").strip().split("\n\n"):
        first, _, rest = block.partition("\n")
        case, mutant = first.rsplit(None, 1)
        found[Failure(mutant, case)] = rest
    return found


def main() -> None:
    """Write the file anew."""
    matrix = json.loads(MATRIX.read_text("utf-8"))
    blocks = []
    for failure in most_common(matrix):
        with tempfile.TemporaryDirectory() as name:
            blocks.append(f"{failure.title}\n{told(failure, Path(name))}\n")
        sys.stderr.write(".")
    GOLDEN.write_text("\n".join(blocks), "utf-8")


if __name__ == "__main__":
    main()
