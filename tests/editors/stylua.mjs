// Formats Lua: node stylua.mjs [--check] STYLUA.TOML FILE...   With --check nothing is written; what differs is named, exit code 1.

import { readFileSync, writeFileSync } from "node:fs";
import * as stylua from "@johnnymorganz/stylua";

const ENUMS = { indent_type: "IndentType", quote_style: "QuoteStyle", collapse_simple_statement: "CollapseSimpleStatement" };

const check = process.argv[2] === "--check";
const [settings, ...files] = process.argv.slice(check ? 3 : 2);

function config() {
  const made = stylua.Config.new();
  made.syntax = stylua.LuaVersion.LuaJIT;
  for (const [, name, word, number] of readFileSync(settings, "utf8").matchAll(/^(\w+) = (?:"(\w+)"|(\d+))$/gm)) {
    const value = word === undefined ? Number(number) : stylua[ENUMS[name]]?.[word];
    if (!(name in made) || value === undefined) throw new Error(`${settings}: ${name} is not understood here`);
    made[name] = value;
  }
  return made;
}

for (const file of files) {
  const before = readFileSync(file, "utf8");
  const after = stylua.formatCode(before, config(), undefined, stylua.OutputVerification.Full);
  if (after === before) continue;
  console.log(check ? `would be formatted: ${file}` : `formatted: ${file}`);
  if (check) process.exitCode = 1;
  else writeFileSync(file, after);
}
