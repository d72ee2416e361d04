"""How full the model's window is, and what is made of a chat that is too long for it."""

from tests.editors.chat import chat
from tests.editors.conftest import Open

BAR = 'return vim.wo[window_of("chatls")].winbar'


def test_a_gauge_beside_the_models_name(nvim: Open) -> None:
    it = chat(nvim, [{"text": "Yes."}, {"usage": {"inputTokens": 6100, "outputTokens": 100}}])
    it.ask("is it so?")
    it.wait_for_end()
    assert "6,200 tokens" in it.editor.lua(BAR)
    settings = it.editor.folder / "home" / ".config" / "chatls" / "config.toml"
    settings.write_text(settings.read_text() + "contextWindow = 10000\n")
    it.editor.command("ChatRestart")
    it.ask("and now?")
    it.wait_for_end()
    assert "▅ 62%%" in it.editor.lua(BAR)


def test_a_chat_is_summarised_on_request_and_the_summary_lies_in_a_fold(nvim: Open) -> None:
    it = chat(nvim, [{"text": "Blue. " * 400}], [{"text": "They talked about colours."}], [{"text": "Blue."}])
    it.editor.command("ChatCompact")
    it.ask("which colour?")
    it.wait_for_end()
    it.editor.command("ChatCompact the colour")
    text = it.wait_for("the earlier part was summarised")
    assert "They talked about colours." in it.wait_for_end()
    assert text.index("which colour?") < text.index("✂ the earlier part was summarised: ")
    it.ask("again?")
    assert "Blue." in it.wait_for_end().rpartition("again?")[2]
