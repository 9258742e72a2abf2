// Starts a server of zhupei on a free port, and stops it.
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

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

/** Serve a folder of bases; fail where the server does not come up. */
export async function startZhupei(bases = join(HERE, 'bases')) {
  const data = mkdtempSync(join(tmpdir(), 'zhupei-federation-'));
  const [port, secret] = [await freePort(), randomBytes(24).toString('hex')];
  const child = spawn(zhupeiCommand(), ['serve'], {
    cwd: HERE,
    env: {
      ...process.env,
      PORT: String(port),
      ZHUPEI_BASES: bases,
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

/** Return the text of the graph that a folder of bases is served with, for clients. */
export async function schemaOf(bases) {
  const { stdout } = await promisify(execFile)(zhupeiCommand(), ['schema'], {
    cwd: HERE,
    env: { ...process.env, ZHUPEI_BASES: bases },
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout;
}
