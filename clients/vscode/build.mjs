// Bundles the extension and its page into dist/. `--test` puts in the door that the tests drive it by, and source maps.
import { rmSync } from "node:fs";
import { build } from "esbuild";

const test = process.argv.includes("--test");
const outdir = test ? "dist-test" : "dist";
rmSync(outdir, { recursive: true, force: true });

const common = {
  bundle: true,
  minify: !test,
  sourcemap: test ? "inline" : false,
  legalComments: "none",
  logLevel: "warning",
  define: { TEST_DOOR: String(test) },
};

await build({
  ...common,
  entryPoints: { extension: "src/extension.ts" },
  outdir,
  outExtension: { ".js": ".cjs" },
  platform: "node",
  format: "cjs",
  target: "node20",
  external: ["vscode"],
  mainFields: ["module", "main"],
});
await build({
  ...common,
  entryPoints: { page: "page/main.ts", style: "page/style.css" },
  outdir,
  platform: "browser",
  format: "iife",
  target: "chrome130",
});
