"""The layout of a folder of training data: its splits, and which pictures are A and which B.

The usual words for splits and sides are recognised, in any case and with any separator (`trainA`, `Train/Input`,
`val_masks`). Hidden files and files that belong to no pair are ignored. Every decision is kept in words, to be shown
before training starts.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from pix2pix.errors import DataError
from pix2pix.files import is_hidden
from pix2pix.pairs.halves import hold_two_halves
from pix2pix.pictures.images import picture_suffixes

SPLIT_WORDS = {
    "train": {"train", "training", "trn"},
    "val": {"val", "valid", "validation", "validate", "dev", "eval", "evaluation"},
    "test": {"test", "testing", "tst"},
}
A_WORDS = {
    "a", "x", "in", "input", "inputs", "source", "sources", "src", "from", "left", "before", "condition", "conditions",
    "conditioning", "noisy", "noise", "degraded", "blur", "blurred", "blurry", "rain", "rainy", "hazy", "haze", "low",
    "lowres", "lr", "lq", "grey", "gray", "edge", "edges", "line", "lines", "lineart", "sketch", "sketches", "drawing",
    "drawings", "outline", "outlines", "damaged", "masked",
}  # fmt: skip
B_WORDS = {
    "b", "y", "out", "output", "outputs", "target", "targets", "tgt", "to", "right", "after", "gt", "gts", "truth",
    "truths", "groundtruth", "reference", "clean", "sharp", "clear", "high", "highres", "hr", "hq", "color", "colour",
    "colors", "colours", "result", "results",
}  # fmt: skip
# A side only in combination: photos are the targets of sketches, and the inputs of masks.
PICTURE_WORDS = {"image", "images", "img", "imgs", "jpegimages", "photo", "photos", "picture", "pictures"}
LABEL_WORDS = {"mask", "masks", "label", "labels", "annotation", "annotations", "seg", "segmentation", "semantic"}
FILLERS = {"set", "data", "dataset", "folder", "dir", "ground"}
DEEPEST = 8  # deepest level of nested folders
LISTED = 5  # names listed in a sentence
BY_NAME = "by their names"
FIRST_BY_NAME = "the first by name; --direction BtoA swaps them"


@dataclass
class Split:
    """The files of one split: A and B of each pair, or one picture that holds both or from which A is made.

    Attributes:
        names: names of the pairs, for people.
        keys: names of the pairs without suffixes.
        words: description of A and B, for people.
    """

    files: list[tuple[Path, ...]]
    names: list[str]
    keys: list[str]
    words: str


@dataclass
class Layout:
    """The contents of a folder.

    Attributes:
        splits: splits by name: "train", "val" and "test", or the folder's name, or "" where nothing is split.
        ignored: ignored files, in words.
    """

    splits: dict[str, Split] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)


@dataclass
class Folder:
    """A folder with pictures in it or below it."""

    path: Path
    pictures: list[Path] = field(default_factory=list)
    folders: dict[str, Folder] = field(default_factory=dict)  # folders with pictures, by name
    others: Counter[str] = field(default_factory=Counter)  # other files, in words

    def all_pictures(self) -> list[Path]:
        """The folder's own pictures, then those of its folders."""
        return self.pictures + [path for folder in self.folders.values() for path in folder.all_pictures()]

    def all_others(self) -> Counter[str]:
        return sum((folder.all_others() for folder in self.folders.values()), self.others)


def read_layout(root: Path, make: bool = False) -> Layout:
    """Read the layout of the folder `root`.

    Args:
        make: whether A is made from photos, so that there is no B to look for.

    Raises:
        DataError: there are no pictures, or their layout is not recognised; the message lists what was found.
    """
    top = folder = look_into(root)
    while len(folder.folders) == 1 and not split_of(*folder.folders):
        (inner,) = folder.folders.values()
        if 10 * len(folder.pictures) > len(inner.all_pictures()):
            break
        folder = inner
    if not folder.pictures and not folder.folders:
        raise DataError(
            f"The folder {printable(root)} holds no pictures{found_words(folder)}: put pairs there, {layouts(root)}."
        )
    splits = read_splits(folder, make)
    if not splits:
        raise DataError(
            f"{printable(root)} holds no pairs that are recognised{found_words(folder)}: put them there "
            f"{layouts(root)}."
        )
    used = {path for split in splits.values() for files in split.files for path in files}
    return Layout(splits, ignored_words(top, used))


