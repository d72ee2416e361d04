"""Commands that run a project's own code in the usual way, with the shapes that may stand behind them; tables, nothing
else.

What is not listed is asked about each time, or remembered as exactly this line. Left out on purpose: options that name
a program, a plugin, a file of settings, a folder or a file to write (`--junitxml`, `--log-file`, `--basetemp`, `-p`,
`-c`, `-o`, `@list`, `--node-options`, `-exec`, `-toolexec`, `--config`, `VAR=...` of make), and what comes behind `--`
for a script of npm's."""

import re
from collections.abc import Mapping

from chatls.agent.permission.options import Shape, shape
from chatls.agent.permission.shell import Words
from chatls.values import dataclass


@dataclass(frozen=True, slots=True)
class RunnerRow:
    """One of them."""

    shape: Shape
    keyed: bool = False
    """Its arguments belong to the name: scripts, targets, environments."""


_PYTEST = shape(
    "-q -v -x -s -l --quiet --verbose --exitfirst --lf --last-failed --ff --failed-first --nf "
    "--new-first --sw --stepwise --co "
    "--collect-only --showlocals --no-header --no-summary --strict-markers --strict-config "
    "--runxfail --full-trace --no-cov "
    "--show-capture --setup-show --fixtures --markers --disable-warnings --doctest-modules",
    "-k=TEXT -m=TEXT -r=[A-Za-z]+ -n=([0-9]+|auto) --maxfail=N "
    "--tb=(auto|long|short|line|native|no) --durations=N --capture=(no|sys|fd) "
    "--color=(yes|no|auto) --timeout=N --show-capture=(no|stdout|stderr|log|all) --durations-min=[0-9.]+",
    operands="PATH",
)
_UNITTEST = shape(
    "-q -v -f -b -c --quiet --verbose --failfast --buffer --catch --locals",
    r"-k=TEXT -s=PATH -p=[A-Za-z0-9_*.]+ -t=PATH --start-directory=PATH --pattern=[A-Za-z0-9_*.]+",
    operands="PATH",
)
_SCRIPT = shape("-s --silent --if-present", operands=r"[A-Za-z0-9_][A-Za-z0-9_.:-]*", least=1, most=1)
_TEST = shape("-s --silent --if-present", operands="")
_RUFF = shape(
    "-q -v -n --quiet --verbose --no-cache --statistics --show-files --preview --no-fix --diff "
    "--exit-zero --show-fixes",
    "--select=[A-Z0-9,]+ --ignore=[A-Z0-9,]+ --extend-select=[A-Z0-9,]+ --output-format=NAME "
    "--target-version=NAME --line-length=N",
)
_MYPY = shape(
    "-v --strict --ignore-missing-imports --no-incremental --pretty --show-error-codes "
    "--no-error-summary --no-color-output "
    "--show-column-numbers --check-untyped-defs --namespace-packages --explicit-package-bases --show-error-context",
    "--follow-imports=(normal|silent|skip|error) --python-version=[0-9.]+",
)
_TSC = shape(
    "-p -b -v --noEmit --strict --pretty --skipLibCheck --listFiles --showConfig --build --version --noErrorTruncation",
    "-p=PATH --project=PATH --pretty=(true|false) --target=NAME",
    operands="PATH",
    single=True,
)
_ESLINT = shape(
    "--quiet --no-color --color --no-inline-config --no-error-on-unmatched-pattern "
    "--no-warn-ignored --report-unused-disable-directives",
    "--ext=[A-Za-z0-9.,]+ --max-warnings=N --format=(stylish|json|html) -f=(stylish|json|html)",
)
_PRETTIER = shape("-c -l --check --list-different --ignore-unknown --no-color", "--log-level=NAME", least=1)
_JEST = shape(
    "-i --ci --silent --verbose --runInBand --bail --passWithNoTests --no-coverage --noStackTrace "
    "--onlyChanged --listTests --forceExit "
    "--detectOpenHandles --no-cache",
    "-t=TEXT --testNamePattern=TEXT --maxWorkers=[0-9%]+ --testTimeout=N",
)
_VITEST = shape(
    "--silent --no-color --passWithNoTests --no-coverage",
    "-t=TEXT --testNamePattern=TEXT --bail=N",
    "--bail=N",
    "run PATH",
    least=1,
)
_GO = shape(
    "-v -race -short -cover -failfast -json -x -n -a -trimpath -fullpath",
    r"-run=TEXT -skip=TEXT -bench=TEXT -count=N -timeout=[0-9smh.]+ -tags=[A-Za-z0-9_,]+ -p=N "
    r"-parallel=N -cpu=[0-9,]+ -mod=(readonly|vendor)",
    operands="PATH",
    single=True,
)
_CARGO = shape(
    "-q -v -r --quiet --verbose --release --all --workspace --lib --bins --tests --examples "
    "--benches --all-targets --all-features "
    "--no-default-features --no-run --no-fail-fast --locked --offline --frozen --doc --keep-going "
    "--nocapture --exact --ignored "
    "--include-ignored --show-output",
    "-p=NAME -j=N -F=NAME --package=NAME --exclude=NAME --bin=NAME --test=NAME --example=NAME "
    "--bench=NAME --features=NAME --jobs=N "
    "--message-format=(short|human|json) --color=NAME --test-threads=N -D=[a-z_:]+ -W=[a-z_:]+ -A=[a-z_:]+",
    operands=r"[A-Za-z_][A-Za-z0-9_:]*",
    most=3,
)
_MAKE = shape(
    "-k -s -B -n -w --keep-going --silent --no-print-directory --dry-run --always-make",
    "-j=N",
    "--jobs=N",
    r"[A-Za-z0-9_][A-Za-z0-9_./-]*",
)
_TOX = shape("-q -v -p -r --recreate --notest", "-e=NAME -p=(auto|all|[0-9]+)", operands="run|r|p|run-parallel", most=1)
_PATHS = shape("-q -v --quiet --verbose --check --diff --no-color --color")
_PIP = shape("--user --local --not-required", "--format=(columns|freeze|json)", operands="NAME")
_NAMES = shape(
    "-q -v --quiet --offline --no-daemon --console=plain --info --batch-mode -B --no-build --no-restore",
    operands=r"[A-Za-z:][A-Za-z0-9:_.-]*",
)
_PHASES = shape(
    "-q -o -B -e -fae -ff --quiet --offline --batch-mode --no-transfer-progress -ntp",
    operands="clean|validate|compile|process-classes|test-compile|test|package|integration-test|verify",
    least=1,
    single=True,
)
"""Phases of Maven's; its goals may be those of any plugin, which it fetches."""

