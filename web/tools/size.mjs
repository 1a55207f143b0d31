// Prints what the page weighs, gzipped, and fails where all script together is over its budget.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const SCRIPT_BUDGET_BYTES = 120 * 1024;
const assets = fileURLToPath(new URL("../../src/pricetime/page/assets/", import.meta.url));

const files = readdirSync(assets)
  .filter((name) => /\.(js|css)$/.test(name))
  .map((name) => ({ name, bytes: gzipSync(readFileSync(assets + name), { level: 9 }).length }))
  .sort((one, other) => other.bytes - one.bytes);
const script = files.filter(({ name }) => name.endsWith(".js")).reduce((sum, { bytes }) => sum + bytes, 0);

const line = (name, bytes) => console.log(`${name.padEnd(44)}${(bytes / 1024).toFixed(1).padStart(8)} KB`);
for (const { name, bytes } of files) line(name, bytes);
line("all script", script);
line("budget", SCRIPT_BUDGET_BYTES);
if (script > SCRIPT_BUDGET_BYTES) {
  console.error("The script is over its budget. Load less, or load it later from another file.");
  process.exit(1);
}
