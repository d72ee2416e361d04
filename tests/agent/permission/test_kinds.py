"""What commands are: readers, runners, changers by their tables, and all else; nothing between."""

import shutil

from chatls.agent.permission.never import never
from tests.agent.permission.shop import Shop
from tests.support.cases import for_each

READERS = [
    *(
        "ls -la src",
        "cat src/a.py src/b.py",
        "head -20 src/a.py",
        "tail -n 5 src/a.py",
        "wc -l src/*.py",
        "nl -b a src/a.py",
    ),
    *(
        "stat -c %s src/a.py",
        "file src/a.py",
        "du -sh src",
        "diff -u src/a.py src/b.py",
        "cmp src/a.py src/b.py",
        "pwd",
    ),
    *(
        "sort -k2,2 -n src/a.py",
        "uniq -c src/a.py",
        "cut -d: -f1 src/a.py",
        "tr a-z A-Z",
        "date +%F",
        "jq .name package.json",
    ),
    *("grep -rn total src", "grep -n -A3 'a b' src/a.py", "grep -e x -e y src/a.py", "rg -n total", "rg -e x src"),
    *("sed -n 1,20p src/a.py", "sed -n '$p' src/a.py", "sed -n 5p src/a.py", "which git", "echo a b", "printf '%s' x"),
    "find . -name '*.py' -not -path './node_modules/*' -type f",
    "find src tests -newer Makefile -print",
    *("git status --short", "git status -uno", "git log --oneline -5", "git log --format=%h -n 3", "git diff --stat"),
    *("git diff src/a.py", "git diff HEAD~1 -- src", "git show HEAD", "git blame -L 1,3 src/a.py", "git ls-files -m"),
    *(
        "git rev-parse --abbrev-ref HEAD",
        "git branch --show-current",
        "git branch -a",
        "git branch --list 'f*'",
        "git tag",
    ),
    *(
        "git stash list",
        "git stash show -p",
        "git --no-pager log",
        "git -C src status",
        "git reflog -5",
        "git grep -n x src",
    ),
]


@for_each("line", READERS)
def test_what_only_reads_inside_is_a_reader(shop: Shop, line: str) -> None:
    assert set(shop.kinds(line)) == {"reader"}, shop.command(line)


