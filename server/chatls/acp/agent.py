"""The agent of ACP: what it can do, and which method is whose."""

from functools import partial

from chatls import __version__
from chatls.acp import shapes
from chatls.acp.opened import OpenSessions
from chatls.acp.sessions import AcpSessions
from chatls.acp.turns import AcpTurns
from chatls.core import Core
from chatls.shapes import member, says
from chatls.wire.later import Later
from chatls.wire.outbox import Outbox
from chatls.wire.peer import Answer, Peer

VERSION = 1
"""Of the protocol."""

_BY_KIND = ("CodeCompanion.nvim",)
"""Clients that call answers by their kind ("Always accept"), and of several of a kind take the last, the widest."""

_SETUP = {
    "type": "terminal",
    "id": "setup",
    "name": "Choose a model",
    "description": "chatls setup, in a terminal: finds keys and model servers, asks, tries one, writes your settings",
    "args": ["setup"],
}
"""How a person gets a model where there is none: the client starts the same, with these arguments behind its own."""


class AcpAgent:
    """The agent that one client talks to."""

    def __init__(self, outbox: Outbox, peer: Peer, core: Core, later: Later) -> None:
        self._core = core
        self._open = OpenSessions(outbox, peer, core)
        sessions = AcpSessions(core, later, self._open)
        turns = AcpTurns(core, later, self._open)
        peer.serve("initialize", shapes.InitializeParams, self._initialize)
        peer.serve("authenticate", shapes.AuthenticateParams, lambda answer, _: answer.give({}))
        peer.serve("session/new", shapes.Folders, sessions.new)
        peer.serve("session/load", shapes.KeptFolders, partial(sessions.known, replay=True))
        peer.serve("session/resume", shapes.KeptFolders, partial(sessions.known, replay=False))
        peer.serve("session/list", shapes.ListSessions, sessions.listing)
        peer.serve("session/close", shapes.OfSession, sessions.close)
        peer.serve("session/delete", shapes.OfSession, sessions.delete)
        peer.serve("session/set_mode", shapes.ModeParams, sessions.set_mode)
        peer.serve("session/set_config_option", shapes.OptionParams, sessions.set_option)
        peer.serve("session/prompt", shapes.PromptSession, turns.prompt)
        peer.hear("session/cancel", turns.cancel)

    def _initialize(self, answer: Answer, params: shapes.InitializeParams) -> None:
        self._open.by_kind = member(params.client_info, "name") in _BY_KIND
        self._open.tells = says(params.client_capabilities, "fs", "readTextFile")
        answer.give(
            {
                "protocolVersion": VERSION,
                "agentCapabilities": {
                    "loadSession": True,
                    "promptCapabilities": {"image": True, "audio": False, "embeddedContext": True},
                    "mcpCapabilities": {"http": True, "sse": False},
                    "sessionCapabilities": {
                        name: {} for name in ("list", "delete", "additionalDirectories", "resume", "close")
                    },
                },
                "agentInfo": {"name": "chatls", "title": "chatls", "version": __version__},
                "authMethods": [_SETUP] if says(params.client_capabilities, "auth", "terminal") else [],
            }
        )
        self._core.foreign.begin()
