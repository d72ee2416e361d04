#!/bin/sh
# Builds the extension and packs it: clients/vscode/chatls-VERSION.vsix. Run by `make vsix`, which has the tools on PATH.
set -eu
cd "$(dirname "$0")/../../clients/vscode"
npm run --silent check
npm run --silent build
rm -f chatls-*.vsix
node_modules/.bin/vsce package --no-dependencies --allow-missing-repository --skip-license 2>&1 | sed -n '/Packaged/p'
