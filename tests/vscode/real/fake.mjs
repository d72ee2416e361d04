// A daemon that advertises all that a daemon may, and answers as the contract says: for what the real one cannot do yet.
// The answer to a question comes back as text, so that a test can read what the extension said.
import { createRequire } from "node:module";

if (process.argv[2] === "setup") {
  console.log("It is set up.");
  process.exit(0);
}
const require = createRequire(process.env.CHATLS_FAKE_NEAR);
const rpc = require("vscode-jsonrpc/node");
const connection = rpc.createMessageConnection(new rpc.StreamMessageReader(process.stdin), new rpc.StreamMessageWriter(process.stdout));
const uri = process.env.CHATLS_FAKE_FILE;
const OPTIONS = [
  { id: "allow_once", label: "Allow once", kind: "allow_once" },
  { id: "reject_once", label: "No", kind: "reject_once" },
];
const asked = [];
let turns = 0;

connection.onRequest("initialize", () => ({
  capabilities: {
    textDocumentSync: { openClose: true, change: 2 },
    experimental: { chat: { version: 1, permission: true, sessions: true, steer: true, modes: true, editedArguments: true } },
  },
}));
connection.onRequest("shutdown", () => null);
connection.onNotification("exit", () => process.exit(0));
connection.onRequest("chat/models", () => ({ models: [], default: null }));
connection.onRequest("chat/session/list", () => ({ sessions: [] }));
connection.onRequest("chat/session/load", () => {
  if (turns === 0) {
    throw new rpc.ResponseError(1001, "no such session"); // it keeps none over a new start
  }
  return { sessionId: "s1", title: "Again", turns: [], folders: [], updatedAt: "2026-01-01T00:00:00Z", mode: "plan" };
});
connection.onRequest("chat/session/rewind", (params) => {
  asked.push(params);
  const files = [{ uri, state: params.dryRun ? "would_restore" : "conflict" }];
  return { prompt: [{ type: "text", text: "What I said." }], files, commands: ["make all"] };
});
connection.onRequest("chat/prompt", async (params) => {
  const turnId = `turn-${(turns += 1)}`;
  let seq = 0;
  const say = (value) => connection.sendNotification("$/progress", { token: params.partialResultToken, value: { turnId, seq: (seq += 1), ...value } });
  const words = params.content.findLast((block) => block.type === "text").text;
  say({ kind: "turnStart", sessionId: "s1", model: "fake/one" });
  let text = `mode ${params.mode}; rewinds ${JSON.stringify(asked)}`;
  if (words !== "Tell.") {
    const command = words === "Run.";
    const args = command ? { command: "rm everything" } : { path: "fake.txt", edits: [{ old_text: "one", new_text: "ONE" }] };
    const title = command ? "run_command rm everything" : "edit_file fake.txt";
    const name = title.split(" ")[0];
    say({ kind: "toolCallStart", toolCallId: turnId, name, toolKind: command ? "execute" : "edit" });
    say({ kind: "toolCallEnd", toolCallId: turnId, name, title, arguments: args, locations: [] });
    say({ kind: "permissionRequested", toolCallId: turnId });
    const preview = command
      ? [{ type: "text", text: "rm everything" }]
      : [{ type: "diff", uri, oldText: "one\ntwo\n", newText: "ONE\ntwo\n", change: "changed" }];
    const question = { sessionId: "s1", turnId, toolCallId: turnId, title, toolKind: command ? "execute" : "edit", arguments: args, preview, options: OPTIONS };
    const answer = await connection.sendRequest("chat/requestPermission", question);
    say({ kind: "permissionResolved", toolCallId: turnId, outcome: answer.optionId ?? "cancelled" });
    say({ kind: "toolRunEnd", toolCallId: turnId, status: "completed", content: [], durationMs: 1, truncated: false });
    text = `answer ${JSON.stringify(answer)}`;
  }
  say({ kind: "textChunk", text });
  say({ kind: "contextUsage", tokens: 3000, window: 8000, exact: true });
  say({ kind: "stepEnd", stopReason: "end_turn", usage: null, text });
  return { sessionId: "s1", turnId, stopReason: "end_turn", usage: null, steps: 1, chunks: 1, tools: {}, durationMs: 1, timeToFirstChunkMs: 1 };
});
connection.listen();
