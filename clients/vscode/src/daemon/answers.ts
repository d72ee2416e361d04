// What the daemon asks of an editor and no person has to answer: problems, reading anew, saving, symbols.

import { readFile } from "node:fs/promises";
import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import type { DiagnosticsAnswer, DiagnosticsRequest, EditCellsRequest, LanguageRequest, ReloadAnswer, ReloadRequest, SaveRequest } from "../protocol.ts";
import { lookUp } from "./language.ts";
import { cellPlace, editCells, holdsCells, openNotebook } from "./notebooks.ts";

/** The daemon counts an answer after three seconds as none. */
const LONGEST_MS = 1800;
const QUIET_MS = 250;
const RELOAD_MS = 4000;

/** Languages in which somebody has found a problem in this window: there it is worth waiting. */
const watched = new Set<string>();

/** Answer such requests for as long as the client lives. */
export function answerRequests(client: LanguageClient): vscode.Disposable[] {
  return [
    client.onRequest("chat/diagnostics", (request: DiagnosticsRequest) => problems(client, request)),
    client.onRequest("chat/reload", (request: ReloadRequest) => reload(request)),
    client.onRequest("chat/save", (request: SaveRequest) => save(request.uris)),
    client.onRequest("chat/editCells", (request: EditCellsRequest) => editCells(request)),
    client.onRequest("chat/language", (request: LanguageRequest, token: vscode.CancellationToken) => lookUp(client, request, token)),
    vscode.languages.onDidChangeDiagnostics((event) => {
      const changed = new Set(event.uris.map(String));
      for (const document of vscode.workspace.textDocuments.filter((one) => changed.has(one.uri.toString()))) {
        watched.add(document.languageId);
      }
    }),
  ];
}

async function problems(client: LanguageClient, request: DiagnosticsRequest): Promise<DiagnosticsAnswer> {
  if (request.uri === undefined) {
    const all = vscode.languages.getDiagnostics().filter(([uri]) => uri.scheme === "file" || cellPlace(uri));
    return { items: all.map(([uri, found]) => told(client, uri, found)).filter((item) => item.diagnostics.length > 0) };
  }
  const uri = vscode.Uri.parse(request.uri);
  const notebook = openNotebook(uri);
  if (notebook) {
    const cells = notebook.getCells().map(({ document }) => told(client, document.uri, vscode.languages.getDiagnostics(document.uri)));
    return { items: [{ uri: request.uri, diagnostics: cells.flatMap(({ diagnostics }) => diagnostics) }] };
  }
  const document = openDocument(uri);
  if (request.changed === true && document && watched.has(document.languageId)) {
    await settled(uri);
  }
  return { items: [{ ...told(client, uri, vscode.languages.getDiagnostics(uri)), uri: request.uri }] };
}

function told(client: LanguageClient, uri: vscode.Uri, found: readonly vscode.Diagnostic[]): DiagnosticsAnswer["items"][0] {
  const converter = client.code2ProtocolConverter;
  const cell = cellPlace(uri);
  return {
    uri: converter.asUri(cell?.file ?? uri),
    diagnostics: found.map((one) => ({
      range: converter.asRange(one.range),
      message: cell ? `cell ${cell.number}: ${one.message}` : one.message,
      severity: one.severity + 1,
      ...(one.source === undefined ? {} : { source: one.source }),
      ...(one.code === undefined ? {} : { code: typeof one.code === "object" ? one.code.value : one.code }),
    })),
  };
}

/** Wait until those who find problems have seen the change: something new, and then a moment of quiet. */
function settled(uri: vscode.Uri): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const last = setTimeout(resolve, LONGEST_MS);
  let quiet: NodeJS.Timeout | undefined;
  const listening = vscode.languages.onDidChangeDiagnostics((event) => {
    if (event.uris.some((one) => one.toString() === uri.toString())) {
      clearTimeout(quiet);
      quiet = setTimeout(resolve, QUIET_MS);
    }
  });
  return promise.finally(() => {
    clearTimeout(last);
    clearTimeout(quiet);
    listening.dispose();
  });
}

/** The editor reads a file anew by itself where its document has no changes: wait until it has. */
async function reload(request: ReloadRequest): Promise<ReloadAnswer> {
  const done = await Promise.all(request.uris.map(async (uri) => ((await isFresh(vscode.Uri.parse(uri))) ? [uri] : [])));
  return { reloaded: done.flat() };
}

async function isFresh(uri: vscode.Uri): Promise<boolean> {
  const notebook = openNotebook(uri);
  const document = notebook ?? openDocument(uri);
  if (!document || document.isDirty || uri.scheme !== "file") {
    return false;
  }
  const onDisk = await readFile(uri.fsPath, "utf8").catch(() => "");
  const is = (text: string): boolean => normal(text) === normal(onDisk);
  const fresh = (): boolean => !document.isDirty && ("getText" in document ? is(document.getText()) : holdsCells(document, onDisk));
  if (fresh()) {
    return true;
  }
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const last = setTimeout(() => resolve(fresh()), RELOAD_MS);
  const look = (changed: unknown): void => {
    if (changed === document && (fresh() || document.isDirty)) {
      resolve(fresh());
    }
  };
  const listening = vscode.Disposable.from(
    vscode.workspace.onDidChangeTextDocument((event) => look(event.document)),
    vscode.workspace.onDidChangeNotebookDocument((event) => look(event.notebook)),
  );
  return promise.finally(() => {
    clearTimeout(last);
    listening.dispose();
  });
}

function normal(text: string): string {
  return text.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
}

async function save(uris: readonly string[]): Promise<{ saved: string[] }> {
  const saved = await Promise.all(
    uris.map(async (text) => {
      const uri = vscode.Uri.parse(text);
      return (await (openNotebook(uri) ?? openDocument(uri))?.save()) === true ? [text] : [];
    }),
  );
  return { saved: saved.flat() };
}

function openDocument(uri: vscode.Uri): vscode.TextDocument | undefined {
  return vscode.workspace.textDocuments.find((one) => one.uri.toString() === uri.toString());
}
