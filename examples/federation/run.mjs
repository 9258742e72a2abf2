// Starts zhupei, the hospital's subgraph and the gateway, asks them one question, prints the answer,
// and stops. With --keep it serves until Ctrl-C instead of stopping.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { startGateway } from './gateway.mjs';
import { startHospital } from './hospital.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));

function zhupeiCommand() {
  if (process.env.ZHUPEI) return process.env.ZHUPEI;
  const inRepository = join(HERE, '..', '..', '.venv', 'bin', 'zhupei');
  return existsSync(inRepository) ? inRepository : 'zhupei';
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function startZhupei() {
  const data = mkdtempSync(join(tmpdir(), 'zhupei-federation-'));
  const [port, secret] = [await freePort(), randomBytes(24).toString('hex')];
  const child = spawn(zhupeiCommand(), ['serve'], {
    cwd: HERE,
    env: {
      ...process.env,
      PORT: String(port),
      ZHUPEI_BASES: join(HERE, 'bases'),
      ZHUPEI_DATA_DIR: data,
      ZHUPEI_GATEWAY_SECRET: secret,
      // Without it anybody is given the text of the subgraph.
      ZHUPEI_INTROSPECTION: '0',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = new Promise((resolve) => {
    child.once('error', resolve);
    child.once('exit', resolve);
  });
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(data, { recursive: true, force: true });
  };
  for (let tries = 0; tries < 600; tries += 1) {
    const answer = await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => null);
    if (answer?.ok) {
      const url = `http://127.0.0.1:${port}/graphql`;
      return { url, headers: { 'x-gateway-secret': secret }, stop };
    }
    const over = await Promise.race([ended.then(() => true), sleep(100, false)]);
    if (over) break;
  }
  await stop();
  throw new Error('zhupei did not start; see above');
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