def look_into(path: Path, depth: int = 0) -> Folder:
    """A folder's visible pictures and folders, at all levels."""
    folder = Folder(path)
    suffixes = picture_suffixes()
    try:
        entries = sorted(os.scandir(path), key=lambda entry: entry.name)
    except OSError as error:
        raise DataError(
            f"The folder {printable(path)} cannot be read ({error.strerror}): change its permissions, or move it away."
        ) from None
    for entry in entries:
        suffix = os.path.splitext(entry.name)[1].lower()
        if is_hidden(entry.name):
            folder.others["hidden files" if entry.is_file() else f"{printable(entry.name)}/"] += 1
        elif entry.is_dir():
            if depth < DEEPEST:
                inner = look_into(Path(entry.path), depth + 1)
                if inner.pictures or inner.folders:
                    folder.folders[entry.name] = inner
                else:
                    folder.others += inner.others
        elif suffix in suffixes:
            folder.pictures.append(Path(entry.path))
        else:
            folder.others[f"{suffix} files" if suffix else "files without a suffix"] += 1
    return folder


def read_splits(folder: Folder, make: bool) -> dict[str, Split]:
    """The splits named by a folder's own folders. Without a "train", also the pairs that are not split."""
    whole: dict[str, Folder] = {}  # a split in one folder
    sided: dict[str, Folder] = {}  # a split in several folders: trainA and trainB, train_images and train_masks
    rest = Folder(folder.path, folder.pictures)
    # A folder whose name is only the word takes precedence over another of the same split.
    for name, inner in sorted(folder.folders.items(), key=lambda item: (len(item[0]), item[0])):
        if not (split := split_of(name)):
            rest.folders[name] = inner
        elif side_of(name):
            sided.setdefault(split, Folder(folder.path)).folders[name] = inner
        else:
            whole.setdefault(split, inner)
    splits: dict[str, Split] = {}
    for split, sides in sided.items():
        if not make and (pair := choose_sides(sides)):
            splits[split] = twins(*pair)
        elif len(sides.folders) == 1:
            whole.setdefault(split, *sides.folders.values())
    if not make and (pair := choose_sides(rest)):  # A/train with B/train
        a, b = ({split_of(name): inner for name, inner in side.folders.items()} for side in pair[:2])
        both = {split: (a[split], b[split]) for split in a if split and split in b}
        splits.update({split: twins(*found, pair[2]) for split, found in both.items()})
        if both:
            rest = Folder(folder.path)
    for split, inner in sorted(whole.items(), key=lambda item: item[0] != "train"):
        # Inputs alone, as in a test split without targets, belong to no pair.
        if split not in splits and (found := read_split(inner, make, paired="train" in splits and split != "train")):
            splits[split] = found
    if "train" not in splits and (found := read_split(rest, make)):
        splits[""] = found
    return splits


def read_split(folder: Folder, make: bool, paired: bool = False) -> Split | None:
    """The pairs of a folder that holds one split; None where none are recognised.

    Args:
        paired: whether other splits hold pairs, so that single photos here are ignored.

    Raises:
        DataError: its pictures are single photos, or a picture has no partner.
    """
    if make:
        return singles(folder, folder.all_pictures(), "photos from which A is made") if folder.all_pictures() else None
    while not folder.pictures and len(folder.folders) == 1:
        (folder,) = folder.folders.values()
    if sides := choose_sides(folder):
        a, b, why = sides
        if not folder.pictures or why == BY_NAME or match(a, b):
            return twins(*sides)
    pictures = folder.pictures or folder.all_pictures()
    if not pictures:
        return None
    if pairs := beside_each_other(pictures):
        return pairs
    if hold_two_halves(pictures):
        return singles(folder, pictures, "pictures with A and B side by side, A on the left")
    if paired or not folder.pictures:
        return None
    raise DataError(
        f"The pictures in {printable(folder.path)} look like single photos, not like A and B side by side: add "
        "--make edges or --make lightness to train on photos alone, or put pairs there "
        f"{layouts(folder.path)}."
    )


