// Writes src/openapi.ts from the service's document; with --check only says whether it is the one of that document.
//
// Without the document's examples: these are answers of one run, with its ids and times.
import { readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const DOCUMENT = new URL("../../docs/openapi.json", import.meta.url);
const TYPES = new URL("src/openapi.ts", import.meta.url);
const HEAD = "// Made of docs/openapi.json by `npm run generate`: change nothing here.\n\n";

const document = JSON.parse(readFileSync(DOCUMENT, "utf8"), (_, value) => {
  if (value?.schema !== undefined) delete value.example;
  return value;
});
const types = HEAD + astToString(await openapiTS(document));
if (!process.argv.includes("--check")) {
  writeFileSync(TYPES, types);
} else if (readFileSync(TYPES, "utf8") !== types) {
  console.error("src/openapi.ts is not of docs/openapi.json: run `npm run generate`");
  process.exit(1);
}
