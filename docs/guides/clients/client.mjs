// A chat in Node's standard library: node client.mjs QUESTION ... Ctrl-C cancels the turn that runs.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const command = process.env.CHATLS_COMMAND ?? "chatls"; // as a shell reads it
const daemon = spawn(command, { shell: true, stdio: ["pipe", "pipe", "inherit"], detached: true });
daemon.on("exit", () => process.exit(leaving ? 0 : (console.error("the daemon has left"), 1)));
const keyboard = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const waiting = new Map();
let [data, last, leaving, asking] = [Buffer.alloc(0), 0, false, Promise.resolve()];

function send(message) {
  const body = JSON.stringify({ jsonrpc: "2.0", ...message });
  daemon.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

function request(method, params) {
  send({ id: ++last, method, params });
  return new Promise((resolve) => waiting.set(last, resolve));
}

daemon.stdout.on("data", (piece) => {
  data = Buffer.concat([data, piece]);
  for (let head; (head = data.indexOf("\r\n\r\n")) >= 0; ) {
    const end = head + 4 + Number(/content-length: *(\d+)/i.exec(data.toString("latin1", 0, head))[1]);
    if (data.length < end) return;
    receive(JSON.parse(data.toString("utf8", head + 4, end)));
    data = data.subarray(end);
  }
});

function receive({ id, method, params, result, error }) {
  if (method === "$/progress") show(params.value);
  else if (method === "chat/requestPermission") {
    asking = asking.then(async () => send({ id, result: await permitted(params) })); // one after the other
  } else if (method && id !== undefined) send({ id, error: { code: -32601, message: "not known here" } });
  else if (!method) waiting.get(id)?.(result ?? error);
}

function show({ kind, text, title, status }) {
  if (kind === "textChunk") process.stdout.write(text);
  if (kind === "toolCallEnd") console.log(`\n- ${title}`);
  if (kind === "toolRunEnd") console.log(`- ${status}`);
}

const preview = (item) => (item.type === "diff" ? `${item.uri}\n-${item.oldText}\n+${item.newText}` : item.text);

async function permitted({ title, preview: items, options }) {
  console.log(["", title, ...items.map(preview), "[y/n] "].join("\n"));
  const agreed = (await keyboard.next()).value === "y" && items.every((item) => preview(item) !== undefined);
  const kind = agreed ? "allow_once" : "reject_once";
  return { outcome: "selected", optionId: options.find((option) => option.kind === kind).id };
}

process.on("SIGINT", () => send({ method: "$/cancelRequest", params: { id: last } }));
const workspaceFolders = [{ uri: pathToFileURL(process.cwd()).href, name: "here" }];
const capabilities = { experimental: { chat: { version: 1, permission: true } } };
await request("initialize", { processId: process.pid, capabilities, workspaceFolders });
send({ method: "initialized", params: {} });
let sessionId;
for (const content of process.argv.slice(2)) {
  const result = await request("chat/prompt", { sessionId, content, partialResultToken: content });
  sessionId = result.sessionId ?? sessionId;
  console.log(result.message ?? `\n(${result.stopReason})`);
}
await request("shutdown");
leaving = true;
send({ method: "exit" });
