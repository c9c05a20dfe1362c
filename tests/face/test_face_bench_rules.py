"""Which comparisons each rule makes, on templates of persons who are far apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from kiosk.errors import UsageError
from kiosk.face.bench import listing, rules
from kiosk.face.bench.gallery import Enrolled, Gallery
from kiosk.face.bench.listing import UNKNOWN, Listing, from_csv
from kiosk.face.bench.rules import Block, Rule
from kiosk.face.verdict import Measure

HEAD = "set,same_person,file_a,file_b\n"


def silent(_line: str) -> None:
    """For runs whose notices are not looked at."""


def listed(tmp_path: Path, text: str | bytes, notices: list[str] | None = None) -> Listing:
    path = tmp_path / "pairs.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return from_csv(path, silent if notices is None else notices.append)


def gallery(named: Listing, *, unusable: Iterable[str] = (), lost: Iterable[str] = ()) -> Gallery:
    """Each person along an axis of their own."""
    count = len(named.files)
    templates = np.zeros((count, 128), np.float32)
    templates[np.arange(count), np.where(named.person_of == UNKNOWN, 127, named.person_of)] = 1.0
    outcome = np.array([Enrolled.NO_FACE if name in set(lost) else Enrolled.DONE for name in named.files], np.uint8)
    usable = np.array([name not in {*unusable, *lost} for name in named.files])
    none = np.zeros(0)
    return Gallery(templates, outcome, usable, Counter(), none, none)


def totals(blocks: Iterable[Block]) -> tuple[int, int]:
    """(mated, non-mated); checks on the way that likeness and label agree."""
    mated = others = 0
    for _, likeness, same in blocks:
        assert np.array_equal(likeness > 0.9, same)
        mated += int(same.sum())
        others += int((~same).sum())
    return mated, others


def folders(tmp_path: Path, persons: dict[str, int]) -> Path:
    for name, count in persons.items():
        (tmp_path / name).mkdir(parents=True)
        for number in range(count):
            (tmp_path / name / f"{number}.PNG").touch()
    return tmp_path


# -- lists of pairs --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "x,1,a/1.png,a/2.png\nx,0,a/1.png,b/1.png\n",
        "\ufeff" + HEAD + "x,1,a/1.png,a/2.png\nx,0,a/1.png,b/1.png\n",
        (HEAD + "x,1,a/1.png,a/2.png\nx,0,a/1.png,b/1.png").replace("\n", "\r\n"),
        "id, Same_Person ,file_a,note,file_b,set\n7,yes,a/1.png,hm,./a/2.png,x\n\n8,False,a/1.png,,b\\1.png,x\n",
    ],
    ids=["plain", "byte order mark", "CRLF", "other columns in another order"],
)
def test_a_list_is_read_however_it_was_written(tmp_path: Path, text: str) -> None:
    named = listed(tmp_path, text)
    assert named.files == ("a/1.png", "a/2.png", "b/1.png")
    assert named.same.tolist() == [True, False]
    assert named.person_of.tolist() == [0, 0, UNKNOWN]
    assert named.sets == ("x",)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "must name the columns set, same_person, file_a, file_b; set, same_person, file_a, file_b is missing"),
        ("set,same,file_a,file_b\n", "same_person is missing"),
        ("a.png,b.png,1\n", "must name the columns"),
        (HEAD, "has no pair that can be compared"),
        (b"\xff\xfe" + HEAD.encode("utf-16-le"), "is not UTF-8 at byte 0"),
        (HEAD + 'x,1,"' + "a" * 200_000, "is not CSV"),
    ],
)
def test_a_list_that_is_none_is_one_sentence(tmp_path: Path, text: str | bytes, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence) as error:
        listed(tmp_path, text)
    assert "\n" not in str(error.value)


def test_a_row_that_cannot_be_used_costs_one_line(tmp_path: Path) -> None:
    notices: list[str] = []
    rows = "x,1,a,b\nx,maybe,a,b\nx,1\nx,0,,b\nx,1,a,./a\nx,0,a,c\0\nx,0,a,c\n"
    named = listed(tmp_path, HEAD + rows, notices)
    assert (len(named.same), named.bad_rows) == (2, 5)
    assert [notice.split(":")[0] for notice in notices] == [f"pairs.csv, line {number}" for number in (3, 4, 5, 6, 7)]


def test_files_that_rows_chain_together_are_one_persons(tmp_path: Path) -> None:
    named = listed(tmp_path, HEAD + "x,1,a,b\nx,1,d,e\nx,1,c,b\nx,0,f,a\n")
    person = dict(zip(named.files, named.person_of.tolist(), strict=True))
    assert person["a"] == person["b"] == person["c"] != person["d"] == person["e"]
    assert person["f"] == UNKNOWN
    assert named.persons == 2


# -- folders ---------------------------------------------------------------------------------------------------------


def test_every_folder_is_a_person(tmp_path: Path) -> None:
    root = folders(tmp_path, {"ann": 3, "bob": 2, ".cache": 4})
    (root / "ann" / "notes.txt").touch()
    (root / "empty").mkdir()
    named = listing.from_folders(root, 100, silent)
    assert named.files == ("ann/0.PNG", "ann/1.PNG", "ann/2.PNG", "bob/0.PNG", "bob/1.PNG")
    assert int(named.same.sum()) == 3 + 1
    assert int((~named.same).sum()) == 6
    assert named.person_of.tolist() == [0, 0, 0, 1, 1]


def test_impostor_pairs_are_drawn_the_same_every_time_and_none_twice(tmp_path: Path) -> None:
    root = folders(tmp_path, {f"p{number}": 3 for number in range(20)})
    one, other = (listing.from_folders(root, 200, silent) for _ in range(2))
    drawn = np.stack([one.first, one.second], axis=1)[~one.same]
    assert len(drawn) == 200 == len(np.unique(drawn, axis=0))
    assert np.all(one.person_of[drawn[:, 0]] != one.person_of[drawn[:, 1]])
    assert np.array_equal(one.second, other.second)


def test_what_does_not_look_like_persons_is_said(tmp_path: Path) -> None:
    root = folders(tmp_path, {"set/ann": 2, "set/bob": 2, "cleo": 1})
    (root / "loose.jpg").touch()
    notices: list[str] = []
    listing.from_folders(root, None, notices.append)
    assert [notice.split(": ")[1].split()[0] for notice in notices] == ["2", "1"]


def test_one_folder_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least two folders"):
        listing.from_folders(folders(tmp_path, {"ann": 3}), None, silent)


# -- rules -----------------------------------------------------------------------------------------------------------


def test_single_compares_the_listed_pairs_that_have_both_faces(tmp_path: Path) -> None:
    named = listed(tmp_path, HEAD + "x,1,a1,a2\ny,1,b1,b2\nx,0,a1,b1\nx,0,a2,b1\n")
    assert totals(rules.single(named, gallery(named), Measure.COSINE)) == (2, 2)
    assert totals(rules.single(named, gallery(named, lost=["b1"]), Measure.COSINE)) == (1, 0)
    numbers = {number for number, _, _ in rules.single(named, gallery(named), Measure.COSINE)}
    assert [named.sets[number] for number in sorted(numbers)] == ["x", "y"]


def test_all_impostors_are_all_of_the_same_set(tmp_path: Path) -> None:
    rows = "x,1,a1,a2\nx,1,b1,b2\nx,1,b1,b3\ny,1,c1,c2\ny,1,d1,d2\nx,0,a1,nobody\n"
    named = listed(tmp_path, HEAD + rows)
    assert totals(rules.single_impostors(named, gallery(named), Measure.COSINE)) == (0, 2 * 3 + 2 * 2)
    assert totals(rules.single_impostors(named, gallery(named, lost=["b3"]), Measure.COSINE)) == (0, 2 * 2 + 2 * 2)
    assert rules.person_pairs(named, gallery(named), Rule.SINGLE, all_impostors=True) == 2


def test_shipped_takes_the_mean_of_three_pictures_other_than_the_photo(tmp_path: Path) -> None:
    chain = "".join(f"x,1,a1,a{number}\n" for number in range(2, 5)) + "x,1,b1,b2\n"
    named = listed(tmp_path, HEAD + chain + "x,0,b1,a3\nx,0,a1,b1\n")
    files = gallery(named)
    # Three rows say the same comparison, a1 against a2, a3 and a4; b has too few pictures for a live side.
    assert totals(rules.shipped(named, files, Measure.COSINE, 3)) == (1, 1)
    assert rules.persons_allowing(named, files, 3) == 1
    assert rules.persons_allowing(named, gallery(named, unusable=["a4"]), 3) == 0
    assert totals(rules.shipped(named, gallery(named, unusable=["a4"]), Measure.COSINE, 3)) == (0, 1)


def test_the_mean_is_made_of_all_three(tmp_path: Path) -> None:
    named = listed(tmp_path, HEAD + "x,1,a1,a2\nx,1,a1,a3\nx,1,a1,a4\n")
    files = gallery(named)
    files.templates[named.files.index("a3")] = 0
    files.templates[named.files.index("a3"), 5] = 1.0
    ((_, likeness, _),) = rules.shipped(named, files, Measure.COSINE, 3)
    assert likeness == pytest.approx([2 / np.sqrt(5)])
    ((_, distance, _),) = rules.shipped(named, files, Measure.DISTANCE, 3)
    assert distance == pytest.approx([-np.sqrt(2) / 3])


def test_shipped_against_all_uses_groups_that_share_no_picture(tmp_path: Path) -> None:
    named = listing.from_folders(folders(tmp_path, {"ann": 7, "bob": 3, "cleo": 2}), None, silent)
    mated, others = totals(rules.shipped_all(named, gallery(named), Measure.COSINE, 3))
    assert mated == 7 * 2  # each photo of ann against two groups of the other six; bob and cleo have too few
    assert others == (3 + 2) * 2 + (7 + 2) * 1


def test_rows_that_contradict_the_chain_are_not_impostors(tmp_path: Path) -> None:
    named = listed(tmp_path, HEAD + "x,1,a1,a2\nx,1,a2,a3\nx,1,a3,a4\nx,0,a1,a4\n")
    assert totals(rules.shipped(named, gallery(named), Measure.COSINE, 3))[1] == 0