def choose_sides(folder: Folder) -> tuple[Folder, Folder, str] | None:
    """The folders of A and B within a folder, and how they were recognised; None where they are not."""
    known: dict[str, list[str]] = {"A": [], "B": [], "picture": [], "label": [], "": []}
    for name in folder.folders:
        known[side_of(name)].append(name)
    a, b, pictures, labels = known["A"], known["B"], known["picture"], known["label"]
    names = [name for group in known.values() for name in group]
    chosen, why = None, BY_NAME
    if len(a) == 1 and len(b) == 1:
        chosen = (a[0], b[0])
    elif len(names) == 2 and (len(a) == 1 or len(b) == 1):
        (other,) = {*names} - {*a, *b}
        chosen = (a[0], other) if a else (other, b[0])
    elif len(a) == 1 and not b and len(pictures) == 1:
        chosen = (a[0], pictures[0])
    elif len(b) == 1 and not a and len(pictures) == 1:
        chosen = (pictures[0], b[0])
    else:
        why = FIRST_BY_NAME
        if len(names) == 2:
            chosen = (min(names), max(names))
        elif len(pictures) == 1 and len(labels) == 1:
            chosen = (min(pictures + labels), max(pictures + labels))
        elif len(names) > 2:
            matching = [pair for pair in combinations(sorted(names), 2) if match(*(folder.folders[n] for n in pair))]
            chosen = matching[0] if len(matching) == 1 else None
    return (folder.folders[chosen[0]], folder.folders[chosen[1]], why) if chosen else None


def match(a: Folder, b: Folder) -> bool:
    """Whether every picture in two folders has a partner in the other."""
    one, other = ({key_of(path, side.path) for path in side.all_pictures()} for side in (a, b))
    return one == other


def twins(a: Folder, b: Folder, why: str) -> Split:
    """The pictures of two folders that have the same name, whatever their suffixes.

    If that fails, names may also differ in case, or in the words for their sides (`1_input.png`, `1_target.png`).

    Raises:
        DataError: a file has no partner, or more than one.
    """
    a_files, b_files = a.all_pictures(), b.all_pictures()
    for folder, found in ((a, a_files), (b, b_files)):
        double = [key for key, count in Counter(key_of(path, folder.path) for path in found).items() if count > 1]
        if double:
            raise DataError(
                f"{printable(folder.path)} holds {printable(double[0])} more than once, with several suffixes: "
                "keep one."
            )
    best: tuple[dict[str, Path], dict[str, Path]] = ({}, {})
    for simplify in (str, str.casefold, without_sides):
        keyed = tuple(
            {simplify(key_of(path, folder.path)): path for path in found}
            for folder, found in ((a, a_files), (b, b_files))
        )
        whole = len(keyed[0]) == len(a_files) and len(keyed[1]) == len(b_files)
        if whole and (not best[0] or len(keyed[0].keys() & keyed[1].keys()) > len(best[0].keys() & best[1].keys())):
            best = (keyed[0], keyed[1])
    a_by_key, b_by_key = best
    alone = [a_by_key.get(key) or b_by_key[key] for key in sorted(a_by_key.keys() ^ b_by_key.keys())]
    if alone:
        raise DataError(
            f"Some files of {printable(a.path)} and {printable(b.path)} have no partner of the same name "
            f"({listed(alone, 10)}): add the partners, or remove these files."
        )
    keys = sorted(a_by_key, key=lambda key: key_of(a_by_key[key], a.path))
    files: list[tuple[Path, ...]] = [(a_by_key[key], b_by_key[key]) for key in keys]
    where = Path(os.path.commonpath([a.path, b.path]))
    words = f"A in {printable(a.path.relative_to(where))}, B in {printable(b.path.relative_to(where))} ({why})"
    names = [printable(path.relative_to(a.path)) for path, _ in files]
    return Split(files, names, [key_of(path, a.path) for path, _ in files], words)


def beside_each_other(pictures: Sequence[Path]) -> Split | None:
    """Pairs of files in one folder: `1_A.png` with `1_B.png`, or `1.jpg` with `1.png`. None if a file has no
    partner."""
    by_key: dict[str, dict[str, Path]] = {}
    suffixes = [path.suffix.lower() for path in pictures]
    for path in pictures:
        key, side = printable(path.stem), path.suffix.lower()
        tokens = words_of(path.stem)
        if tokens and side_of(tokens[-1]) in ("A", "B", "label", "picture"):
            name = key[: -len(tokens[-1])].rstrip("_-. ")
            if name:  # `a` alone is a name, not a side
                key, side = name, tokens[-1]
        by_key.setdefault(f"{path.parent}/{key}", {})[side] = path
    sides = Counter(side for found in by_key.values() for side in found)
    if len(sides) != 2 or any(len(found) != 2 for found in by_key.values()) or sum(sides.values()) != len(suffixes):
        return None
    known = {side: side_of(side) for side in sides}
    first, second = sorted(sides)
    if known[first] == "B" or known[second] == "A":
        first, second = second, first
    files = [(found[first], found[second]) for _, found in sorted(by_key.items())]
    words = f"A and B in files beside each other, A ending in {first}, B in {second}"
    keys = [printable(a.stem) for a, _ in files]
    return Split(list(files), [printable(a.name) for a, _ in files], keys, words)


