// Audits a server with the suite of the GraphQL over HTTP specification: node graphql_http.mjs URL
// Prints one JSON object for each audit. The suite is in the folder that the script was started in.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const { auditServer } = createRequire(join(process.cwd(), 'package.json'))('graphql-http');

for (const result of await auditServer({ url: process.argv[2] })) {
  const { id, name, status, reason } = result;
  console.log(JSON.stringify({ id, name, status, reason: reason ?? null }));
  // What is left of an answer would keep its connection open.
  await result.response?.body?.cancel().catch(() => {});
}
