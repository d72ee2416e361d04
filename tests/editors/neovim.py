"""A real Neovim without a screen, driven over stdin and stdout by driver.lua; knows nothing of the plugin's insides.

It has a home of its own, and the plugin lies where a person would put it. `check` holds it to what must be true after
every test: nothing went wrong that nobody caught; `leave`, that the processes which it started left with it.
"""

import json
import os
import select
import subprocess
import textwrap
import time
from pathlib import Path
from typing import Any, Self

from tests.daemon.processes import descendants, wait_until_gone
from tests.daemon.raw import CHATLS, SOON, environment

HERE = Path(__file__).parent
PLUGIN = HERE.parents[1] / "clients" / "nvim"
TROUBLE = ("Error executing", "Error detected", "stack traceback", "E5108", "E5560", "E565", "E21:", "is deprecated")
"""Words of what Neovim writes where something went wrong that nobody caught, or will in its next version."""


class LuaError(Exception):
    """What a test asked for went wrong in Neovim."""


class Neovim:
    """One editor."""

    def __init__(
        self,
        folder: Path,
        program: Path,
        *,
        setup: str | None = "",
        files: tuple[Path, ...] = (),
        root: Path | None = None,
        variables: dict[str, str] | None = None,
        plugin: bool = True,
    ) -> None:
        """`folder` holds its home and what it writes; `setup` is what the plugin's `setup` gets (None: not called).
        `plugin`: it is installed."""
        self.folder = folder
        self.root = root or folder
        self._pardoned: tuple[str, ...] = ()
        self._stderr = folder / f"nvim-{time.monotonic_ns()}.txt"
        self._data = b""
        env = environment(folder, LANG="C.UTF-8", **(variables or {}))
        env |= {"XDG_CONFIG_DIRS": str(folder / "none"), "XDG_DATA_DIRS": str(folder / "none")}
        env |= {"XDG_RUNTIME_DIR": str(folder), "NVIM_LOG_FILE": str(folder / "nvim.log")}
        if plugin:
            install(Path(env["XDG_DATA_HOME"]), Path(env["XDG_CONFIG_HOME"]), setup)
        quick = "let g:loaded_python3_provider = 0"  # else it looks for one in every Python there is
        command = [program, "--headless", "-i", "NONE", "-n", "--cmd", quick, *files, "-S", HERE / "driver.lua"]
        with self._stderr.open("wb") as words:
            self.process = subprocess.Popen(
                list(map(str, command)),
                cwd=self.root,
                env=env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=words,
                bufsize=0,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    # Driving

    def lua(self, code: str, *args: Any) -> Any:
        """What the code returns; `...` are the arguments. Raises `LuaError`."""
        return self._asked(textwrap.dedent(code), args, SOON)

    def command(self, line: str) -> None:
        """Run an Ex command."""
        self.lua("vim.cmd(...)", line)

    def keys(self, keys: str) -> None:
        """Type, and wait until it was read: `<CR>` and the like are keys; mappings count."""
        typed = 'vim.api.nvim_feedkeys(vim.api.nvim_replace_termcodes(..., true, true, true), "mtx", false)'
        self.lua(typed, keys)

    def wait_until(self, expression: str, *args: Any, seconds: float = SOON) -> Any:
        """Wait until a Lua expression is true, and give its value; `...` are the arguments."""
        code = f"""\
            local args = {{ ... }}
            local function look(...)
              return {expression}
            end
            return {{ wait_for(function() return look(unpack(args)) end, {seconds}) }}"""
        done, *value = self._asked(textwrap.dedent(code), args, seconds + SOON)
        assert done, f"not within {seconds} seconds: {expression}\n{self.shown()}"
        return value[0]

    def _asked(self, code: str, args: tuple[Any, ...], seconds: float) -> Any:
        pipe = self.process.stdin
        assert pipe is not None
        pipe.write(json.dumps({"lua": code, "args": list(args)}).encode() + b"\n")
        answer = json.loads(self._line(time.monotonic() + seconds))
        if "error" in answer:
            raise LuaError(f"{answer['error']}\nin: {code}")
        return answer.get("value")

    def _line(self, deadline: float) -> bytes:
        pipe = self.process.stdout
        assert pipe is not None
        while b"\n" not in self._data:
            if not select.select([pipe], [], [], max(0, deadline - time.monotonic()))[0]:
                raise TimeoutError(f"Neovim does not answer\n{self.said()}")
            read = os.read(pipe.fileno(), 2**16)
            if not read:
                raise EOFError(f"Neovim is gone: exit code {self.process.wait(SOON)}\n{self.said()}")
            self._data += read
        line, _, self._data = self._data.partition(b"\n")
        return line

    # Looking

    def lines(self, buffer: int = 0) -> list[str]:
        """All lines of a buffer; 0 is the current one."""
        return self.lua("return vim.api.nvim_buf_get_lines(..., 0, -1, false)", buffer)

    def text(self, buffer: int = 0) -> str:
        """The same as one text."""
        return "\n".join(self.lines(buffer))

    def messages(self) -> str:
        """What Neovim told the person."""
        return self.lua('return vim.fn.execute("messages")')

    def shown(self) -> str:
        """What is in each window, for a person who reads why a test failed."""
        code = """\
            local shown = {}
            for _, window in ipairs(vim.api.nvim_list_wins()) do
              local buffer = vim.api.nvim_win_get_buf(window)
              local head = ("--- %d %s (%s)"):format(buffer, vim.api.nvim_buf_get_name(buffer), vim.bo[buffer].filetype)
              table.insert(shown, head)
              vim.list_extend(shown, vim.api.nvim_buf_get_lines(buffer, 0, -1, false))
            end
            return table.concat(shown, "\\n") .. "\\n--- messages\\n" .. vim.fn.execute("messages")"""
        return f"{self.lua(code)}\n{self.said()}"

    def said(self) -> str:
        """What it wrote to stderr."""
        return self._stderr.read_text("utf-8", "replace")

    def daemons(self) -> set[int]:
        """The processes that it started, and theirs."""
        return descendants(self.process.pid)

    # Leaving

    def pardon(self, *words: str) -> None:
        """This trouble is wanted."""
        self._pardoned += words

    def check(self) -> None:
        """Nothing went wrong that nobody caught."""
        told = f"{self.messages()}\n{self.said()}"
        found = [word for word in TROUBLE if word in told and word not in self._pardoned]
        assert not found, f"{found}\n{told}"

    def leave(self) -> None:
        """Leave as a person would; all that it started has to leave, too."""
        started = self.daemons()
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(SOON)
        wait_until_gone(*started)

    def kill(self) -> None:
        """End it whatever it does."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


def install(data: Path, config: Path, setup: str | None) -> None:
    """Put the plugin where `:packadd` and a start of Neovim find it, and write the person's configuration."""
    place = data / "nvim" / "site" / "pack" / "chatls" / "start" / "chatls"
    if not place.exists():
        place.parent.mkdir(parents=True)
        place.symlink_to(PLUGIN)
    if setup is None:
        return
    written = config / "nvim" / "init.lua"
    written.parent.mkdir(parents=True, exist_ok=True)
    command = "{ " + ", ".join(map(json.dumps, CHATLS)) + " }"
    written.write_text(f'require("chatls").setup(vim.tbl_extend("force", {{ cmd = {command} }}, {setup or "{}"}))\n')
