// What the editor's language servers say of symbols, for `chat/language`: by the commands that the editor has for that, which
// ask whoever serves a document. A file that is not open is opened unseen for it.

import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import type { DocumentEdits, LanguageAnswer, LanguagePlace, LanguageRequest } from "../protocol.ts";

/** The daemon counts an answer after twenty seconds as none. */
const LONGEST_MS = 15_000;
/** As long as whoever serves a language may take to come: the first time, and where nobody came before. */
const COMING_MS = 12_000;
const COMING_AGAIN_MS = 1500;
const AGAIN_MS = 400;
/** That the daemon reads. */
const MOST = 2000;

/** Languages in which somebody answered, and such in which nobody came. */
const served = new Map<string, boolean>();

type Converter = LanguageClient["code2ProtocolConverter"];
type Hierarchy = vscode.CallHierarchyItem;

/** Ask, and wait no longer than the daemon does. */
export async function lookUp(client: LanguageClient, request: LanguageRequest, token: vscode.CancellationToken): Promise<LanguageAnswer> {
  const late = new Promise<LanguageAnswer>((resolve) => {
    const timer = setTimeout(() => resolve({ failureReason: "the language server did not answer in time" }), LONGEST_MS);
    token.onCancellationRequested(() => {
      clearTimeout(timer);
      resolve({});
    });
  });
  return await Promise.race([asked(client, request, token), late]).catch((error: unknown) => ({
    failureReason: error instanceof Error ? error.message : String(error),
  }));
}

async function asked(client: LanguageClient, request: LanguageRequest, token: vscode.CancellationToken): Promise<LanguageAnswer> {
  const converter = client.code2ProtocolConverter;
  if (request.kind === "workspaceSymbols") {
    const found = await run<vscode.SymbolInformation[]>("vscode.executeWorkspaceSymbolProvider", request.symbol ?? "");
    return { places: found.slice(0, MOST).map((one) => named(converter, one)) };
  }
  const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(request.uri ?? ""));
  const at = request.position ? client.protocol2CodeConverter.asPosition(request.position) : new vscode.Position(0, 0);
  const ask = (): Promise<LanguageAnswer> => answered(converter, request, document, at);
  const known = served.get(document.languageId);
  const end = Date.now() + (known === undefined ? COMING_MS : known ? 0 : COMING_AGAIN_MS);
  let answer = await ask();
  // The commands do not say whether anybody was there to be asked.
  while (isEmpty(answer) && Date.now() < end && !token.isCancellationRequested) {
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    answer = await ask();
  }
  const found = !isEmpty(answer);
  if (found || known === undefined) {
    served.set(document.languageId, found);
  }
  return found || known === true ? answer : { unserved: true };
}

async function answered(converter: Converter, request: LanguageRequest, document: vscode.TextDocument, at: vscode.Position): Promise<LanguageAnswer> {
  const { uri } = document;
  switch (request.kind) {
    case "definition":
    case "references":
    case "implementation": {
      const name = { definition: "Definition", references: "Reference", implementation: "Implementation" }[request.kind];
      const found = await run<(vscode.Location | vscode.LocationLink)[]>(`vscode.execute${name}Provider`, uri, at);
      return { places: found.slice(0, MOST).map((one) => place(converter, one)) };
    }
    case "hover": {
      const found = await run<vscode.Hover[]>("vscode.executeHoverProvider", uri, at);
      const text = found.flatMap(({ contents }) => contents).map(words).filter(Boolean).join("\n\n");
      return text === "" ? {} : { text };
    }
    case "documentSymbols": {
      const found = await run<(vscode.DocumentSymbol | vscode.SymbolInformation)[]>("vscode.executeDocumentSymbolProvider", uri);
      return { places: outline(converter, uri, found, 0).slice(0, MOST) };
    }
    case "callers":
      return { places: (await callers(converter, uri, at)).slice(0, MOST) };
    case "rename":
      return renaming(converter, uri, at, request.newName ?? "");
    default:
      return { unserved: true };
  }
}

