"""An editor for tests: a client of the language server over its stdin and stdout, in plain JSON."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PATIENCE_S = 30


class Editor:
    """Starts ``vrrplab-lsp`` for a folder; a ``with`` block ends it as editors do.

    ``shown``: what is marked in each file by now, by the file's path.
    """

    def __init__(self, folder: Path | None, *arguments: str, **capabilities: Any) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "vrrplab.commands.lsp", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.shown: dict[str, list[dict[str, Any]]] = {}
        self.asked: list[dict[str, Any]] = []  # what the server wants of the editor
        self.log = ""
        self._number = 0
        self._came: queue.Queue[dict[str, Any]] = queue.Queue()
        self._threads = [threading.Thread(target=run) for run in (self._read, self._read_log)]
        for thread in self._threads:
            thread.start()
        folders = [{"uri": folder.as_uri(), "name": folder.name}] if folder else None
        asked = {"processId": None, "rootUri": None, "workspaceFolders": folders}
        self.can = self.ask("initialize", {**asked, "capabilities": capabilities})["capabilities"]
        self.tell("initialized", {})

    def __enter__(self) -> Editor:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self.process.poll() is None:
                self.ask("shutdown", None)
                self.tell("exit", None)
                self.process.wait(PATIENCE_S)
        finally:
            self.process.kill()
            self.process.wait()
            for thread in self._threads:
                thread.join()

    # -- the protocol

    def _read(self) -> None:
        assert self.process.stdout is not None
        while True:
            length = 0
            while (line := self.process.stdout.readline()).strip():
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            if not line:
                return
            self._came.put(json.loads(self.process.stdout.read(length)))

    def _read_log(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log += line.decode()

    def send(self, message: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(message), message))
        self.process.stdin.flush()

    def tell(self, method: str, params: Any) -> None:
        self.send(json.dumps({"jsonrpc": "2.0", "method": method, "params": params}).encode())

    def ask(self, method: str, params: Any) -> Any:
        self._number += 1
        request = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": params}
        self.send(json.dumps(request).encode())
        while True:
            message = self._next()
            if message.get("id") == self._number and "method" not in message:
                assert "error" not in message, message
                return message["result"]

    def _next(self, patience_s: float = PATIENCE_S) -> dict[str, Any]:
        try:
            message = self._came.get(timeout=patience_s)
        except queue.Empty:
            raise AssertionError(f"nothing came; marked: {self.shown}; log: {self.log}") from None
        if message.get("method") == "textDocument/publishDiagnostics":
            path = message["params"]["uri"].removeprefix("file://")
            self.shown[path] = message["params"]["diagnostics"]
        elif "method" in message and "id" in message:
            self.asked.append(message)
            self.send(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": None}).encode())
        return message

    # -- what one does in an editor

    def open(self, path: Path, text: str | None = None, language: str = "keepalived") -> None:
        content = path.read_text(encoding="utf-8") if text is None else text
        document = {"uri": path.as_uri(), "languageId": language, "version": 1, "text": content}
        self.tell("textDocument/didOpen", {"textDocument": document})

    def write(self, path: Path, text: str) -> None:
        """The file has another text now, which is not saved."""
        changed = {"textDocument": {"uri": path.as_uri(), "version": 2}, "contentChanges": [{"text": text}]}
        self.tell("textDocument/didChange", changed)

    def close(self, path: Path) -> None:
        self.tell("textDocument/didClose", {"textDocument": {"uri": path.as_uri()}})

    def hover(self, path: Path, line: int, column: int) -> dict[str, Any] | None:
        return self.ask("textDocument/hover", _at(path, line, column))

    def complete(self, path: Path, line: int, column: int) -> list[str]:
        """The words that are proposed, in the order in which an editor shows them."""
        found = self.ask("textDocument/completion", _at(path, line, column))
        return [item["label"] for item in sorted(found["items"], key=lambda item: item["sortText"])]

    def offers(self, path: Path, mark: dict[str, Any], **context: Any) -> dict[str, dict[str, Any]]:
        """The changes that are offered where something is marked, by what they are called."""
        document = {"uri": path.as_uri()}
        asked = {
            "textDocument": document,
            "range": mark["range"],
            "context": {"diagnostics": [mark], **context},
        }
        found = self.ask("textDocument/codeAction", asked)
        return {action["title"]: action for action in found or ()}

    def marks(self, path: Path) -> list[str]:
        """The codes of what is marked in a file."""
        return [mark["code"] for mark in self.shown.get(str(path), [])]

    def wait_for(self, what: Callable[[], bool]) -> None:
        """Until that is so."""
        ends_s = time.monotonic() + PATIENCE_S
        while not what():
            self._next(ends_s - time.monotonic())


def _at(path: Path, line: int, column: int) -> dict[str, Any]:
    return {"textDocument": {"uri": path.as_uri()}, "position": {"line": line, "character": column}}
