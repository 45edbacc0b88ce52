"""What each command imports, so that none starts slower unnoticed: the lists are in imports.json.

    python tests/test_start.py

writes the lists anew. Look at the difference before you commit it.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from conftest import ROOT, assemble, git

EXPECTED = Path(__file__).with_name("imports.json")

# The calls, each with the package that an extra gives it. Left out are --watch, which does not end, and
# site and the formats `tables` and `junit`, whose packages import much that happens to be there.
CALLS = {
    "--help": "",
    "validate": "",
    "validate data/places/baku.yaml": "",
    "validate --since HEAD": "",
    "validate --format sarif": "",
    "query": "",
    "query contacts-by-format": "",
    "query contacts-by-format --format csv": "",
    "show contacts/2017-02-16-azerbaijan": "",
    "build": "",
    "build --format graphml": "",
    "build --format croissant": "",
    "build --format schema.org": "",
    "build --format rdf12": "",
    "coverage": "",
    "explain": "",
    "explain shape/label": "",
    "new place sochi": "",
    "new source article.txt": "syntok",
    "diff HEAD": "",
    "schema": "",
    "serve --timeout 0": "",
    "publish --to nowhere": "requests",
}
# These are asked for what cannot be, so that they end once everything is imported.
REFUSED = {"serve --timeout 0", "publish --to nowhere"}

# Parts of the standard library that take 3 ms or more beyond what all commands but --help have.
HEAVY = set(
    """
    asyncio concurrent.futures concurrent.futures.process concurrent.futures.thread email.message
    email.parser email.utils http.client http.server importlib.metadata logging multiprocessing pdb
    ssl unittest urllib.request xmlrpc.client
    """.split()
)

# What is not held: modules that compiled packages name by a version or a hash, and packages that
# tabulate, requests and urllib3 import where they are installed.
_UNHELD = re.compile(
    r"_cython_.*|cython_runtime|.*__mypyc|wcwidth|brotli.*|chardet|simplejson|socks|zstandard"
)

_CHILD = """
import sys
before = set(sys.modules)
report, *arguments = sys.argv[1:]
from mil2mil.cli import main
try:
    code = main(arguments)
except SystemExit as end:
    code = end.code
with open(report, "w") as stream:
    print(*sorted(sys.modules.keys() - before), sep="\\n", file=stream)
sys.exit(code)
"""


def prepare(folder: Path) -> Path:
    """Make a dataset in a folder: the valid one with one question, committed; and an article."""
    assemble(folder)
    questions = folder / "validation" / "questions"
    questions.mkdir()
    for ending in ("rq", "csv"):
        shutil.copy(ROOT / f"validation/questions/contacts-by-format.{ending}", questions)
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "valid")
    (folder / "article.txt").write_text("They met in Baku.\n", encoding="utf-8")
    return folder


def imports(call: str, prepared: Path, copy: Path) -> dict[str, list[str]]:
    """What a call imports in a copy of the dataset: our modules, packages of others, heavy modules."""
    shutil.copytree(prepared, copy)
    report = copy / "modules.txt"
    child = [sys.executable, "-P", "-c", _CHILD, str(report), *call.split()]
    done = subprocess.run(child, cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == (2 if call in REFUSED else 0), done.stdout + done.stderr
    modules = report.read_text(encoding="utf-8").split()
    packages = {module.partition(".")[0] for module in modules} - sys.stdlib_module_names - {"mil2mil"}
    return {
        "ours": [name.removeprefix("mil2mil.") for name in modules if name.startswith("mil2mil.")],
        "others": sorted(name for name in packages if not _UNHELD.fullmatch(name)),
        "heavy": sorted(HEAVY.intersection(modules)),
    }


def expected() -> dict[str, dict[str, list[str]]]:
    calls = json.loads(EXPECTED.read_text(encoding="utf-8"))
    return {
        call: {kind: names.split() for kind, names in kinds.items()} for call, kinds in calls.items()
    }


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare(tmp_path_factory.mktemp("start") / "dataset")


@pytest.mark.parametrize("call", CALLS)
def test_imports(call: str, prepared: Path, tmp_path: Path) -> None:
    if CALLS[call]:
        pytest.importorskip(CALLS[call])
    found, changes = imports(call, prepared, tmp_path / "dataset"), []
    for kind, names in expected()[call].items():
        changes += [f"{kind}: {name} is new" for name in found[kind] if name not in names]
        if kind != "heavy":  # what those import of each other differs between versions of Python
            changes += [f"{kind}: {name} is gone" for name in names if name not in found[kind]]
    told = "\n  ".join([f"mil2mil {call}", *changes])
    assert not changes, f"{told}\nIf this is meant, renew the lists: python tests/test_start.py"


def test_each_call_has_its_list() -> None:
    assert list(expected()) == list(CALLS)


def test_no_common_command_imports_what_only_some_need() -> None:
    """The lists can be renewed; this cannot be overlooked."""
    slow = {"altair", "edtf", "pandas", "pyshacl", "rdflib", "requests", "watchfiles"}
    for call, kinds in expected().items():
        assert call.startswith("publish") or not slow.intersection(kinds["others"]), call
        assert call.startswith(("serve", "publish")) or "http.client" not in kinds["heavy"], call


def renew() -> None:
    with tempfile.TemporaryDirectory() as folder:
        prepared = prepare(Path(folder) / "prepared")
        calls = {}
        for number, call in enumerate(CALLS):
            found = imports(call, prepared, Path(folder) / str(number))
            calls[call] = {kind: " ".join(names) for kind, names in found.items()}
    EXPECTED.write_text(json.dumps(calls, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    renew()
