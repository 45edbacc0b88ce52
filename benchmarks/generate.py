"""Makes datasets of any size in the shape of the project's own, some of their records wrong.

The real records are copied under new ids. States, groups, places and craft stay as they are and are
shared by all copies, so what is referred to most is referred to ever more often. Some copies after
one another have offices and organisations of their own in common: more contacts mean more offices,
too, and not ever more contacts of the same. The same seed makes the same bytes.
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROJECT = Path(__file__).resolve().parents[1]
SHARED = {"states", "groups", "places", "craft"}
SHARED_BY_SOME = {"offices", "organisations"}
SOME = 8  # copies
_ID = re.compile(r"(?<![\w/.-])([a-z]+/[a-z0-9][a-z0-9.-]*[a-z0-9])(?![\w/-])")


def _misspell(text: str, rng: random.Random) -> str | None:
    references = list(re.finditer(r"(?m)^ +(?:- )?(?:office|official|speaker|place): (\S+)$", text))
    if not references:
        return None
    end = rng.choice(references).end()
    return f"{text[:end]}x{text[end:]}"


def _replace(pattern: str, new: str) -> Callable[[str, random.Random], str | None]:
    def way(text: str, _rng: random.Random) -> str | None:
        changed = re.sub(pattern, new, text, count=1)
        return None if changed == text else changed

    return way


# The ways in which a record is made wrong, each with the rule that finds it.
WAYS: dict[str, Callable[[str, random.Random], str | None]] = {
    "reader/dangling-reference": _misspell,
    "reader/unknown-value": _replace(r"(?m)^modality: \S+$", "modality: occured"),
    "reader/not-edtf": _replace(r"(?m)^date: .*$", "date: 2021-02-30"),
    "shape/label": _replace(r"(?m)^label: .*\n", ""),
    "shape/evidence": _replace(r"(?m)^evidence: (seeds/[^\s#]+)#s\d+$", r"evidence: \1"),
    "check/id-of-another-day": _replace(
        r"(?ms)^(id: \S*/20(\d\d-\d\d-\d\d)-.*?^date: )20\2$", r"\g<1>19\2"
    ),
    "check/altered-quotation": _replace(r"(?m)^( +(?:- )?words: .*?)e", r"\1E"),
}


def generate(
    folder: Path, records: int, *, seed: int = 0, wrong: float = 0.0, source: Path = PROJECT
) -> dict[str, str]:
    """Write a dataset of about so many records, in whole copies of the real one.

    `wrong` is the share of records that are made wrong. Returns the rule that each of those breaks,
    by the record's path.
    """
    for name in ("ontology", "validation"):
        shutil.copytree(source / name, folder / name)
    rng = random.Random(seed)
    broken: dict[str, str] = {}
    for path, text in _copies(source, records):
        if rng.random() < wrong:
            ways = list(WAYS)
            rng.shuffle(ways)
            for rule in ways:
                changed = WAYS[rule](text, rng)
                if changed is not None:
                    broken[path], text = rule, changed
                    break
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return broken


def _copies(source: Path, records: int) -> Iterator[tuple[str, str]]:
    files = sorted((*source.glob("data/*/*.yaml"), *source.glob("seeds/*.yaml")))
    texts = {file.relative_to(source).as_posix(): file.read_text(encoding="utf-8") for file in files}
    yield from texts.items()
    others = {path: text for path, text in texts.items() if path.split("/")[-2] not in SHARED}
    some = {path for path in others if path.split("/")[-2] in SHARED_BY_SOME}
    ids = {path.removeprefix("data/").removesuffix(".yaml"): path in some for path in others}
    number, written = 0, len(texts)
    while written < records:
        number += 1
        block = number - number % SOME  # the copy whose offices it has; 0 has the real ones

        def suffix(name: str, number: int = number, block: int = block) -> str:
            copy = block if ids[name] else number
            return f"-c{copy:06}" if copy else ""

        def rename(found: re.Match[str]) -> str:
            return found.group() + suffix(found.group()) if found.group() in ids else found.group()

        for path, text in others.items():
            if path in some and number != block:
                continue
            name = path.removeprefix("data/").removesuffix(".yaml")
            identifiers = re.sub(r"(entity/Q\d+)$", rf"\g<1>0{number:06}", text, flags=re.MULTILINE)
            yield path.replace(name, name + suffix(name)), _ID.sub(rename, identifiers)
            written += 1


def main() -> None:
    parser = argparse.ArgumentParser(description="Make a dataset in the shape of the real one.")
    parser.add_argument("folder", type=Path, help="where the dataset goes; must not be there yet")
    parser.add_argument("records", type=int, help="how many it has, in whole copies of the real one")
    parser.add_argument("--seed", type=int, default=0, help="of what is random, such as what is wrong")
    parser.add_argument("--wrong", type=float, default=0.0, help="share of wrong records, as 0.01")
    options = parser.parse_args()
    if options.folder.exists() and (not options.folder.is_dir() or any(options.folder.iterdir())):
        parser.error(f"{options.folder} is there already, and not an empty folder")
    if options.records < 1:
        parser.error("RECORDS is a number above 0")
    broken = generate(options.folder, options.records, seed=options.seed, wrong=options.wrong)
    print(f"{options.folder}: {len(broken)} records are wrong")


if __name__ == "__main__":
    main()
