"""Names of files that data has, the folder that they are in, and what a terminal is told."""

from __future__ import annotations

import dataclasses
import io
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sockproof.commands.visible_console import VisibleConsole
from sockproof.errors import RecordError
from sockproof.file_names import LONGEST, file_name
from sockproof.output_folder import OutputFolder
from sockproof.record.merging import merge
from sockproof.standard_streams import VisibleStream
from sockproof.visible_text import visible
from suites.selftest.small_records import MUST, of, write

NAME = re.compile(r"[\w+][\w.+-]{0,99}\Z", re.ASCII)
TEXTS = st.text(st.characters(exclude_categories=()), max_size=2 * LONGEST)


@given(TEXTS)
def test_name_of_a_file_is_of_one_alphabet(text: str) -> None:
    """Whatever it is made of; a name that is one already stays, and one that was made is one."""
    name = file_name(text)

    assert NAME.match(name)
    assert (name == text) is bool(NAME.match(text))
    assert file_name(name) == name


def test_texts_that_lose_something_have_names_of_their_own() -> None:
    """Also where what is left of them is the same."""
    texts = ["a/b", "a\\b", "a\0b", "a b", "", "/", "..", "../..", ".", "x" * 101, "x" * 102, "-a"]

    names = {file_name(text, ".jsonl") for text in texts}

    assert len(names) == len(texts)
    assert {Path(name).suffix for name in names} == {".jsonl"}


def test_two_records_are_never_one_file(tmp_path: Path) -> None:
    """Somebody may know what a name is made to be, and call himself so."""
    one = write(tmp_path / "1", "3.13.0", [of(MUST)], iut=file_name("a/b"))
    other = write(tmp_path / "2", "3.13.0", [of(MUST)])
    told = {**other.header, "implementation": {**other.header["implementation"], "id": "a/b"}}

    with pytest.raises(RecordError, match="would be one file, a_b-"):
        merge([one, dataclasses.replace(other, header=told)], tmp_path / "out")


def _written(folder: OutputFolder, name: str) -> None:
    folder.write(name, "new")


def _created(folder: OutputFolder, name: str) -> None:
    with folder.create(name) as file:
        file.write(b"new")


@pytest.mark.parametrize("put", [_written, _created])
def test_nothing_in_the_way_leads_out(
    put: Callable[[OutputFolder, str], None], tmp_path: Path
) -> None:
    """A link, a link to nothing and a pipe are replaced; a plain file keeps its mode."""
    (victim := tmp_path / "victim").write_text("mine")
    place = tmp_path / "out"
    place.mkdir()
    (place / "link").symlink_to(victim)
    (place / "dangling").symlink_to(tmp_path / "made")
    os.mkfifo(place / "pipe")
    (place / "plain").write_text("old")
    (place / "plain").chmod(0o640)

    for name in ("link", "dangling", "pipe", "plain"):
        put(OutputFolder(place), name)

    assert victim.read_text() == "mine"
    assert not (tmp_path / "made").exists()
    assert {path.read_text() for path in place.iterdir()} == {"new"}
    assert stat.S_IMODE((place / "plain").stat().st_mode) == 0o640


@pytest.mark.parametrize("put", [_written, _created])
def test_folder_is_opened_once(put: Callable[[OutputFolder, str], None], tmp_path: Path) -> None:
    """Who puts another into its place meanwhile gets nothing."""
    place, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder = OutputFolder(place)
    put(folder, "first")
    place.rename(tmp_path / "away")
    place.symlink_to(elsewhere)

    put(folder, "second")

    assert list(elsewhere.iterdir()) == []
    assert {path.name for path in (tmp_path / "away").iterdir()} == {"first", "second"}


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "a\0b", "/x"])
def test_name_that_is_none_is_refused(name: str, tmp_path: Path) -> None:
    """Even if it was made by nobody's function."""
    with pytest.raises(RecordError, match="is no name of a file"):
        OutputFolder(tmp_path).write(name, "x")


@given(TEXTS)
def test_what_is_visible_stays(text: str) -> None:
    """Made visible it is printable, but for tabs and line feeds, and once is enough."""
    seen = visible(text)

    assert visible(seen) == seen
    assert re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e]", seen) is None


@given(TEXTS)
def test_stream_and_console_print_visible_text(text: str) -> None:
    """A stream is told what is visible; a console adds styles, and those are all it adds."""
    octets, plain = io.BytesIO(), io.StringIO()
    stream = VisibleStream(octets, encoding="utf-8", newline="\n", write_through=True)

    stream.write(text)
    VisibleConsole(plain, soft_wrap=True, width=None).print(text)

    assert octets.getvalue().decode() == visible(text)
    assert visible(plain.getvalue()) == plain.getvalue()