NO_READERS = [
    # options that write, run, or read what a file names
    *(
        "sort -o f src/a.py",
        "sort --compress-program=id src/a.py",
        "sort --files0-from=f",
        "sort -T /x src/a.py",
        "uniq src/a.py out",
    ),
    *(
        "wc --files0-from=f",
        "du --files0-from=f",
        "file -f f",
        "file -m f x",
        "file -C",
        "date -f f",
        "date -s x",
        "date 0101",
    ),
    *("diff --from-file=/etc/passwd src/a.py", "diff -r src tests", "diff src tests", "diff -X f a b", "diff -l a b"),
    *(
        "grep -f f x",
        "grep -R x .",
        "grep --dereference-recursive x .",
        "grep -d recurse x .",
        "grep --directories=recurse x .",
    ),
    *("rg --pre id x", "rg --pre=id x", "rg -z x", "rg -L x", "rg --follow x", "rg -f f x", "rg --hostname-bin=id x"),
    *("tail -f src/a.py", "tail -F src/a.py", "tail --follow=name src/a.py", "ls --hyperlink", "stat -L readme.lnk"),
    *(
        "sed 1d src/a.py",
        "sed -n 1e src/a.py",
        "sed -n 'w f' src/a.py",
        "sed -i s/a/b/ src/a.py",
        "sed -ne 1p src/a.py",
    ),
    *(
        "find . -exec id {} +",
        "find . -delete",
        "find . -fprintf f x",
        "find -L . -name x",
        "find . -ok id",
        "find . -files0-from f",
    ),
    *(
        "jq env package.json",
        "jq '$ENV.HOME' package.json",
        "jq -n input package.json",
        "jq 'import \"a\" as a; .' package.json",
    ),
    *("jq -f f", "jq --rawfile a /etc/passwd . package.json", "jq --slurpfile a x . x", "jq -L . . x", "printf -v x y"),
    # shortened and doubled spellings
    *("sort --out=f src/a.py", "grep --dereference x", "grep --recurs x src", "rg --follo x", "git log --outp=f"),
    # places: outside, through links, secrets
    *(
        "cat /etc/passwd",
        "cat ../outside/secret.txt",
        "cat readme.lnk",
        "cat away/secret.txt",
        "cat .env",
        "cat src/../.env",
    ),
    *(
        "grep x .env",
        "grep -e x .env",
        "head deploy-key.json",
        "cat .git/config",
        "ls ../outside",
        "rg x ../outside",
        "grep -r x .git",
    ),
    *(
        "cat *.lnk",
        "cat .e*",
        "find ../outside",
        "find . -newer /etc/passwd",
        "du /",
        "cat ''",
        "cat ~/x",
        "git log -- ../outside",
    ),
    # git
    *(
        "git -c a=b status",
        "git --git-dir=x status",
        "git --exec-path=. status",
        "git -p log",
        "git --config-env=a=b log",
    ),
    *(
        "git diff --output=f",
        "git diff --ext-diff",
        "git diff --textconv",
        "git diff --no-index /etc/passwd x",
        "git log --show-signature",
    ),
    *(
        "git log --format=%G?",
        "git log --pretty=%GS",
        "git show HEAD:.env",
        "git grep -O x",
        "git grep -f f",
        "git grep --no-index x",
    ),
    *(
        "git blame --contents /etc/passwd x",
        "git branch new",
        "git branch -v new",
        "git tag v1",
        "git remote -v",
        "git config -l",
    ),
    *(
        "git cat-file -p HEAD",
        "git -C .. status",
        "git -C away status",
        "git fetch",
        "git x",
        "git stash show -p --output=f",
        "git stash list -p",
        "git stash list --patch",
    ),
    *("GIT status", "git-status", "awk 1 src/a.py", "tree -o f", "xargs cat", "env ls", "less src/a.py"),
    # another program of that name
    *("./ls", "node_modules/.bin/cat src/a.py", "src/ls"),
    *("GIT_DIR=x git status", "LD_PRELOAD=x ls", "PATH=. ls", "IFS=x ls", "GIT_EXTERNAL_DIFF=id git diff"),
]


@for_each("line", NO_READERS)
def test_what_could_do_more_than_read_inside_is_none(shop: Shop, line: str) -> None:
    assert "reader" not in shop.kinds(line), line


def test_a_reader_is_the_very_file_that_was_found_and_names_stand_for_themselves(shop: Shop) -> None:
    exact = shop.command("cat src/*.py | head -2").exact
    assert exact is not None
    assert exact.command == f"{shop.bin}/cat src/a.py src/b.py | {shop.bin}/head -2"
    exact = shop.command("cd sub && ls").exact
    assert exact is not None
    assert exact.command == f"cd {shop.root}/sub && {shop.bin}/ls"
    vector = shop.command(("git", "status")).exact
    assert vector is not None
    assert (vector.command[0], vector.command[-1]) == (f"{shop.bin}/git", "status")
    assert vector.environment["GIT_OPTIONAL_LOCKS"] == "0"


def test_git_reads_in_repositories_of_a_root_alone(shop: Shop) -> None:
    (shop.outside / "clone").mkdir(exist_ok=True)
    assert shop.kinds("git status", "src") == ["reader"]
    (shop.root / ".git").rename(shop.root / ".git-aside")
    try:
        assert shop.kinds("git status") == ["other"]
    finally:
        (shop.root / ".git-aside").rename(shop.root / ".git")


def test_recursion_leaves_secrets_out(shop: Shop) -> None:
    exact = shop.command("grep -rn x .").exact
    assert exact is not None
    assert "--exclude=.[eE][nN][vV]*" in str(exact.command)
    exact = shop.command("grep -r --include=.env x -- .").exact
    assert exact is not None
    before, _, behind = str(exact.command).partition("--include=.env")
    assert "--exclude=" not in before
    assert "--exclude=.[eE][nN][vV]*" in behind.partition(" -- ")[0], "the last one counts"
    exact = shop.command("rg x").exact
    assert exact is not None
    assert "--iglob=!**/.env*" in str(exact.command)


