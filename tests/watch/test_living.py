"""What a running watcher does with what happens in its inbox."""

import json
import os
import shutil
import unicodedata

import pytest

from tests.watch.watching import composed, poem


def name(folder, file):
    return f"{folder.name}/{file}"


def test_a_poem_gets_what_compose_makes_of_it(living, own):
    inbox, out = own
    (inbox / "달.txt").write_text(poem(1))
    living.expect("done", path=name(inbox, "달.txt"))
    assert (out / "달.mid").read_bytes() == composed(inbox / "달.txt")
    report = json.loads((out / "달.json").read_bytes())
    assert report["title"] == "달"
    assert sorted(file.name for file in out.iterdir()) == ["달.json", "달.mid"]


def test_a_file_isnt_taken_before_its_writer_has_closed_it(living, own):
    inbox, _ = own
    with (inbox / "slow.txt").open("w") as slow:
        slow.write(poem(2))
        slow.flush()
        (inbox / "quick.txt").write_text(poem(3))
        living.expect("done", path=name(inbox, "quick.txt"))
        for number in range(4, 7):  # so that the scanner has had the time
            (inbox / f"{number}.txt").write_text(poem(number))
            living.expect("done", path=name(inbox, f"{number}.txt"))
        slow.write(poem(7))
    done = living.expect("done", path=name(inbox, "slow.txt"))
    assert done["sentences"] == 8


def test_a_download_is_taken_when_it_is_renamed_into_place(living, own):
    inbox, out = own
    for suffix in (".part", ".crdownload", "~", ".swp"):
        (inbox / f"book.txt{suffix}").write_text(poem(10))
    (inbox / ".hidden.txt").write_text(poem(10))
    (inbox / "4913").write_text("")
    (inbox / "book.txt.part").rename(inbox / "book.txt")
    living.expect("done", path=name(inbox, "book.txt"))
    assert sorted(file.name for file in out.iterdir()) == ["book.json", "book.mid"]


def test_the_soundtrack_follows_a_renamed_text(living, own):
    inbox, out = own
    (inbox / "before.txt").write_text(poem(20))
    living.expect("done", path=name(inbox, "before.txt"))
    soundtrack = (out / "before.mid").read_bytes()
    (inbox / "deeper").mkdir()
    (inbox / "before.txt").rename(inbox / "deeper" / "after.txt")
    living.expect("renamed", path=name(inbox, "deeper/after.txt"))
    assert (out / "deeper" / "after.mid").read_bytes() == soundtrack
    assert [file.name for file in out.iterdir()] == ["deeper"]


def test_the_soundtrack_is_copied_with_the_text(living, own):
    inbox, out = own
    (inbox / "one.txt").write_text(poem(30))
    living.expect("done", path=name(inbox, "one.txt"))
    shutil.copy(inbox / "one.txt", inbox / "two.txt")
    living.expect("copied", path=name(inbox, "two.txt"))
    assert (out / "two.mid").read_bytes() == (out / "one.mid").read_bytes()
    assert (out / "two.json").read_bytes() == (out / "one.json").read_bytes()


def test_a_changed_text_has_another_soundtrack(living, own):
    inbox, out = own
    (inbox / "poem.txt").write_text(poem(40))
    living.expect("done", path=name(inbox, "poem.txt"))
    before = (out / "poem.mid").read_bytes()
    (inbox / "poem.txt").write_text(poem(41))
    living.expect("done", path=name(inbox, "poem.txt"))
    assert (out / "poem.mid").read_bytes() == composed(inbox / "poem.txt") != before


def test_the_soundtrack_of_a_deleted_text_stays(living, own):
    inbox, out = own
    (inbox / "poem.txt").write_text(poem(50))
    living.expect("done", path=name(inbox, "poem.txt"))
    (inbox / "poem.txt").unlink()
    living.expect("gone", path=name(inbox, "poem.txt"))
    assert (out / "poem.mid").is_file()


def test_what_cant_be_done_is_told_and_done_once_it_can(living, own):
    inbox, out = own
    (inbox / "poem.txt").write_bytes(b"")
    failed = living.expect("failed", path=name(inbox, "poem.txt"))
    assert (out / "poem.error.txt").read_text().strip() == failed["error"]
    assert "\n" not in failed["error"]
    (inbox / "poem.txt").write_text(poem(60))
    living.expect("done", path=name(inbox, "poem.txt"))
    assert sorted(file.name for file in out.iterdir()) == ["poem.json", "poem.mid"]


