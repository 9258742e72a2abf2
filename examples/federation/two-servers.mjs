// Starts two servers of zhupei, each with one of the hospitals, tries to compose them as subgraphs, and
// asks them through a portal instead. Prints what the composition says, the portal's answer, and what is
// left of it when one server is away.
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { compose } from './gateway.mjs';
import { startPortal } from './portal.mjs';
import { schemaOf, startZhupei } from './zhupei.mjs';

const EXAMPLE = fileURLToPath(new URL('bases/example/', import.meta.url));

/** Serve the region with one hospital alone. */
async function startWith(hospital) {
  const bases = mkdtempSync(join(tmpdir(), 'zhupei-bases-'));
  try {
    for (const file of ['_jurisdiction.yaml', `${hospital}.yaml`]) {
      copyFileSync(join(EXAMPLE, file), join(bases, file));
    }
    const text = await schemaOf(bases);
    const server = await startZhupei(bases);
    const stop = async () => {
      await server.stop();
      rmSync(bases, { recursive: true, force: true });
    };
    return { ...server, text, stop };
  } catch (error) {
    rmSync(bases, { recursive: true, force: true });
    throw error;
  }
}

async function ask(url, query) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'accept-language': 'en' },
    body: JSON.stringify({ query }),
  });
  return response.json();
}

const started = [];
try {
  const servers = [];
  for (const name of ['east', 'west']) {
    const server = { name, ...(await startWith(`${name}-hospital`)) };
    servers.push(server);
    started.push(server);
  }
  const refusal = await compose(servers).then(
    () => null,
    ({ message }) => message.split('\n').filter((line) => line.includes('"Query.bases"')),
  );
  const portal = await startPortal(servers);
  started.push(portal);
  const everywhere = readFileSync(new URL('everywhere.graphql', import.meta.url), 'utf8');
  const answer = await ask(portal.url, everywhere);
  await started.splice(started.indexOf(servers[1]), 1)[0].stop();
  const oneAway = await ask(portal.url, '{ east { bases { totalCount } } west { bases { totalCount } } }');
  const told = { asSubgraphs: refusal, throughThePortal: answer, withOneAway: oneAway };
  console.log(JSON.stringify(told, null, 2));
  process.exitCode = refusal && !answer.errors ? 0 : 1;
} finally {
  for (const each of started.reverse()) await each.stop();
}