@for_each(
    ("line", "key", "folder"),
    [
        ("npm test", "npm test", "."),
        ("cd web && npm test", "npm test", "web"),
        ("cd sub && npm test", "npm test", "."),
        ("npm run build:all", "npm run build:all", "."),
        ("npm test 2>&1 | tail -20", "npm test", "."),
        ("CI=1 npm test", "npm test", "."),
        ("pytest -q tests/test_a.py::test_x -k 'a and b' --tb=short", "pytest", "."),
        ("python -m pytest -x", "python -m pytest", "."),
        ("python3.12 -m unittest -q tests", "python3.12 -m unittest", "."),
        (".venv/bin/pytest -q", ".venv/bin/pytest", "."),
        ("uv run pytest -q", "uv run pytest", "."),
        ("PYTHONPATH=src pytest", "PYTHONPATH=src pytest", "."),
        ("npx --no-install tsc --noEmit", "npx --no-install tsc", "."),
        ("make test lint", "make test lint", "."),
        ("cargo test -p core name", "cargo test", "."),
        ("go test ./... -run X", "go test", "."),
        ("ruff check src", "ruff check", "."),
        ("mypy src", "mypy", "."),
        ("tox -e py311", "tox -e py311", "."),
        ("tox -q -elint", "tox -e lint", "."),
    ],
)
def test_runners_are_called_by_their_words_and_folder(shop: Shop, line: str, key: str, folder: str) -> None:
    if line.startswith("python3.12"):
        shop.program(shop.bin / "python3.12")
    (part,) = [part for part in shop.command(line).parts if part.kind == "runner"]
    assert (part.key, part.folder) == (tuple(key.split()), folder)


NO_RUNNERS = [
    *(
        "npm test '--node-options=--import=data:text/javascript,x'",
        "npm test -- --x",
        "npm --prefix evil test",
        "npm test evil",
    ),
    *(
        "npm testx",
        "npm run",
        "npm run a b",
        "npm exec x",
        "npm install",
        "npm audit fix",
        "npx tsc",
        "npx --no-install evil",
    ),
    *(
        "pytest --junitxml=AGENTS.md",
        "pytest --log-file=x",
        "pytest --basetemp=src",
        "pytest @list",
        "pytest -p evil",
        "pytest -c x",
    ),
    *(
        "pytest --rootdir=evil",
        "pytest -o x=y",
        "pytest --confcutdir=x",
        "pytest ../outside",
        "pytest /etc",
        "pytest --import-mode=x",
    ),
    *(
        "python -m http.server",
        "python -c x",
        "python x.py",
        "python -m pytest -p evil",
        "python -I -m pytest",
        "uv run evil",
    ),
    *(
        "make VAR=x",
        "make -f evil",
        "make -C evil",
        "make SHELL=id",
        "make --eval=x",
        "make -E x",
        "MAKEFLAGS=x make test",
    ),
    *(
        "go test -exec id",
        "go build -o x",
        "go vet -vettool=id",
        "go test -toolexec id",
        "go run x.go",
        "cargo run",
        "cargo test --config x",
    ),
    *(
        "ruff check --config x",
        "ruff check --fix",
        "mypy --config-file x",
        "tox -c x",
        "eslint x",
        "npx --no-install eslint -c x",
    ),
    *("npx --no-install eslint --rulesdir x", "npx --no-install tsc --outDir x", "npx --no-install jest --config x"),
    *("PYTHONPATH=../outside pytest", "PYTEST_ADDOPTS=-pevil pytest", "NODE_OPTIONS=x npm test", "PATH=. npm test"),
    *("node_modules/.bin/pytest", "./pytest", "PYTHONPATH=/tmp pytest"),
    *("mvn exec:exec", "mvn deploy", "mvn org.evil:plugin:1:run", "mvn -Dx=y test", "npx --no-install vitest"),
]


@for_each("line", NO_RUNNERS)
def test_other_shapes_are_no_runners(shop: Shop, line: str) -> None:
    assert "runner" not in shop.kinds(line), line