def test_texts_of_one_name_dont_fight(living, own):
    inbox, out = own
    (inbox / "poem.txt").write_text(poem(70))
    living.expect("done", path=name(inbox, "poem.txt"))
    (inbox / "poem.TXT").write_text(poem(71))
    living.expect("done", path=name(inbox, "poem.TXT"))
    assert sorted(file.name for file in out.iterdir()) == [
        "poem.TXT.json", "poem.TXT.mid", "poem.json", "poem.mid",
    ]  # fmt: skip
    assert (out / "poem.mid").read_bytes() == composed(inbox / "poem.txt")


def test_names_as_they_come(living, own):
    inbox, out = own
    longest = "가" * 83 + "ab.txt"
    assert len(os.fsencode(longest)) == 255
    names = [unicodedata.normalize("NFD", "달빛.txt"), "two\nlines.txt", longest, "a'b\"c$d.txt"]
    not_utf8 = os.fsdecode(b"caf\xe9.txt")
    (inbox / not_utf8).touch()
    assert "empty" in living.expect("failed", path=name(inbox, not_utf8))["error"]
    (inbox / not_utf8).write_text(poem(89))
    for number, file in enumerate(names):
        (inbox / file).write_text(poem(80 + number))
    living.expect_all("done", {name(inbox, file) for file in [*names, not_utf8]})
    made = {file.name for file in out.iterdir()}
    assert len(made) == 10
    assert {"two\nlines.mid", os.fsdecode(b"caf\xe9.json")} <= made
    assert unicodedata.normalize("NFD", "달빛.mid") in made


def test_a_folder_has_settings_of_its_own(living, own):
    inbox, out = own
    (inbox / "poem.txt").write_text(poem(90))
    living.expect("done", path=name(inbox, "poem.txt"))
    (inbox / "sub").mkdir()
    (inbox / "sonify.toml").write_text("seed = 7\nprogram = 11\n")
    living.expect("done", path=name(inbox, "poem.txt"))
    assert (out / "poem.mid").read_bytes() == composed(
        inbox / "poem.txt", "--seed", "7", "--program", "11"
    )
    (inbox / "sub" / "sonify.toml").write_text("seed = 8\n")
    living.expect("settings")
    (inbox / "sub" / "other.txt").write_text(poem(91))
    living.expect("done", path=name(inbox, "sub/other.txt"))
    assert (out / "sub" / "other.mid").read_bytes() == composed(
        inbox / "sub" / "other.txt", "--seed", "8", "--program", "11"
    )


@pytest.mark.parametrize(
    ("number", "settings", "complaint"),
    [
        (100, "seed = ", "isn't TOML"),
        (101, "sede = 3", "--sede=3"),
        (102, "seed = 'x'", "'x' is not a number"),
        (103, f"seed = {'9' * 5000}", "isn't TOML"),
        (104, "seed = " + "[" * 3000, "isn't TOML"),
        (105, 'major = "a\\u0000b"', "null character"),
    ],
)
def test_wrong_settings_are_told_beside_the_text(living, own, number, settings, complaint):
    inbox, out = own
    (inbox / "sonify.toml").write_text(settings)
    living.expect("settings")
    (inbox / "poem.txt").write_text(poem(number))
    failed = living.expect("failed", path=name(inbox, "poem.txt"))
    assert complaint in failed["error"] and "sonify.toml" in failed["error"]
    assert (out / "poem.error.txt").is_file()
    (inbox / "sonify.toml").unlink()
    living.expect("done", path=name(inbox, "poem.txt"))
    assert not (out / "poem.error.txt").exists()


def test_a_removed_soundtrack_is_made_again(living, own):
    inbox, out = own
    (inbox / "poem.txt").write_text(poem(93))
    living.expect("done", path=name(inbox, "poem.txt"))
    (out / "poem.mid").unlink()
    (inbox / "poem.txt").write_text(poem(93))
    living.expect("done", path=name(inbox, "poem.txt"))
    assert (out / "poem.mid").is_file()
