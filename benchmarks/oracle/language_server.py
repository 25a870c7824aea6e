"""A client of a language server that speaks JSON-RPC over pipes: just enough to ask for definitions."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import IO, Any, NamedTuple, cast
from urllib.parse import unquote, urlparse

from benchmarks.errors import BenchmarkError


class Place(NamedTuple):
    """A place in a file; lines count from 1, characters from 0."""

    path: str
    line: int
    character: int


class LanguageServer:
    """A running pyright language server for one project.

    Parameters
    ----------
    root
        Folder of the project.
    python
        Interpreter of the environment that holds the project's dependencies.

    Raises
    ------
    BenchmarkError
        The server does not start.
    """

    def __init__(self, root: Path, python: Path) -> None:
        analysis = {"diagnosticMode": "openFilesOnly", "typeCheckingMode": "off", "autoSearchPaths": False}
        self._settings = {"python": {"pythonPath": str(python), "analysis": analysis}, "python.analysis": analysis}
        self._number = 0
        beside = Path(sys.executable).with_name("pyright-langserver")
        command = [str(beside) if beside.is_file() else "pyright-langserver", "--stdio"]
        pipe, away = subprocess.PIPE, subprocess.DEVNULL
        try:
            self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=away)
        except OSError as error:
            raise BenchmarkError(f"cannot start {command[0]}: {error}", "pip install 'pyright[nodejs]'") from error
        uri = root.as_uri()
        capabilities = {
            "workspace": {"configuration": True, "workspaceFolders": True},
            "textDocument": {"definition": {"linkSupport": False}},
        }
        folders = [{"uri": uri, "name": root.name}]
        self.request(
            "initialize",
            {"processId": None, "rootUri": uri, "capabilities": capabilities, "workspaceFolders": folders},
        )
        self.notify("initialized", {})
        self.notify("workspace/didChangeConfiguration", {"settings": {}})

    def __enter__(self) -> LanguageServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    # -- documents -----------------------------------------------------------------------------------------------

    def open(self, path: Path, text: str) -> None:
        """Give the server a document."""
        document = {"uri": path.as_uri(), "languageId": "python", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})

    def close(self, path: Path) -> None:
        """Take a document back."""
        self.notify("textDocument/didClose", {"textDocument": {"uri": path.as_uri()}})

    def definitions(self, path: Path, line: int, character: int) -> list[Place]:
        """Return where what stands at a place of a document is defined.

        Parameters
        ----------
        line, character
            From 1 and from 0; characters are UTF-16 units.
        """
        position = {"line": line - 1, "character": character}
        found = self.request("textDocument/definition", {"textDocument": {"uri": path.as_uri()}, "position": position})
        several = cast("list[dict[str, Any]]", [found] if isinstance(found, dict) else found or [])
        places: dict[Place, None] = {}
        for each in several:
            start = each["range"]["start"]
            place = Place(unquote(urlparse(str(each["uri"])).path), start["line"] + 1, start["character"])
            places[place] = None
        return list(places)

    # -- messages ------------------------------------------------------------------------------------------------

    def notify(self, method: str, parameters: object) -> None:
        """Send a message that has no answer."""
        self._send({"jsonrpc": "2.0", "method": method, "params": parameters})

    def request(self, method: str, parameters: object) -> Any:
        """Send a request and return its result, serving what the server asks meanwhile."""
        self._number += 1
        number = self._number
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": parameters})
        while True:
            message = self._receive()
            if "method" in message:
                if "id" in message:
                    self._serve(message)
            elif message.get("id") == number:
                return message.get("result")

    def _serve(self, message: dict[str, Any]) -> None:
        result: object = None
        if message["method"] == "workspace/configuration":
            result = [self._settings.get(item.get("section", ""), {}) for item in message["params"]["items"]]
        self._send({"jsonrpc": "2.0", "id": message["id"], "result": result})

    def _send(self, message: object) -> None:
        body = json.dumps(message).encode()
        pipe = cast("IO[bytes]", self._process.stdin)
        pipe.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        pipe.flush()

    def _receive(self) -> dict[str, Any]:
        pipe = cast("IO[bytes]", self._process.stdout)
        length = 0
        while True:
            header = pipe.readline()
            if not header:
                raise BenchmarkError("the language server ended before it answered", "run it by hand to see why")
            if header == b"\r\n":
                break
            name, _, value = header.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return cast("dict[str, Any]", json.loads(pipe.read(length)))