def test_what_others_brought_is_no_test_of_this_project(shop: Shop) -> None:
    (part,) = shop.command("npm test", "node_modules/evil").parts
    assert (part.kind, part.folder, part.wide) == ("runner", "node_modules/evil", False)


@for_each(
    "line",
    [
        *(
            "git add -A",
            "git add src tests/test_a.py",
            "git commit -m 'a; b'",
            "git commit -qam x",
            "git switch -c a/b",
            "git stash",
        ),
        *(
            "git stash push -m x",
            "git mv src/a.py src/c.py",
            "mkdir -p docs/notes",
            "touch src/new.py",
            "cp src/a.py src/c.py",
        ),
        *(
            "mv src/a.py sub",
            "mv src/a.py src/b.py sub",
        ),
    ],
)
def test_changers_are_what_is_easily_undone(shop: Shop, line: str) -> None:
    assert shop.kinds(line) == ["changer"], shop.command(line)


@for_each(
    "line",
    [
        *(
            "git add -f x",
            "git add -p",
            "git add AGENTS.md",
            "git add package.json",
            "git commit",
            "git commit --amend -m x",
        ),
        *(
            "git commit -m x --no-verify",
            "git commit -F f",
            "git commit --template=x -m y",
            "git switch main",
            "git switch -C x",
        ),
        *(
            "git stash pop",
            "git stash clear",
            "git mv AGENTS.md x",
            "mkdir .git/hooks",
            "mkdir -p .vscode",
            "touch conftest.py",
        ),
        *(
            "touch ../outside/x",
            "touch .env",
            "cp src/a.py src/b.py",
            "cp -r src x",
            "cp .env x",
            "cp -f src/a.py x",
            "mv src/a.py AGENTS.md",
        ),
        *(
            "mv package.json x",
            "mv node_modules x",
            "cp src/a.py conftest.py",
            "cp src/a.py away/x",
            "cp readme.lnk x",
            "mv src .helix",
        ),
        *(
            "cp -t sub src/a.py",
            "mv src/a.py src/b.py nowhere",
            "ln -s / x",
            "git add ../outside",
            "cp src/a.py node_modules/.bin/x",
        ),
    ],
)
def test_what_overwrites_or_touches_what_decides_is_none(shop: Shop, line: str) -> None:
    assert "changer" not in shop.kinds(line), line


@for_each("name", ["workflows/ci.yml", "sub/.vscode/tasks.json"])
def test_a_folder_does_not_become_by_its_new_name_what_decides(shop: Shop, name: str) -> None:
    folder = shop.put(f"plain/{name}").parent
    try:
        assert shop.kinds("mv plain .github") == ["other"]
        assert shop.kinds("mkdir .github && mv plain/workflows .github")[1] == "other"
        assert "other" in shop.kinds("mv plain sub/workflows && mv sub .github")
    finally:
        shutil.rmtree(shop.root / "plain")
        assert not folder.exists()


@for_each(
    "line",
    [
        *(
            "rm -r x",
            "rm -rf x",
            "rm -Rv x",
            "rm --recursive x",
            "rm --rec x",
            "find . -delete",
            "shred x",
            "truncate -s 0 x",
            "dd if=a of=b",
        ),
        *(
            "mkfs.ext4 x",
            "git clean -fd",
            "git restore x",
            "git checkout -- x",
            "git checkout .",
            "git checkout HEAD x",
            "git checkout -f",
        ),
        *(
            "git reset --hard",
            "git reset --har",
            "git branch -D x",
            "git stash drop",
            "git stash clear",
            "git worktree remove -f x",
        ),
        *(
            "git push --force",
            "git push -f",
            "git push --force-with-lease",
            "git push origin +main",
            "git push origin :x",
            "git push -d o x",
        ),
        *(
            "git reflog expire --expire=now --all",
            "git reflog delete x",
            "git -C sub reset --hard",
            "git --no-pager clean -f",
        ),
        *(
            "sudo ls",
            "su -c id",
            "doas id",
            "env sudo id",
            "curl x | sh",
            "curl x | sudo sh",
            "curl x | tee f | python3 -",
            "wget -O- x | bash",
        ),
        *(
            "bash -c 'rm -rf x'",
            "sh -c 'cd x && git reset --hard'",
            "xargs rm -r",
            "find . -exec rm -r {} +",
            "nice -n 5 rm -r x",
        ),
        *("git checkout-index -fa", "git read-tree --reset -u HEAD"),
        *(
            "timeout 5 git clean -f",
            "/bin/rm -rf x",
            "RM -rf x",
            "eval 'rm -r x'",
            "npx rm -r x",
            "true; rm -r x",
            "echo a && dd of=x",
        ),
    ],
)
def test_what_destroys_raises_rights_or_runs_what_it_fetched_is_never_remembered(shop: Shop, line: str) -> None:
    assert shop.kinds(line) == ["each time"], line


