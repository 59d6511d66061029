import os
import unicodedata
from pathlib import Path

import pytest

from sonify.errors import SonifyError
from sonify.watch.home import ERROR, Home, staged_file
from sonify.watch.inbox import Signature


@pytest.fixture
def home(tmp_path):
    with Home(tmp_path / "out") as home:
        yield home


def add(home, path):
    name = home.name(Path(path))
    home.state.add(Path(path), name)
    return name.as_posix()


def make(home, path, content="music", suffixes=(".mid", ".json")):
    record = home.state.get(Path(path))
    staged = home.stage()
    for suffix in suffixes:
        staged_file(staged, suffix).write_text(content + suffix)
    home.publish(staged, record, suffixes)
    home.state.done(record.path, "key", suffixes)
    home.discard(staged)


def files(home):
    return {
        file.relative_to(home.folder).as_posix()
        for file in home.folder.rglob("*")
        if ".sonify" not in file.parts
    }


def test_names_are_the_texts_own_as_far_as_they_are_free(home):
    assert add(home, "a/poem.txt") == "a/poem"
    assert add(home, "a/poem.epub") == "a/poem.epub"
    third = add(home, "a/POEM.EPUB")
    assert third.startswith("a/POEM.EPUB-") and len(third) == len("a/POEM.EPUB-") + 8
    assert add(home, "b/poem.txt") == "b/poem"


def test_names_that_some_file_systems_take_for_one_are_kept_apart(home):
    decomposed = unicodedata.normalize("NFD", "달빛.txt")
    assert add(home, "달빛.txt") == "달빛"
    assert add(home, decomposed) == decomposed
    assert add(home, "Straße.txt") == "Straße"
    assert add(home, "STRASSE.txt") == "STRASSE.txt"


@pytest.mark.parametrize("character", ["a", "달", "é", "👻"])
def test_a_name_leaves_room_for_every_suffix(home, character):
    width = len(character.encode())
    stem = character * (251 // width)
    cut = add(home, f"{stem}.txt")
    assert len(os.fsencode(cut + ERROR)) <= 255
    assert cut.startswith(character * (200 // width))
    assert add(home, f"{stem[:-1]}b.txt") != cut


def test_what_is_published_replaces_all_that_was_there(home):
    add(home, "a/poem.txt")
    home.write_error(Path("a/poem"), "why")
    make(home, "a/poem.txt", suffixes=(".mid", ".json", ".ogg"))
    assert files(home) == {"a", "a/poem.mid", "a/poem.json", "a/poem.ogg"}
    make(home, "a/poem.txt", "other")
    assert files(home) == {"a", "a/poem.mid", "a/poem.json"}
    assert (home.folder / "a/poem.mid").read_text() == "other.mid"


def test_a_renaming_can_be_taken_up_again(home):
    signature = Signature(1, 2, 3, 4)
    add(home, "a/poem.txt")
    home.state.see(Path("a/poem.txt"), signature, "content")
    make(home, "a/poem.txt")
    before = home.state.get(Path("a/poem.txt"))
    home.state.rename(before, Path("b/poem.txt"), Path("b/poem"))
    (home.folder / "b").mkdir()  # and one file was renamed when the watcher was killed
    (home.folder / "a/poem.mid").rename(home.folder / "b/poem.mid")
    (record,) = home.state.renaming()
    assert record.signature == signature and record.made == "key"
    home.rename(record)
    home.state.renamed(record.path)
    assert files(home) == {"b", "b/poem.mid", "b/poem.json"}
    assert not home.state.renaming()


def test_removing_takes_empty_folders_along(home):
    add(home, "a/b/poem.txt")
    add(home, "a/other.txt")
    make(home, "a/b/poem.txt")
    make(home, "a/other.txt")
    home.remove(home.state.get(Path("a/b/poem.txt")))
    assert files(home) == {"a", "a/other.mid", "a/other.json"}


def test_the_hidden_folder_is_cleared_at_the_start(tmp_path):
    with Home(tmp_path) as home:
        staged_file(home.stage(), ".mid").write_text("half")
        left = {file.name for file in (tmp_path / ".sonify").iterdir()}
        (tmp_path / "kept").mkdir()
        (tmp_path / ".sonify").rename(tmp_path / "kept" / ".sonify")
        (tmp_path / "kept" / ".sonify").rename(tmp_path / ".sonify")
        assert home.is_in_place()
    assert left == {"lock", "state.db", "unfinished"}
    assert {file.name for file in (tmp_path / ".sonify").iterdir()} == {"lock", "state.db"}


def test_a_folder_has_one_watcher(home):
    with pytest.raises(SonifyError, match=f"process {os.getpid()} on "), Home(home.folder):
        pass


def test_it_is_noticed_when_the_folder_isnt_the_one_that_was_locked(home, tmp_path):
    assert home.is_in_place()
    home.folder.rename(tmp_path / "elsewhere")
    assert not home.is_in_place()
    (home.folder / ".sonify").mkdir(parents=True)
    (home.folder / ".sonify" / "lock").touch()
    assert not home.is_in_place()