def singles(folder: Folder, pictures: Sequence[Path], words: str) -> Split:
    names = [printable(path.relative_to(folder.path)) for path in pictures]
    return Split([(path,) for path in pictures], names, [key_of(path, folder.path) for path in pictures], words)


def words_of(name: str) -> list[str]:
    """The words in a name: `trainInput_2` gives train and input."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def split_of(*names: str) -> str:
    """The split that all of these names indicate, or ""."""
    found = set()
    for name in names:
        tokens = [word for word in words_of(name) if word not in FILLERS]
        first = tokens[0] if tokens else ""
        splits = {split for split, words in SPLIT_WORDS.items() if words & {*tokens}}
        rest = [word for word in tokens if not any(word in words for words in SPLIT_WORDS.values())]
        if not splits and len(tokens) == 1:  # traina, TESTB
            splits = {split for split in SPLIT_WORDS if first in (f"{split}a", f"{split}b")}
            rest = []
        known = all(side_of(word) for word in rest)
        found.add(splits.pop() if len(splits) == 1 and known else "")
    return found.pop() if len(found) == 1 else ""


def side_of(name: str) -> str:
    """The side that a name indicates: "A" or "B"; "picture" or "label", which depend on the other side; or ""."""
    tokens = words_of(name)
    if "to" in tokens[1:-1] or re.search("[a-z]2[a-z]", name):  # a task such as edges2shoes, not a side
        return ""
    if len(tokens) == 1 and tokens[0][:-1] in SPLIT_WORDS and tokens[0][-1] in "ab":
        return tokens[0][-1].upper()
    for side, words in (("A", A_WORDS), ("B", B_WORDS), ("label", LABEL_WORDS), ("picture", PICTURE_WORDS)):
        if words & {*tokens}:
            return side
    return ""


def key_of(path: Path, folder: Path) -> str:
    """A picture's name in its folder, without its suffix. Accents are normalised, since macOS writes them
    differently."""
    return unicodedata.normalize("NFC", str(path.relative_to(folder).with_suffix("")))


def without_sides(key: str) -> str:
    """A name in lower case, without the words for sides at its beginning and end."""
    tokens = [token for token in re.split(r"[_\-. ]+", key.casefold()) if token]
    kept = [token for token in tokens if not side_of(token)]
    return "_".join(kept or tokens)


def printable(name: str | Path) -> str:
    """A name that can be written as UTF-8, whatever bytes are on disk."""
    return str(name).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def listed(paths: Sequence[str | Path], most: int = LISTED) -> str:
    """The first names, separated by commas, and the number of others."""
    more = f" and {len(paths) - most:,} more" if len(paths) > most else ""
    return ", ".join(printable(path) for path in paths[:most]) + more


def layouts(root: Path) -> str:
    """Two supported layouts, in words."""
    here = printable(root)
    return f"as {here}/input/1.png with {here}/target/1.png, or as {here}/1.png with A and B side by side in it"


def found_words(folder: Folder) -> str:
    """A folder's contents, in words for a sentence."""
    found = [f"{printable(name)}/ ({len(inner.all_pictures()):,} pictures)" for name, inner in folder.folders.items()]
    found += [f"{len(folder.pictures):,} pictures"] if folder.pictures else []
    found += [f"{count} {what}" if not what.endswith("/") else what for what, count in sorted(folder.others.items())]
    return f" (found: {', '.join(found[:10])})" if found else ""


def ignored_words(folder: Folder, used: set[Path]) -> list[str]:
    """The files of a folder that belong to no pair, in words."""
    others = folder.all_others()
    words = [what if what.endswith("/") else f"{count} {what}" for what, count in sorted(others.items())]
    unused = [path for path in folder.all_pictures() if path not in used]
    by_folder = Counter(printable(path.parent.relative_to(folder.path)) for path in unused)
    return words + [
        f"{count} pictures in {'the folder itself' if where == '.' else where + '/'}"
        for where, count in sorted(by_folder.items())
    ]