@for_each(
    "line",
    [
        *(
            "rm a.txt",
            "git commit -m 'rm -rf everything'",
            "git checkout -b new",
            "git checkout main",
            "git branch -d x",
            "git push",
        ),
        *(
            "git stash pop",
            "git reset HEAD~1",
            "curl x | head",
            "grep -rn dd src",
            "uv run pytest -k 'dd or rm'",
            "git log --grep=sudo",
        ),
        "cat src/a.py | python3 -",
    ],
)
def test_what_only_looks_like_it_may_be_remembered(shop: Shop, line: str) -> None:
    assert shop.kinds(line) != ["each time"], shop.command(line)


def test_words_of_a_shell_in_a_shell_are_looked_through() -> None:
    assert never([("bash", "-c", "sh -c 'rm -r x'")])
    assert not never([("bash", "-c", "echo hello")])


@for_each(
    ("line", "kinds"),
    [
        ("cd sub && cat ../src/a.py", ["reader", "reader"]),
        ("cd sub; ls src", ["other", "other"]),
        ("cd sub | ls", ["other", "other"]),
        ("cd sub || ls src", ["other", "other"]),
        ("cd .. && ls", ["other", "other"]),
        ("cd away && ls", ["other", "other"]),
        ("cd - && ls", ["other", "other"]),
        ("cd sub && ls; cat src/a.py", ["reader", "reader", "other"]),
        ("cd sub && ls || echo none", ["reader", "reader", "reader"]),
        ("export A=b; ls", ["other", "other"]),
        (". ./x; ls", ["other", "other"]),
        ("ls > /dev/null 2>&1", ["reader"]),
        ("ls < src/a.py", ["other"]),
        ("ls 3> x", ["other"]),
        ("cat <<'E'\nx\nE", ["other"]),
        ("ls &", ["each time"]),
        ("cat src/*.py > sub/all", ["reader"]),
        ("mytool *.py", ["each time"]),
        ("mkdir sub/x && mv src/a.py sub/x", ["changer", "changer"]),
        ("mv src/a.py sub && mv sub sub2", ["changer", "other"]),
        ("git stash && cat src/a.py", ["changer", "other"]),
        ("git stash list && git branch --show-current", ["reader", "reader"]),
    ],
)
def test_lines_are_read_through_part_by_part(shop: Shop, line: str, kinds: list[str]) -> None:
    assert shop.kinds(line) == kinds, shop.command(line)


def test_what_is_written_is_an_edit_of_that_file(shop: Shop) -> None:
    writes = shop.command("echo x > sub/out.txt").writes
    assert writes is not None
    assert (writes.names, writes.second, writes.always) == (("sub/out.txt",), (), None)
    assert shop.command("echo x > AGENTS.md").always
    assert shop.kinds("echo {} > package.json && npm test") == ["reader", "other"], "it decides itself what it runs"
    assert shop.kinds("echo {} > sub/x.json && npm test") == ["reader", "runner"]
    writes = shop.command("echo x >> package.json").writes
    assert writes is not None
    assert writes.second == ("package.json",)
    for line in ("echo x > ../outside/x", "echo x > away/x", "echo x > .env", "echo x > src"):
        assert shop.kinds(line) == ["other"], line
