"""The notebook: its two files are one, it runs without a connection, and its outputs are what it gives.

`python tests/test_notebook.py` writes the notebook anew from notebooks/tour.py.
"""

from __future__ import annotations

import copy
import html
import importlib
import re
from pathlib import Path
from typing import Any

import pytest

nbformat: Any = importlib.import_module("nbformat")  # which is not wholly typed

FOLDER = Path(__file__).parents[1] / "notebooks"
SOURCE, NOTEBOOK = FOLDER / "tour.py", FOLDER / "tour.ipynb"
ANEW = "write the notebook anew with: python tests/test_notebook.py"
# Runs in the kernel before the first cell: from then on it opens no connection.
GUARD = """
import socket as _socket
def _refused(*_):
    raise PermissionError("the notebook opens no connection")
_socket.socket.connect = _socket.socket.connect_ex = _refused
_socket.create_connection = _socket.getaddrinfo = _refused
"""


def paired() -> Any:
    """The notebook as tour.py has it, without outputs, its cells with ids that stay."""
    import jupytext

    notebook = jupytext.read(SOURCE)
    for number, cell in enumerate(notebook.cells, 1):
        cell.id = f"cell-{number:02}"
        cell.metadata = {key: cell.metadata[key] for key in cell.metadata if key == "tags"}
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    formats = {"formats": "ipynb,py:percent"}
    notebook.metadata = {"kernelspec": kernel, "language_info": {"name": "python"}, "jupytext": formats}
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def executed(folder: Path = FOLDER) -> Any:
    """The notebook, run in a folder and without a connection, with its outputs."""
    from nbclient import NotebookClient

    notebook = paired()
    running = copy.deepcopy(notebook)
    running.cells.insert(0, nbformat.v4.new_code_cell(GUARD))
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(running, timeout=300, record_timing=False, resources=resources).execute()
    pairs = zip(notebook.cells, running.cells[1:], strict=True)
    for number, (cell, run) in enumerate(((a, b) for a, b in pairs if a.cell_type == "code"), 1):
        cell.outputs, cell.execution_count = run.outputs, number
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = number
    return notebook


def write() -> None:
    NOTEBOOK.write_text(nbformat.writes(executed()) + "\n", encoding="utf-8")


def kept() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)


def outputs(notebook: Any) -> list[tuple[str, dict[str, str]]]:
    """The source of each cell with outputs, and the outputs by type."""
    found = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            words = output.get("text", output.get("evalue", ""))
            found.append((cell.source, dict(output.get("data") or {output.get("name", "error"): words})))
    return found


def plain(data: dict[str, str]) -> dict[str, Any]:
    """An output without what depends on the fonts of a machine: of a picture the words that it shows."""
    return {
        kind: re.findall(r">([^<>]+)</(?:text|tspan|title)>", content) if "svg" in kind else content
        for kind, content in data.items()
    }


@pytest.fixture(scope="module")
def run() -> Any:
    return executed()


def test_both_files_have_the_same_cells() -> None:
    source = [(cell.cell_type, cell.id, cell.source) for cell in paired().cells]
    notebook = [(cell.cell_type, cell.id, cell.source) for cell in kept().cells]
    assert notebook == source, f"notebooks/tour.ipynb is not of notebooks/tour.py; {ANEW}"


def test_the_outputs_are_those_that_it_gives(run: Any) -> None:
    now, then = outputs(run), outputs(kept())
    assert len(now) == len(then), ANEW
    for (source, given), (_, shown) in zip(now, then, strict=True):
        assert plain(given) == plain(shown), f"{ANEW}\nthe cell:\n{source}"


def test_runs_from_the_root_too(run: Any) -> None:
    assert outputs(executed(FOLDER.parent)) == outputs(run)


def test_no_output_is_an_error_or_a_warning() -> None:
    for source, data in outputs(kept()):
        assert not {"error", "stderr"} & set(data), source
        assert "warning" not in " ".join(data.values()).lower(), source


def test_every_picture_has_a_text_alternative() -> None:
    pictures = [data for _, data in outputs(kept()) if "image/svg+xml" in data]
    assert len(pictures) == 3
    for data in pictures:
        pattern = r'<svg role="img" aria-labelledby="([^"]+)"[^>]*><title id="\1">([^<]{80,})</title>'
        title = re.match(pattern, data["image/svg+xml"])
        assert title, data["text/plain"]
        assert html.unescape(title[2]) == data["text/plain"]


def test_keeps_nothing_of_the_machine_and_stays_small() -> None:
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert len(text.encode()) < 1_500_000
    assert "application/vnd.vegalite" not in text
    assert not re.search(r"0x[0-9a-f]{6,}|/home/|/root/|/tmp/|/usr/|site-packages", text)
    assert str(FOLDER.parent) not in text


if __name__ == "__main__":
    write()
