"""The schema for editors: it refuses nothing that is valid, and the real language server reads it.

The language server is `yaml-language-server` from npm, which `make test` installs where npm is there.
"""

from __future__ import annotations

import itertools
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml

from conftest import FIXTURES, ROOT, assemble
from mil2mil.dataset import Dataset
from mil2mil.record import PLACEHOLDER
from mil2mil.scaffold import new_record
from mil2mil.schema import schema
from test_graph import CoreLoader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVER = ROOT / ".venv/editor/node_modules/yaml-language-server/bin/yaml-language-server"
MEETING = ROOT / "data/contacts/2017-02-16-azerbaijan.yaml"


@pytest.fixture(scope="module")
def validator(dataset: Dataset) -> jsonschema.Draft7Validator:
    document = json.loads(schema(dataset))
    jsonschema.Draft7Validator.check_schema(document)
    return jsonschema.Draft7Validator(document)


def errors(validator: jsonschema.Draft7Validator, file: Path) -> list[str]:
    document = yaml.load(file.read_text(encoding="utf-8"), Loader=CoreLoader)  # noqa: S506
    return [f"{file.name}: {error.message[:200]}" for error in validator.iter_errors(document)]


def test_it_refuses_no_record(validator: jsonschema.Draft7Validator, dataset: Dataset) -> None:
    for record in dataset.records.values():
        assert errors(validator, ROOT / record.document.path) == []


def test_it_refuses_no_valid_fixture(validator: jsonschema.Draft7Validator) -> None:
    """Records that are not those of the dataset, as those of tomorrow are not yet in the schema."""
    files = sorted((FIXTURES / "valid").rglob("*.yaml"))
    assert files
    for file in files:
        assert errors(validator, file) == []


def test_what_it_refuses_is_invalid(validator: jsonschema.Draft7Validator, tmp_path: Path) -> None:
    refused = []
    for example in sorted((FIXTURES / "invalid").iterdir()):
        if example.name.startswith(("reader", "text", "vacuity")):
            continue
        for file in sorted(example.rglob("*.yaml")):
            if errors(validator, file):
                invalid = Dataset(assemble(tmp_path / example.name, example))
                path = file.relative_to(example).as_posix()
                assert path in {finding.file for finding in invalid.validate()}, example.name
                refused.append(example.name)
    assert len(refused) > 25, refused


def test_every_type_and_key_is_explained(dataset: Dataset) -> None:
    document = json.loads(schema(dataset))
    for name, definition in document["definitions"].items():
        if name.startswith("id-of-"):
            continue
        assert definition["description"], name
        for key, value in definition["properties"].items():
            if value is not True:
                assert value["description"], f"{name}.{key}"


def test_the_same_dataset_has_the_same_schema(tmp_path: Path) -> None:
    """In processes of their own, since the order of a query's answer may differ between them."""
    for number in range(5):
        file = tmp_path / f"{number}.json"
        command = [sys.executable, "-m", "mil2mil", "schema", "--output", str(file)]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    assert len({file.read_bytes() for file in tmp_path.iterdir()}) == 1


