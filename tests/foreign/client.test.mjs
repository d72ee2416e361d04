// The daemon as VS Code's own JSON-RPC library sees it. CHATLS_COMMAND: the daemon's command line as a JSON array.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import rpc from "vscode-jsonrpc/node.js";

const SOON = { timeout: 30_000 };
const folder = mkdtempSync(join(tmpdir(), "chatls foreign "));
const root = join(folder, "root");
mkdirSync(root);
writeFileSync(join(root, "notes.md"), "on the disk\n");

let daemon, connection;
let spinner = () => {};

/** A model that plays these replies. */
function scripted(name, replies, more = {}) {
  const script = join(folder, `${name}.json`);
  writeFileSync(script, JSON.stringify({ replies, chunkChars: 4, chunkDelay: 0.001, ...more }));
  return { kind: "scripted", script };
}

/** Ask, and collect the events of the turn; `seen` is called with each. */
async function prompt(params, { seen = () => {}, token = `events-${Math.random()}`, cancel } = {}) {
  const events = [];
  const listening = connection.onProgress(new rpc.ProgressType(), token, (event) => {
    events.push(event);
    seen(event);
  });
  const rest = cancel ? [cancel] : []; // for this library an `undefined` is a parameter more
  const result = await connection.sendRequest("chat/prompt", { ...params, partialResultToken: token }, ...rest);
  listening.dispose();
  return { events, result };
}

function text(events) {
  return events.filter((event) => event.kind === "textChunk").map((event) => event.text).join("");
}

before(async () => {
  const [program, ...argv] = JSON.parse(process.env.CHATLS_COMMAND);
  daemon = spawn(program, argv, { stdio: ["pipe", "pipe", "inherit"] });
  const reader = new rpc.StreamMessageReader(daemon.stdout);
  connection = rpc.createMessageConnection(reader, new rpc.StreamMessageWriter(daemon.stdin));
  connection.onRequest("window/workDoneProgress/create", (params) => {
    spinner(params.token);
    return null;
  });
  connection.listen();
  const look = { toolCall: { name: "read_file", arguments: { path: "notes.md" } } };
  const result = await connection.sendRequest("initialize", {
    processId: process.pid,
    rootUri: null,
    capabilities: { window: { workDoneProgress: true } },
    workspaceFolders: [{ uri: pathToFileURL(root).href, name: "root" }],
    initializationOptions: {
      model: "talk/x",
      providers: {
        talk: scripted("talk", [[{ text: "Hello from far away \u{1f600}." }]]),
        tool: scripted("tool", [[{ text: "I look." }, look], [{ text: "I saw." }]]),
        slow: scripted("slow", [[{ text: "Some words" }, { hang: true }]]),
        flood: scripted("flood", [[{ text: "0123456789".repeat(20_000) }]], { chunkDelay: 0 }),
      },
    },
  });
  assert.equal(result.capabilities.experimental.chat.version, 1);
  await connection.sendNotification("initialized", {});
}, SOON);

after(async () => {
  try {
    await connection.sendRequest("shutdown");
    await connection.sendNotification("exit");
    const [code] = await once(daemon, "exit");
    assert.equal(code, 0);
  } finally {
    daemon.kill("SIGKILL");
  }
}, SOON);

test("a prompt streams as LSP progress and then answers", SOON, async () => {
  const { events, result } = await prompt({ content: "hello" });
  assert.equal(result.stopReason, "end_turn");
  assert.equal(text(events), "Hello from far away \u{1f600}.");
  assert.deepEqual(events.map((event) => event.seq), events.map((_, index) => index + 1));
  assert.equal(events[0].kind, "turnStart");
});

test("tokens may be 0, empty or text that looks like a number", SOON, async () => {
  for (const token of [0, "", "0"]) {
    const { events } = await prompt({ content: "hello" }, { token });
    assert.equal(events[0].kind, "turnStart");
  }
});

test("a tool reads the unsaved text", SOON, async () => {
  const uri = pathToFileURL(join(root, "notes.md")).href;
  const textDocument = { uri, languageId: "markdown", version: 1, text: "in the editor\n" };
  await connection.sendNotification("textDocument/didOpen", { textDocument });
  const { events, result } = await prompt({ content: "look", model: "tool/x" });
  assert.deepEqual(result.tools, { read_file: 1 });
  const end = events.find((event) => event.kind === "toolRunEnd");
  assert.match(end.content[0].text, /in the editor/);
  assert.equal(text(events), "I look.I saw.");
  await connection.sendNotification("textDocument/didClose", { textDocument: { uri } });
});

test("the library's cancellation token ends a turn with a result, not with an error", SOON, async () => {
  const source = new rpc.CancellationTokenSource();
  const seen = (event) => event.kind === "textChunk" && source.cancel();
  const { result } = await prompt({ content: "go on", model: "slow/x" }, { seen, cancel: source.token });
  assert.equal(result.stopReason, "cancelled");
});

test("a spinner is asked for, and its button cancels the turn", SOON, async () => {
  const work = [];
  spinner = (token) => {
    connection.onProgress(new rpc.ProgressType(), token, (value) => {
      work.push(value.kind);
      connection.sendNotification("window/workDoneProgress/cancel", { token });
    });
    spinner = () => {};
  };
  const { result } = await prompt({ content: "go on", model: "slow/x" });
  assert.equal(result.stopReason, "cancelled");
  assert.deepEqual([work.at(0), work.at(-1)], ["begin", "end"]);
});

test("a turn that never began rejects with a code of ours", SOON, async () => {
  await assert.rejects(prompt({ content: "x", sessionId: "nowhere" }), { code: 1001 });
  await assert.rejects(prompt({ content: 5 }), { code: -32602 });
  await assert.rejects(connection.sendRequest("no/such/method"), { code: -32601 });
});

test("twenty turns at once each get their own events", SOON, async () => {
  const turns = await Promise.all(Array.from({ length: 20 }, () => prompt({ content: "hello" })));
  for (const { events, result } of turns) {
    assert.equal(result.stopReason, "end_turn");
    assert.equal(text(events), "Hello from far away \u{1f600}.");
  }
});

test("a flood arrives whole", SOON, async () => {
  const { events, result } = await prompt({ content: "hello", model: "flood/x" });
  assert.equal(result.chunks, 50_000);
  assert.equal(text(events), "0123456789".repeat(20_000));
});
