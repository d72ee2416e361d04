#!/bin/sh
# All tests of the VS Code extension. Run by `make test-vscode`, which has the tools on PATH.
#   run.sh           all
#   run.sh unit      those that need no editor
#   run.sh flood     all floods, and nothing else
set -eu
cd "$(dirname "$0")/../.."
if [ "${1:-}" = flood ]; then
    (cd clients/vscode && node build.mjs --test)
    CHATLS_LONG=1 exec node --no-warnings --test tests/vscode/real/flood.test.ts
fi
tests/vscode/package.sh
node --no-warnings --test tests/vscode/unit/*.test.ts
[ "${1:-}" = unit ] && exit
(cd clients/vscode && node build.mjs --test)
# Every wait in them has an end of its own; this one is for whole files.
node --no-warnings --test --test-timeout=1800000 --test-concurrency=1 tests/vscode/real/*.test.ts