_MODULES: Mapping[str, RunnerRow] = {
    "pytest": RunnerRow(_PYTEST),
    "unittest": RunnerRow(_UNITTEST),
    "mypy": RunnerRow(_MYPY),
    "ruff check": RunnerRow(_RUFF),
    "ruff format --check": RunnerRow(_RUFF),
    "black --check": RunnerRow(_PATHS),
    "flake8": RunnerRow(_PATHS),
    "pyright": RunnerRow(shape("--warnings --stats --outputjson", "--level=NAME")),
    "pip list": RunnerRow(_PIP),
    "pip show": RunnerRow(_PIP),
    "pip check": RunnerRow(_PIP),
    "pip freeze": RunnerRow(_PIP),
}
_OF_NODE: Mapping[str, RunnerRow] = {
    "tsc": RunnerRow(_TSC),
    "eslint": RunnerRow(_ESLINT),
    "prettier": RunnerRow(_PRETTIER),
    "jest": RunnerRow(_JEST),
    "vitest": RunnerRow(_VITEST),
    "mocha": RunnerRow(shape("--exit --bail", "-g=TEXT --timeout=N --reporter=(spec|dot|min|list|tap)")),
}
_SCRIPTED = ("npm", "pnpm", "yarn", "bun")

RUNNERS: Mapping[str, RunnerRow] = {
    **{name: row for name, row in _MODULES.items() if name != "unittest"},
    **{f"python -m {name}": row for name, row in _MODULES.items()},
    **{f"{program} test": RunnerRow(_TEST) for program in _SCRIPTED},
    **{f"{program} run": RunnerRow(_SCRIPT, keyed=True) for program in _SCRIPTED},
    "npm t": RunnerRow(_TEST),
    "npm run-script": RunnerRow(_SCRIPT, keyed=True),
    **{f"npx {no} {name}": row for name, row in _OF_NODE.items() for no in ("--no-install", "--no")},
    "go test": RunnerRow(_GO),
    "go build": RunnerRow(_GO),
    "go vet": RunnerRow(_GO),
    "cargo test": RunnerRow(_CARGO),
    "cargo build": RunnerRow(_CARGO),
    "cargo check": RunnerRow(_CARGO),
    "cargo clippy": RunnerRow(_CARGO),
    "cargo fmt --check": RunnerRow(shape("--all", operands="")),
    "make": RunnerRow(_MAKE, keyed=True),
    "tox": RunnerRow(_TOX, keyed=True),
    "mvn": RunnerRow(_PHASES, keyed=True),
    "gradle": RunnerRow(_NAMES, keyed=True),
    "dotnet build": RunnerRow(_NAMES),
    "dotnet test": RunnerRow(_NAMES),
    "mix test": RunnerRow(shape("--trace --failed --stale", "--seed=N")),
    "bundle exec rspec": RunnerRow(
        shape("-f -b --fail-fast", "-e=TEXT --format=(p|progress|d|documentation) -f=(p|d)")
    ),
}
"""By the words that they begin with. A version behind `python` belongs to its name."""

