import { execFile, spawn } from 'node:child_process';
import { access, mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { cacheFolder } from '../../../scripts/commands.ts';
import { freePort } from '../../../scripts/ports.ts';

/** The newest release that the Go module proxy has; test/fixtures/vendors/stripe is cut from its description. */
const RELEASE = 'v0.203.0';

export interface StripeMock {
  readonly url: string;
  close(): void;
}

/** Starts Stripe's mock: the one named by STRIPE_MOCK, on PATH, or built by Go from the module proxy (seconds) and kept where the Temporal server is. */
export async function startStripeMock(): Promise<StripeMock | { readonly missing: string }> {
  const program = await programOf();
  if (typeof program !== 'string') return program;
  const port = await freePort();
  const child = spawn(program, ['-http-port', String(port)], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  for (let attempt = 0; attempt < 150; attempt += 1) {
    if (child.exitCode !== null) return { missing: `${program} ended with ${child.exitCode}` };
    const isUp = await fetch(url).then(() => true, () => false);
    if (isUp) return { url, close: () => void child.kill() };
    await sleep(100);
  }
  child.kill();
  return { missing: `${program} did not answer within 15 s` };
}

async function programOf(): Promise<string | { readonly missing: string }> {
  const named = process.env['STRIPE_MOCK'];
  if (named !== undefined) return (await isThere(named)) ? named : { missing: `STRIPE_MOCK names ${named}, which is not there` };
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) if (await isThere(join(folder, 'stripe-mock'))) return join(folder, 'stripe-mock');
  const folder = join(cacheFolder(), `stripe-mock-${RELEASE}`);
  const built = join(folder, 'stripe-mock');
  if (await isThere(built)) return built;
  await mkdir(folder, { recursive: true });
  const path = `${process.env['PATH'] ?? ''}${delimiter}/usr/local/go/bin`;
  try {
    await promisify(execFile)('go', ['install', `github.com/stripe/stripe-mock@${RELEASE}`], { env: { ...process.env, PATH: path, GOBIN: folder }, timeout: 150_000 });
    return built;
  } catch (error) {
    return { missing: `go install github.com/stripe/stripe-mock@${RELEASE}: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}` };
  }
}

function isThere(file: string): Promise<boolean> {
  return access(file).then(() => true, () => false);
}
