"""The package as installed: it carries the dataset, and loads it with no network and no clone."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

# Fails on any connection, so that what runs after it needs none.
NO_NETWORK = """
import sys
def refuse(event, args):
    if event.startswith(("socket.connect", "socket.getaddrinfo", "urllib.Request")):
        raise SystemExit(f"{event} {args}")
sys.addaudithook(refuse)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package installed from its wheel."""
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert "mil2mil/py.typed" in names
    assert not any(name.startswith(("tests/", "src/")) for name in names)
    target = folder / "site"
    subprocess.run([*pip, "install", "--no-deps", "--target", str(target), str(wheel)], check=True)
    return target


def run(code: str, installed: Path, cwd: Path) -> str:
    """Run code with only the installed package, in a folder where no dataset is around."""
    head = f"{NO_NETWORK}sys.path.insert(0, {str(installed)!r})\n"
    result = subprocess.run(
        [sys.executable, "-P", "-c", head + code], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_load(installed: Path, tmp_path: Path) -> None:
    code = (
        "import mil2mil\nd = mil2mil.load()\n"
        "assert str(d.root).startswith(sys.path[0]), d.root\n"
        "assert d.validate() == []\n"
        "print(len(d.records), len(d.quads))"
    )
    records, quads = map(int, run(code, installed, tmp_path).split())
    assert records > 150
    assert quads > 3000


def test_command_uses_the_dataset_of_the_package(installed: Path, tmp_path: Path) -> None:
    code = "from mil2mil.cli import main\nsys.exit(main(['build']))"
    assert "36   of 36 covered" in run(code, installed, tmp_path)
    assert (tmp_path / "build" / "mil2mil.ttl").is_file()
