"""What an editor without a plugin needs is loaded when it asks for it: LSP's types with its first code action."""

from tests.test_house import imported_with

LIBRARIES = {"lsprotocol", "pygls"}


def test_a_daemon_that_is_asked_brings_none_of_lsps_types() -> None:
    assert LIBRARIES & imported_with("chatls.lsp.main", "chatls.lsp.bare.asks") == set()


def test_code_actions_bring_the_types_and_nothing_else() -> None:
    assert LIBRARIES & imported_with("chatls.lsp.bare.features") == {"lsprotocol"}
