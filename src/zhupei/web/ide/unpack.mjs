// Writes the query page's files out of the npm package, which carries them as strings.
// usage: node unpack.mjs PACKAGE_FOLDER TARGET_FOLDER
//
// As files they can be cached by browsers, and the page can forbid inline scripts.

import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";

const [source, target] = process.argv.slice(2);
const carried = await import(pathToFileURL(join(source, "esm", "graphiql.js")));

const files = {
  "graphiql.js": carried.js,
  "graphiql.css": carried.css,
  "editor.worker.js": carried.editorWorkerService,
  "json.worker.js": carried.jsonWorker,
  "graphql.worker.js": carried.graphqlWorker,
};

mkdirSync(target, { recursive: true });
const hash = createHash("sha256");
for (const [name, text] of Object.entries(files)) {
  if (typeof text !== "string" || text.length === 0) {
    throw new Error(`the package carries no ${name}`);
  }
  const bytes = Buffer.from(text);
  hash.update(name).update(bytes);
  writeFileSync(join(target, name), bytes);
  writeFileSync(join(target, `${name}.gz`), gzipSync(bytes, { level: 9 }));
}
writeFileSync(join(target, "version"), hash.digest("hex").slice(0, 16));
