"""The reader of TOML files: whatever is wrong with one, a single line says where and what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sockproof.errors import CatalogueError, HarnessError, UsageError
from sockproof.iut.implementation import parse_iut
from sockproof.judge.expectations import read_expectations
from sockproof.mutation.equivalents import read_equivalents
from sockproof.mutation.named import MutationError, load_mutants
from sockproof.spec.catalogue import read_catalogue
from sockproof.spec.renames import load_renames
from sockproof.spec.toml_tables import (
    DAY,
    FILLED,
    FILLED_OR_LIST,
    FLAG,
    LEVEL,
    TEXT,
    Format,
    as_tuple,
    levels_of,
    list_of,
    one_of,
    shaped,
    table,
)
from sockproof.spec.untestable import load_untestable

FORMAT = Format(
    table(
        {"title": FILLED},
        pet=list_of(
            table(
                {"id": shaped(r"[a-z]+", "one word")},
                kind=one_of(["cat", "dog"]),
                legs={"type": "integer", "minimum": 1},
                tame=FLAG,
                says=FILLED_OR_LIST,
                since=LEVEL,
                born=DAY,
                eats=list_of(FILLED),
                likes=list_of(FILLED, least=2),
                home=table(street=TEXT),
                toy=list_of(table({"name": TEXT})),
            ),
            least=1,
        ),
    ),
    UsageError,
    "see the vet",
)
PET = 'title = "Pets"\n[[pet]]\nid = "rex"\n'
SECOND = PET + '[[pet]]\nid = "tom"\n'


def refusal(path: Path) -> str:
    """What is said of a file without its path in front, which must be there."""
    with pytest.raises(UsageError) as caught:
        FORMAT.read(path)
    said = str(caught.value)
    assert said.splitlines() == [said]
    assert str(path) in said
    return said.removeprefix(f"{path}: ")


def written(folder: Path, text: str) -> Path:
    path = folder / "pets.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_file_in_order_is_read(tmp_path: Path) -> None:
    """What is in the file comes back as TOML has it."""
    text = SECOND + 'kind = "cat"\nlegs = 4\ntame = true\nsays = ["miaow"]\nsince = "3.6"\n'
    text += 'born = "2020-02-29"\neats = []\nhome = { street = "" }\ntoy = [{ name = "mouse" }]\n'

    first, second = FORMAT.read(written(tmp_path, text))["pet"]

    assert first == {"id": "rex"}
    assert second["home"] == {"street": ""}
    assert levels_of(second) == {"since": (3, 6)}
    assert as_tuple(second["says"]) == as_tuple("miaow") == ("miaow",)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (PET + "colour = 1", "pet 1 (rex): unknown key 'colour'; the keys are id, kind, legs, "),
        (SECOND + "kind = 'cow'", "pet 2 (tom): unknown kind 'cow'; one of cat, dog"),
        (SECOND + "kind = 1", "pet 2 (tom): 'kind' is not a text; see the vet"),
        (PET + "legs = '4'", "pet 1 (rex): 'legs' is not a whole number; see the vet"),
        (PET + "legs = true", "pet 1 (rex): 'legs' is not a whole number; see the vet"),
        (PET + "legs = 0", "pet 1 (rex): 'legs': 0 is less than the minimum of 1; see the vet"),
        (PET + "tame = 1", "pet 1 (rex): 'tame' is not true or false; see the vet"),
        (PET + "says = 1", "pet 1 (rex): 'says' is not a text or a list; see the vet"),
        (PET + "says = []", "pet 1 (rex): 'says' is empty; see the vet"),
        (PET + "says = ''", "pet 1 (rex): 'says' is empty; see the vet"),
        (PET + "says = ['wuff', 2]", "pet 1 (rex): entry 2 of 'says' is not a text; see the vet"),
        (PET + "eats = 'all'", "pet 1 (rex): 'eats' is not a list; see the vet"),
        (PET + "likes = []", "pet 1 (rex): 'likes' is empty; see the vet"),
        (PET + "likes = ['us']", "pet 1 (rex): 'likes' has 1 of at least 2 entries; see the vet"),
        (PET + "eats = [' ']", "pet 1 (rex): entry 1 of 'eats' is empty; see the vet"),
        (PET + "since = 3.6", "pet 1 (rex): 'since' is not a text; see the vet"),
        (PET + "since = '3'", "pet 1 (rex): 'since': '3' is not a Python level such as 3.13"),
        (
            PET + 'since = "3.6\\n"',
            r"pet 1 (rex): 'since': '3.6\n' is not a Python",
        ),
        (PET + "born = 2020-02-29", "pet 1 (rex): 'born' is not a text; see the vet"),
        (
            PET + "born = '2020-02-30'",
            "pet 1 (rex): 'born': '2020-02-30' is not a day such",
        ),
        (PET + "home = 1", "pet 1 (rex): 'home' is not a table; see the vet"),
        (PET + "home = { door = 1 }", "pet 1 (rex): home: unknown key 'door'; the keys are street"),
        (PET + "home = { street = 1 }", "pet 1 (rex): home: 'street' is not a text; see the vet"),
        (PET + "toy = [{}]", "pet 1 (rex): toy 1: the key 'name' is missing; see the vet"),
        (PET + "toy = [1]", "pet 1 (rex): entry 1 of 'toy' is not a table; see the vet"),
        (PET.replace("rex", "Rex"), "pet 1 (Rex): 'id': 'Rex' is not one word; see the vet"),
        (PET.replace("rex", "r\\nx"), r"pet 1: 'id': 'r\nx' is not one word; see the vet"),
        (PET.replace("rex", ""), "pet 1: 'id' is empty; see the vet"),
        (PET.replace("id = ", "tame = "), "pet 1: 'tame' is not true or false (the first of 2 f"),
        (SECOND.replace('id = "tom"', ""), "pet 2: the key 'id' is missing; see the vet"),
        (PET.replace("title", "tilte"), "unknown key 'tilte'; the keys are title, pet"),
        (PET + '"a\\nb" = 1', r"pet 1 (rex): unknown key 'a\nb'; the keys are id, "),
        ("", "the key 'title' is missing; see the vet"),
        ("title = 'Pets'\npet = []", "'pet' is empty; see the vet"),
        ("title = 'Pets'\npet = { id = 'rex' }", "'pet' is not a list; see the vet"),
    ],
)
def test_a_table_out_of_order_is_one_line(tmp_path: Path, text: str, problem: str) -> None:
    """The line names the table by its number and name, the key, and what is wrong with it."""
    assert refusal(written(tmp_path, text)).startswith(problem)


@pytest.mark.parametrize(
    "content",
    [b"title = ", b"[[pet]", b"a = 1\na = 2\n", b'title = "\xff"\n', b"a = " + b"[" * 5000],
    ids=["no value", "no bracket", "twice", "no UTF-8", "too deep"],
)
def test_what_is_no_toml_is_one_line(tmp_path: Path, content: bytes) -> None:
    """Bad syntax and bytes that are no text are told alike."""
    path = tmp_path / "pets.toml"
    path.write_bytes(content)

    assert refusal(path).startswith("this is not TOML: ")


def test_what_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    """A missing file and a folder are told as the system tells them."""
    assert refusal(tmp_path / "none.toml").startswith("cannot read ")
    assert refusal(tmp_path / "none.toml").endswith(": No such file or directory; see the vet")
    assert refusal(tmp_path).endswith(": Is a directory; see the vet")


READERS: dict[str, tuple[type[HarnessError], Callable[[Path], object]]] = {
    "catalogue": (CatalogueError, lambda path: read_catalogue(path.parent)),
    "renames": (CatalogueError, lambda path: load_renames((), path)),
    "untestable": (CatalogueError, load_untestable),
    "expectations": (UsageError, read_expectations),
    "implementation": (UsageError, lambda path: parse_iut(str(path))),
    "mutants": (MutationError, lambda path: load_mutants(path.parent)),
    "equivalents": (MutationError, read_equivalents),
}


@pytest.mark.parametrize("text", ["a = ", "unknown = 1"])
@pytest.mark.parametrize("reader", READERS)
def test_every_file_is_refused_by_its_own_error(tmp_path: Path, reader: str, text: str) -> None:
    """All files of tables go through one reader, and each has the error of its owner."""
    error, read = READERS[reader]
    path = written(tmp_path, text)

    with pytest.raises(error) as caught:
        read(path)

    assert type(caught.value) is error
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
