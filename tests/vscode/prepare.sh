#!/bin/sh
# What the VS Code extension is built and tested with, fetched into node_modules folders where it is missing.
#   prepare.sh tools     Node 24 and the extension's tools; prints the folder with `node`, for PATH
#   prepare.sh editor    the same, a VS Code (code-server) and a browser
# Versions stand in the lock files. Nothing is compiled, and no package's script is run.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
client=$here/../../clients/vscode
quiet='--no-audit --no-fund --loglevel=error --ignore-scripts'

# A folder's packages, if its lock file is another one than when they were fetched.
fetch() {
    if ! cmp -s "$1/package-lock.json" "$1/node_modules/.fetched"; then
        echo "fetching the packages of $(basename "$(dirname "$1")")/$(basename "$1") ..." >&2
        # shellcheck disable=SC2086 # these are words
        (cd "$1" && npm ci $quiet >&2)
        cp "$1/package-lock.json" "$1/node_modules/.fetched"
    fi
}

own_node() {
    for name in linux-x64 linux-arm64; do
        if [ -x "$client/node_modules/node-$name/bin/node" ] && "$client/node_modules/node-$name/bin/node" --version >/dev/null 2>&1; then
            (cd "$client/node_modules/node-$name/bin" && pwd)
            return
        fi
    done
    dirname "$(command -v node)"
}

# code-server brings the packages of its VS Code as lists; they are fetched without their scripts.
fetch_editor() {
    code=$here/node_modules/code-server/lib/vscode
    fetch "$here"
    if [ ! -e "$code/.fetched" ]; then
        echo "fetching the packages of the editor ..." >&2
        for folder in "$code" "$code/extensions"; do
            # shellcheck disable=SC2086 # these are words
            (cd "$folder" && npm install --omit=dev $quiet >&2)
        done
        python3 "$here/proposals.py" "$code" >&2
        touch "$code/.fetched"
    fi
}

browser() {
    for name in "${CHATLS_CHROMIUM:-}" chromium chromium-browser google-chrome; do
        if [ -n "$name" ] && command -v "$name" >/dev/null; then
            return
        fi
    done
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "A browser is needed: install chromium, or name it with CHATLS_CHROMIUM." >&2
        exit 1
    fi
    echo "installing chromium ..." >&2
    apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null 2>&1
}

case "${1:-}" in
tools | editor)
    fetch "$client"
    node=$(own_node)
    PATH=$node:$PATH
    [ "$1" = tools ] || { fetch_editor; browser; }
    echo "$node"
    ;;
*)
    sed -n '2,5p' "$0" >&2
    exit 2
    ;;
esac