async function run<Found extends unknown[]>(command: string, ...given: unknown[]): Promise<Found> {
  return (await vscode.commands.executeCommand<Found | undefined>(command, ...given)) ?? ([] as unknown[] as Found);
}

function isEmpty({ places, text, edits, failureReason }: LanguageAnswer): boolean {
  return !places?.length && !edits?.length && text === undefined && failureReason === undefined;
}

function place(converter: Converter, found: vscode.Location | vscode.LocationLink): LanguagePlace {
  const [uri, range] = "targetUri" in found ? [found.targetUri, found.targetSelectionRange ?? found.targetRange] : [found.uri, found.range];
  return { uri: converter.asUri(uri), range: converter.asRange(range) };
}

function named(converter: Converter, found: vscode.SymbolInformation): LanguagePlace {
  const container = found.containerName === "" ? {} : { container: found.containerName };
  return { ...place(converter, found.location), name: found.name, symbolKind: found.kind + 1, ...container };
}

function outline(converter: Converter, uri: vscode.Uri, found: readonly (vscode.DocumentSymbol | vscode.SymbolInformation)[], level: number): LanguagePlace[] {
  return found.flatMap((one): LanguagePlace[] => {
    if (!("selectionRange" in one)) {
      return [{ ...named(converter, one), level }];
    }
    const own: LanguagePlace = {
      uri: converter.asUri(uri),
      range: converter.asRange(one.selectionRange),
      whole: converter.asRange(one.range),
      name: one.name,
      symbolKind: one.kind + 1,
      level,
    };
    return [own, ...outline(converter, uri, one.children, level + 1)];
  });
}

async function callers(converter: Converter, uri: vscode.Uri, at: vscode.Position): Promise<LanguagePlace[]> {
  const items = await run<Hierarchy[]>("vscode.prepareCallHierarchy", uri, at);
  const calls = await Promise.all(items.map((item) => run<vscode.CallHierarchyIncomingCall[]>("vscode.provideIncomingCalls", item)));
  return calls.flat().flatMap(({ from, fromRanges }) =>
    fromRanges.map((range) => ({ uri: converter.asUri(from.uri), range: converter.asRange(range), name: from.name, symbolKind: from.kind + 1 })),
  );
}

async function renaming(converter: Converter, uri: vscode.Uri, at: vscode.Position, name: string): Promise<LanguageAnswer> {
  const versions = new Map(vscode.workspace.textDocuments.map((one) => [one.uri.toString(), one.version]));
  const edit = await vscode.commands.executeCommand<vscode.WorkspaceEdit | undefined>("vscode.executeDocumentRenameProvider", uri, at, name);
  const entries = edit?.entries() ?? [];
  if (edit && isMoreThanText(edit)) {
    return { failureReason: "it would also move or make files: the user has to do it" };
  }
  const edits = entries.map(([target, own]): DocumentEdits => {
    const version = versions.get(target.toString());
    return {
      uri: converter.asUri(target),
      edits: own.map(({ range, newText }) => ({ range: converter.asRange(range), newText })),
      ...(version === undefined ? {} : { version }),
    };
  });
  return { edits };
}

const TEXT = 2;

/** Whether files are moved, made or deleted as well. The one way to see it, and private: without it, it is not seen. */
function isMoreThanText(edit: vscode.WorkspaceEdit): boolean {
  const all = (edit as { _allEntries?: () => readonly { readonly _type: number }[] })._allEntries?.() ?? [];
  return all.some(({ _type }) => _type !== TEXT);
}

function words(content: vscode.MarkdownString | vscode.MarkedString): string {
  if (typeof content === "string") {
    return content.trim();
  }
  return "language" in content ? `\`\`\`${content.language}\n${content.value}\n\`\`\`` : content.value.trim();
}