class Client:
    """Just so much of the Language Server Protocol as the tests need, over stdio."""

    def __init__(self, schema_file: Path) -> None:
        self.process = subprocess.Popen(
            ["node", str(SERVER), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.messages: queue.Queue[dict[str, Any]] = queue.Queue()
        self.numbers = itertools.count(1)
        self.settings = {
            "yaml": {
                "schemas": {schema_file.as_uri(): ["*.yaml"]},
                "validate": True,
                "hover": True,
                "completion": True,
                "schemaStore": {"enable": False},
            }
        }
        threading.Thread(target=self._read, daemon=True).start()
        able = {"workspace": {"configuration": True}}
        self.request("initialize", {"processId": None, "rootUri": None, "capabilities": able})
        self.send({"method": "initialized", "params": {}})
        self.send({"method": "workspace/didChangeConfiguration", "params": {"settings": self.settings}})

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream
        while header := stream.readline():
            length = int(header.partition(b":")[2])
            while stream.readline().strip():
                pass
            message = json.loads(stream.read(length))
            if message.get("method") == "workspace/configuration":
                items = message["params"]["items"]
                result = [self.settings.get(item.get("section"), {}) for item in items]
                self.send({"id": message["id"], "result": result})
            elif "method" in message and "id" in message:
                self.send({"id": message["id"], "result": None})
            else:
                self.messages.put(message)

    def send(self, message: dict[str, Any]) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        stream = self.process.stdin
        assert stream
        stream.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        stream.flush()

    def request(self, method: str, params: dict[str, Any]) -> Any:
        number = next(self.numbers)
        self.send({"id": number, "method": method, "params": params})
        while True:
            message = self.messages.get(timeout=30)
            if message.get("id") == number:
                return message.get("result")

    def open(self, text: str) -> tuple[str, dict[int, str]]:
        """Open a text as a file of its own; its address, and the messages by line from 1."""
        uri = f"file:///nowhere/{next(self.numbers)}.yaml"
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self.send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        while True:
            message = self.messages.get(timeout=30)
            params = message.get("params", {})
            if message.get("method") == "textDocument/publishDiagnostics" and params["uri"] == uri:
                return uri, {
                    found["range"]["start"]["line"] + 1: found["message"]
                    for found in params["diagnostics"]
                }

    def complete(self, text: str, at: str) -> set[str]:
        """What the server offers right after a piece of the text."""
        uri, _ = self.open(text)
        before = text[: text.index(at) + len(at)]
        position = {"line": before.count("\n"), "character": len(before) - before.rfind("\n") - 1}
        where = {"textDocument": {"uri": uri}, "position": position}
        return {item["label"] for item in self.request("textDocument/completion", where)["items"]}


@pytest.fixture(scope="module")
def client(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    if not SERVER.exists() or not shutil.which("node"):
        assert not os.environ.get("CI"), "CI tests with the language server"
        pytest.skip("no npm here, so no language server")
    file = tmp_path_factory.mktemp("schema") / "schema.json"
    # Its own first line leads nowhere from here; the settings name the schema instead.
    file.write_text(schema(dataset), encoding="utf-8")
    server = Client(file)
    yield server
    with server.process:  # which closes the pipes and waits
        server.process.kill()


def text_of(file: Path) -> str:
    """A record without its first line, which names the schema by a path from where the file is."""
    first, _, rest = file.read_text(encoding="utf-8").partition("\n")
    assert first.startswith("# yaml-language-server: $schema=")
    return f"#\n{rest}"


def test_the_server_has_nothing_against_a_valid_record(client: Client) -> None:
    for name in ("contacts/2017-02-16-azerbaijan", "statements/2021-09-23-milley-who-may-call"):
        assert client.open(text_of(ROOT / f"data/{name}.yaml"))[1] == {}


# What is changed in the record of a meeting, and a word of the message on the line of the change.
ERRORS = [
    ("type: Meeting", "type: Meting", "not accepted"),
    ("type: Meeting", "type: Span", "not accepted"),
    ("label: Meeting", "lable: Meeting", "not allowed"),
    ("modality: occurred", "modality: ocurred", "not accepted"),
    ("modality: occurred", "modality:\n  - occurred\n  - maybe", ""),
    ("modality: occurred", "Modality: occurred", "not allowed"),
    ("format: in-person", "format: [in-person, by-post]", ""),
    ("format: in-person", "formatt: in-person", "not allowed"),
    ("format: in-person", "speaker: officials/joseph-dunford", "not allowed"),
    ("\ndate: 2017-02-16\n", "\ndate: 16 February\n", "pattern"),
    ("\ndate: 2017-02-16\n", "\ndate: Thursday\n", "pattern"),
    ("\ndate: 2017-02-16\n", "\ndate: {day: 16}\n", ""),
    ("\nplace: places/azerbaijan", "\nplace: Azerbaijan", "not accepted"),
    ("\nplace: places/azerbaijan", "\nplace: ../places/azerbaijan", "not accepted"),
    ("\nplace: places/azerbaijan", "\nplace: [[places/azerbaijan]]", ""),
    ("  - property: date", "  - property: daet", "not accepted"),
    ("  - property: date", "  - properti: date", "not allowed"),
    ("  - official: officials/joseph-dunford", "  - oficial: officials/joseph-dunford", "not allowed"),
    (
        "  - number: 1\n    gloss: First meeting of the two top officers since 2014",
        "  - number: {}\n    gloss: First meeting of the two top officers since 2014",
        "",
    ),
    ("    date: 2014/..", "    dates: 2014/..", "not allowed"),
    ("    gloss: First face-to-face", "    glos: First face-to-face", "not allowed"),
    ("    anchor: policies", "    anker: policies", "not allowed"),
    ("context: occurrences", "contexts: occurrences", "not allowed"),
]


@pytest.mark.parametrize(("old", "new", "word"), ERRORS, ids=[new.strip() for _, new, _ in ERRORS])
def test_the_server_marks_the_line(old: str, new: str, word: str, client: Client) -> None:
    text = text_of(MEETING)
    assert text.count(old) == 1
    changed = text.replace(old, new)
    start = changed.index(new) + len(new) - len(new.lstrip("\n"))
    line = changed[:start].count("\n") + 1
    _, found = client.open(changed)
    at = {number for number in found if line <= number <= line + new.strip().count("\n")}
    assert at, found
    assert any(word in found[number] for number in at), found


def test_the_server_completes_values_ids_and_keys(client: Client) -> None:
    text = text_of(MEETING)
    values = client.complete(text.replace("modality: occurred", "modality: "), "\nmodality: ")
    assert {"occurred", "planned", "denied"} <= values
    ids = client.complete(text.replace("\nplace: places/azerbaijan", "\nplace: "), "\nplace: ")
    assert {"places/baku", "places/geneva"} <= ids
    assert "officials/joe-biden" not in ids
    keys = client.complete(text + "\n", text)
    assert {"gloss", "realises", "duration"} <= keys
    assert "speaker" not in keys


def test_the_server_explains(client: Client, dataset: Dataset) -> None:
    text = text_of(MEETING)
    uri, _ = client.open(text)
    line = text[: text.index("\nformat:")].count("\n") + 1
    where = {"textDocument": {"uri": uri}, "position": {"line": line, "character": 2}}
    shown = client.request("textDocument/hover", where)["contents"]["value"]
    assert "How the participants were in touch." in shown


def test_a_new_record_is_at_home_in_the_editor(client: Client, dataset: Dataset) -> None:
    _, text = new_record(dataset, "meeting", "x")
    _, found = client.open("#\n" + text.partition("\n")[2])
    marked = {number for number, line in enumerate(text.split("\n"), 1) if line.endswith(PLACEHOLDER)}
    assert set(found) <= marked, found