PREFIXES: tuple[Words, ...] = (("uv", "run"), ("poetry", "run"), ("pipenv", "run"), ("pdm", "run"))
"""Words that may stand before one of Python's."""
OF_PYTHON = frozenset({"pytest", "mypy", "ruff", "black", "flake8", "pyright", "pip", "python"})
"""Programs that a project brings in an environment of its own."""
PYTHON = re.compile(r"python(3(\.[0-9]+)?)?")
ENVIRONMENTS = (".venv", "venv")

HARMLESS: Mapping[str, re.Pattern[str]] = {
    name: re.compile(r"[A-Za-z0-9_.,-]*")
    for name in [
        "CI",
        "NODE_ENV",
        "NO_COLOR",
        "FORCE_COLOR",
        "CLICOLOR",
        "CLICOLOR_FORCE",
        "TERM",
        "COLUMNS",
        "LINES",
        "TZ",
        "LANG",
        "LANGUAGE",
        "LC_ALL",
        "LC_CTYPE",
        "LC_COLLATE",
        "LC_MESSAGES",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONUNBUFFERED",
        "PYTHONHASHSEED",
        "PYTHONUTF8",
        "PYTHONIOENCODING",
        "RUST_BACKTRACE",
        "RUST_LOG",
        "DEBUG",
        "VERBOSE",
        "RAILS_ENV",
        "RACK_ENV",
        "APP_ENV",
    ]
}
"""Variables that may be set before any of these, and to what."""
AS_SHOWN = "PYTHONPATH"
"""May be set before a runner, to folders inside; it then belongs to the name."""

_JS = """package.json package-lock.json .npmrc .yarnrc .yarnrc.yml .pnpmfile.cjs pnpm-workspace.yaml bunfig.toml
tsconfig.json jest.config.js jest.config.ts jest.config.cjs jest.config.mjs jest.config.json vitest.config.ts
vitest.config.js vitest.config.mts vite.config.ts vite.config.js vite.config.mts babel.config.js babel.config.json
babel.config.cjs .babelrc .mocharc.js .mocharc.json .mocharc.yml .mocharc.cjs eslint.config.js eslint.config.mjs
eslint.config.cjs eslint.config.ts .eslintrc .eslintrc.js .eslintrc.cjs .eslintrc.json .eslintrc.yml prettier.config.js
prettier.config.mjs .prettierrc .prettierrc.js webpack.config.js rollup.config.js playwright.config.ts karma.conf.js
gulpfile.js Gruntfile.js"""
_PY = """conftest.py pytest.ini .pytest.ini pyproject.toml tox.ini setup.cfg setup.py noxfile.py sitecustomize.py
usercustomize.py mypy.ini .mypy.ini ruff.toml .ruff.toml .flake8 uv.toml pyrightconfig.json"""
_MAKEFILES = "Makefile makefile GNUmakefile"
_DECIDERS: Mapping[str, str] = {
    "npm pnpm yarn bun npx node": _JS,
    "python pytest mypy ruff black flake8 pyright pip uv poetry pipenv pdm tox nox": _PY,
    "make gmake": _MAKEFILES,
    "cargo": "Cargo.toml Cargo.lock build.rs .cargo/config.toml .cargo/config rust-toolchain rust-toolchain.toml",
    "go": "go.mod go.sum go.work vendor/modules.txt",
    "mvn": "pom.xml .mvn/maven.config .mvn/jvm.config .mvn/extensions.xml",
    "gradle": "build.gradle build.gradle.kts settings.gradle settings.gradle.kts gradle.properties",
    "dotnet": "Directory.Build.props Directory.Build.targets global.json nuget.config",
    "mix": "mix.exs test/test_helper.exs",
    "bundle": "Gemfile Gemfile.lock .rspec Rakefile",
}
DECIDERS: Mapping[str, Words] = {
    program: tuple(names.split()) for programs, names in _DECIDERS.items() for program in programs.split()
}
"""By program: the files, of the command's folder and of those above, that decide what it runs."""
