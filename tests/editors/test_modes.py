"""How a chat works: named above the prompt, changed with a key or a command, and sent with the next prompt."""

from tests.editors.chat import call, chat
from tests.editors.conftest import Open

BAR = "return vim.wo[window_of('chatls-prompt')].winbar"
WRITE = call("write_file", path="new.txt", content="x\n")


def test_a_key_goes_round_the_modes_and_the_line_above_the_prompt_names_them(nvim: Open) -> None:
    it = chat(nvim)
    it.editor.command("Chat")
    it.go_to("chatls-prompt")
    seen = list[str]()
    for _ in range(4):
        seen.append(it.editor.lua(BAR).split("#")[-1].strip())
        it.editor.keys("<S-Tab>")
    assert seen == ["ask", "plan", "edits", "ask"]
    it.editor.keys("i<S-Tab><Esc>")
    assert it.editor.lua(BAR).endswith("edits")


def test_a_mode_counts_from_the_next_prompt_on(nvim: Open) -> None:
    it = chat(nvim, [WRITE], [{"text": "Planned."}], [WRITE], [{"text": "Written."}])
    it.editor.command("ChatMode plan")
    it.ask("make a file")
    text = it.wait_for_end()
    assert "⊘ write_file" in text
    it.editor.command("ChatMode edits")
    it.ask("now really")
    text = it.wait_for_end()
    assert "✓ write_file" in text
    assert it.editor.lua("return window_of('chatls-permission') == nil") is True


def test_a_mode_lasts_with_its_chat(nvim: Open) -> None:
    it = chat(nvim, [{"text": "Hello."}])
    it.editor.command("ChatMode plan")
    it.ask("hi")
    it.wait_for_end()
    it.editor.leave()
    it = chat(nvim, home=it.editor.folder)
    it.editor.command("Chat")
    it.editor.wait_until("require('chatls.chat.panel').shown().offered")
    it.go_to("chatls")
    it.editor.keys("<CR>")
    it.wait_for("Hello.")
    it.editor.wait_until("vim.wo[window_of('chatls-prompt')].winbar:find('plan', 1, true)")


def test_a_mode_that_there_is_not_is_told(nvim: Open) -> None:
    it = chat(nvim)
    it.editor.command("Chat")
    it.editor.command("ChatMode yolo")
    assert 'there is no mode "yolo"' in it.editor.messages()
