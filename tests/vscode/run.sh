#!/bin/sh
# All tests of the VS Code extension. Run by `make test-vscode`, which has the tools on PATH.
#   run.sh           all
#   run.sh unit      those that need no editor
set -eu
cd "$(dirname "$0")/../.."
(cd clients/vscode && npm run --silent check)
node --no-warnings --test tests/vscode/unit/*.test.ts
[ "${1:-}" = unit ] && exit
(cd clients/vscode && node build.mjs --test)
node --no-warnings --test --test-timeout=240000 tests/vscode/real/real.test.ts
