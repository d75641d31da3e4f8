"""The language server: an editor's questions in, what the other modules of this room say out.

The only file that knows the protocol, and pygls with it. What goes wrong in an answer is a line on stderr,
which editors show as the server's log, and no answer; the server goes on.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path

from vrrplab.lsp.actions import Action, actions
from vrrplab.lsp.completion import Proposal, Sort, complete
from vrrplab.lsp.groups import Group
from vrrplab.lsp.hover import hover
from vrrplab.lsp.positions import Position
from vrrplab.lsp.workspace import REFUSED, TOLD, Told, Workspace
from vrrplab.rules.formats import PAGES
from vrrplab.rules.model import Severity
from vrrplab.rules.settings import FILE, PROJECT

_Answer = TypeVar("_Answer")

_PAUSE_S = 0.2  # so long nobody types before the clusters are looked at again
_LANGUAGE = "keepalived"  # what editors call it
_WATCHED = ("**/*.conf", f"**/{FILE}", f"**/{PROJECT}")
_SEVERITY = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}
_QUICK = types.CodeActionKind.QuickFix.value
_KIND = {
    Sort.BLOCK: types.CompletionItemKind.Struct,
    Sort.KEYWORD: types.CompletionItemKind.Property,
    Sort.VALUE: types.CompletionItemKind.EnumMember,
    Sort.NAME: types.CompletionItemKind.Reference,
}


def serve(profile: str, version: str) -> None:
    """Answer an editor over stdin and stdout until it says good-bye, or is gone."""
    Server(profile, version).pygls.start_io()


class Server:
    """A workspace, and the editor to which it is told. ``profile``: whose behaviour the daemons have."""

    def __init__(self, profile: str, version: str) -> None:
        # Whole texts, not changes: pygls ends lines at characters at which an editor does not.
        self.pygls = LanguageServer("vrrplab-lsp", version, types.TextDocumentSyncKind.Full)
        self._workspace = Workspace(profile)
        self._uris: dict[str, str] = {}  # path of a file to what the editor calls it
        self._told: dict[Group, TOLD] = {}
        self._shown: dict[str, tuple[Told, ...]] = {}
        self._changed: set[str] = set()
        self._at_all = False  # nobody has looked yet which files there are now
        self._waits: Callable[[], None] | None = None  # what calls off the next look
        for name, handler in (
            (types.INITIALIZED, self._initialized),
            (types.TEXT_DOCUMENT_DID_OPEN, self._did_open),
            (types.TEXT_DOCUMENT_DID_CHANGE, self._did_change),
            (types.TEXT_DOCUMENT_DID_SAVE, self._did_save),
            (types.TEXT_DOCUMENT_DID_CLOSE, self._did_close),
            (types.WORKSPACE_DID_CHANGE_WATCHED_FILES, self._files_changed),
            (types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, self._files_changed),
        ):
            self.pygls.feature(name)(_guarded(handler, None))
        self.pygls.feature(types.TEXT_DOCUMENT_HOVER)(_guarded(self._hover, None))
        kinds = types.CodeActionOptions([types.CodeActionKind.QuickFix])
        self.pygls.feature(types.TEXT_DOCUMENT_CODE_ACTION, kinds)(_guarded(self._actions, None))
        options = types.CompletionOptions(trigger_characters=[" "])
        self.pygls.feature(types.TEXT_DOCUMENT_COMPLETION, options)(_guarded(self._complete, None))

    # -- what the editor tells

    def _initialized(self, _: types.InitializedParams) -> None:
        capabilities = self.pygls.client_capabilities.workspace
        watches = capabilities.did_change_watched_files if capabilities else None
        if watches is not None and watches.dynamic_registration:
            watchers = [types.FileSystemWatcher(glob_pattern=pattern) for pattern in _WATCHED]
            registration = types.Registration(
                "files",
                types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
                types.DidChangeWatchedFilesRegistrationOptions(watchers),
            )
            self.pygls.client_register_capability(types.RegistrationParams([registration]))
        encoding = self.pygls.workspace.position_encoding  # pygls takes the first that the editor offers
        self._workspace.units = str(getattr(encoding, "value", encoding))
        self._look_at_all()

    def _did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        document = params.text_document
        path = self._path(document.uri)
        self._uris[path] = document.uri
        self._workspace.open(path, document.text, document.language_id == _LANGUAGE)
        self._look_soon(at_all=True)

    def _did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        path = self._path(params.text_document.uri)
        for change in params.content_changes:
            if isinstance(change, types.TextDocumentContentChangeWholeDocument):
                self._workspace.open(path, change.text)
        self._changed.add(path)
        self._look_soon()

    def _did_save(self, _: types.DidSaveTextDocumentParams) -> None:
        self._look_soon(at_all=True)

    def _did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        self._workspace.close(self._path(params.text_document.uri))
        self._look_soon(at_all=True)

    def _files_changed(
        self, _: types.DidChangeWatchedFilesParams | types.DidChangeWorkspaceFoldersParams
    ) -> None:
        self._look_soon(at_all=True)

    def _path(self, uri: str) -> str:
        """The file; what is none, as a text that was never saved, is called as the editor calls it."""
        path = to_fs_path(uri) if uri.startswith("file:") else None
        return os.path.normpath(path) if path else uri

    def _uri(self, path: str) -> str:
        return self._uris.get(path) or from_fs_path(os.path.abspath(path)) or path

    # -- what the editor is told

    def _look_soon(self, at_all: bool = False) -> None:
        """When the editor has said for a moment nothing new. ``at_all``: there may be other files."""
        import asyncio

        self._at_all = self._at_all or at_all
        if self._waits is not None:
            self._waits()
        later = asyncio.get_running_loop().call_later(_PAUSE_S, _guarded(self._look, None), None)
        self._waits = later.cancel

    def _look(self, _: None) -> None:
        """At the clusters in which something has changed; at all where a file may have become a node."""
        changed, self._changed = self._changed, set()
        if not self._at_all and all(self._workspace.groups_with(path) for path in changed):
            self._look_at({group for path in changed for group in self._workspace.groups_with(path)})
        else:
            self._look_at_all()

    def _look_at_all(self) -> None:
        self._at_all = False
        roots = [to_fs_path(folder.uri) for folder in self.pygls.workspace.folders.values()]
        if not roots and self.pygls.workspace.root_path:
            roots = [self.pygls.workspace.root_path]
        self._workspace.scan([root for root in roots if root])
        if not self._workspace.complete:
            _log("the workspace has too many names: open a folder that has only hosts")
        self._told = {}
        self._look_at(self._workspace.groups)

    def _look_at(self, groups: Iterable[Group]) -> None:
        for group in groups:
            nothing: TOLD = {}
            self._told[group] = _guarded(self._workspace.told, nothing)(group)
        shown: dict[str, tuple[Told, ...]] = {}
        for told in self._told.values():
            for path, some in told.items():
                shown[path] = tuple(dict.fromkeys((*shown.get(path, ()), *some)))
        for path in dict.fromkeys((*self._shown, *shown)):
            if self._shown.get(path) != shown.get(path):
                diagnostics = [self._diagnostic(one) for one in shown.get(path, ())]
                self.pygls.text_document_publish_diagnostics(
                    types.PublishDiagnosticsParams(self._uri(path), diagnostics)
                )
        self._shown = shown

    def _know_the_files(self) -> None:
        if self._at_all:
            self._look_at_all()

    def _diagnostic(self, told: Told) -> types.Diagnostic:
        page = None if told.code == REFUSED else types.CodeDescription(f"{PAGES}/{told.code}.md")
        return types.Diagnostic(
            range=_range(told.begin, told.end),
            message=told.message,
            severity=_SEVERITY[told.severity],
            code=told.code,
            code_description=page,
            source="vrrplab",
            related_information=[
                types.DiagnosticRelatedInformation(
                    types.Location(self._uri(other.path), _range(other.begin, other.end)), other.node
                )
                for other in told.elsewhere
            ],
        )

    def _hover(self, params: types.HoverParams) -> types.Hover | None:
        self._know_the_files()
        at = params.position
        found = hover(self._workspace, self._path(params.text_document.uri), at.line, at.character)
        if found is None:
            return None
        content = types.MarkupContent(types.MarkupKind.Markdown, found.markdown)
        return types.Hover(content, _range(found.begin, found.end))

    def _complete(self, params: types.CompletionParams) -> types.CompletionList | None:
        self._know_the_files()
        at = params.position
        found = complete(self._workspace, self._path(params.text_document.uri), at.line, at.character)
        if found is None:
            return None
        span = _range(found.begin, found.end)
        return types.CompletionList(False, [_item(proposal, span) for proposal in found.proposals])

    def _actions(self, params: types.CodeActionParams) -> list[types.CodeAction] | None:
        wanted = params.context.only
        if wanted is not None and not any(_QUICK.startswith(kind) for kind in wanted):
            return None
        self._know_the_files()
        path, span = self._path(params.text_document.uri), params.range
        found = actions(self._workspace, path, span.start.line, span.end.line)
        return [self._action(action, params.context.diagnostics) for action in found]

    def _action(self, action: Action, shown: Iterable[types.Diagnostic]) -> types.CodeAction:
        told = action.told
        edits: dict[str, list[types.TextEdit]] = {
            self._uri(path): [types.TextEdit(_range(one.begin, one.end), one.new) for one in some]
            for path, some in action.changes.items()
        }
        return types.CodeAction(
            title=action.title,
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[one for one in shown if (one.code, one.message) == (told.code, told.message)],
            is_preferred=action.cures or None,
            edit=types.WorkspaceEdit(changes=edits),
        )


def _item(proposal: Proposal, span: types.Range) -> types.CompletionItem:
    return types.CompletionItem(
        label=proposal.word,
        kind=_KIND[proposal.sort],
        detail=proposal.detail or None,
        text_edit=types.TextEdit(span, proposal.word),
        sort_text=f"{int(not proposal.modelled)}{proposal.word}",
    )


def _range(begin: Position, end: Position) -> types.Range:
    return types.Range(types.Position(*begin), types.Position(*end))


def _guarded(handler: Callable[..., _Answer], otherwise: _Answer) -> Callable[..., _Answer]:
    """The same, but what goes wrong in it is told in a line, and is no end of the server."""

    def guarded(params: Any) -> _Answer:  # no object: pygls would take it for a place for itself
        try:
            return handler(params)
        except Exception as error:
            if os.environ.get("VRRPLAB_TRACEBACK"):
                traceback.print_exc()
            _log(f"{getattr(handler, '__name__', handler)}: {type(error).__name__}: {error}")
            return otherwise

    return guarded


def _log(text: str) -> None:
    from vrrplab.output.printable import printable

    print(f"vrrplab-lsp: {printable(text)}", file=sys.stderr, flush=True)
