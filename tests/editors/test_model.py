"""One chat with a real model, the embedded one: from the prompt in Neovim to llama.cpp and back. Shapes, not words."""

import anyio
import pytest

from chatls.providers.local.weights import SMOLLM2, fetch
from tests.editors.chat import chat
from tests.editors.conftest import Open

pytestmark = pytest.mark.model
AT_MOST = 300
"""Seconds for the answer."""


@pytest.fixture(scope="module", autouse=True)
def weights() -> None:
    """In the user's own cache: fetched once, not for every run."""

    async def bring() -> None:
        async for _ in fetch(SMOLLM2):
            pass

    anyio.run(bring)


def test_the_embedded_model_answers_in_the_chat(nvim: Open) -> None:
    it = chat(nvim, setup='{ model = "local/smollm2-135m" }')
    models = it.editor.folder / "home" / ".cache" / "chatls" / "models"
    models.mkdir(parents=True)
    (models / SMOLLM2.path.name).symlink_to(SMOLLM2.path)
    it.ask("Where is TODO written?")
    it.editor.wait_until("runs(1) == false", seconds=AT_MOST)
    question, *answer, end = it.said().split("\n")
    assert question == "Where is TODO written?"
    assert "".join(answer).strip()
    assert end.startswith("─ ")
    assert "tokens" in end
