// The page's document. Nothing is fetched from elsewhere; scripts run by their nonce alone.

import { randomBytes } from "node:crypto";
import * as vscode from "vscode";

export function html(webview: vscode.Webview, extension: vscode.Uri): string {
  const nonce = randomBytes(16).toString("base64url");
  const folder = vscode.Uri.joinPath(extension, TEST_DOOR ? "dist-test" : "dist");
  const script = webview.asWebviewUri(vscode.Uri.joinPath(folder, "page.js"));
  const style = webview.asWebviewUri(vscode.Uri.joinPath(folder, "style.css"));
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource}`,
    `font-src ${webview.cspSource}`,
    `img-src ${webview.cspSource} data:`,
  ].join("; ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${style.toString()}">
<title>chatls</title>
</head>
<body>
<div id="page"></div>
<script nonce="${nonce}" src="${script.toString()}"></script>
</body>
</html>`;
}
