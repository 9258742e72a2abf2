// Starts zhupei, the hospital's subgraph and the gateway, asks them one question, prints the answer,
// and stops. With --keep it serves until Ctrl-C instead of stopping.
import { readFileSync } from 'node:fs';

import { startGateway } from './gateway.mjs';
import { startHospital } from './hospital.mjs';
import { startZhupei } from './zhupei.mjs';

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
  const zhupei = await startZhupei();
  started.push(zhupei);
  const hospital = await startHospital();
  started.push(hospital);
  const gateway = await startGateway([
    { name: 'zhupei', ...zhupei },
    { name: 'hospital', ...hospital },
  ]);
  started.push(gateway);
  const answer = await ask(
    gateway.url,
    readFileSync(new URL('question.graphql', import.meta.url), 'utf8'),
  );
  console.log(JSON.stringify(answer, null, 2));
  process.exitCode = answer.errors ? 1 : 0;
  if (process.argv.includes('--keep')) {
    console.error(`\nzhupei   ${zhupei.url}\nhospital ${hospital.url}\ngateway  ${gateway.url}`);
    console.error('Ctrl-C stops them.');
    await new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
  }
} finally {
  for (const each of started.reverse()) await each.stop();
}
