import { parseArgs } from 'node:util';
import { z } from 'zod';
import { startSandboxes } from './all.ts';
import { FIRST_SANDBOX_PORT, isSandboxName, SANDBOX_NAMES, type SandboxName } from './names.ts';

const GATEWAY_PORT = 8080;

const { values } = parseArgs({ options: { only: { type: 'string', multiple: true } } });
const only = values.only?.flatMap((list) => list.split(',')).map(nameOrExit);
const offset = Number(process.env['Q2C_PORT_OFFSET'] ?? 0);

/** Other limits and lifetimes than the vendors' own, for load tests: {"hubspot":{"requestsPerTenSeconds":100000}} */
const Overrides = z.partialRecord(z.enum(SANDBOX_NAMES), z.record(z.string(), z.unknown()));
const overrides = Overrides.parse(JSON.parse(process.env['Q2C_SANDBOX_OPTIONS'] ?? '{}'));

const sandboxes = await startSandboxes({
  dataDir: process.env['Q2C_DATA_DIR'] ?? '.data',
  portBase: FIRST_SANDBOX_PORT + offset,
  webhookBaseUrl: `http://127.0.0.1:${GATEWAY_PORT + offset}`,
  ...(only === undefined ? {} : { only }),
  options: overrides,
}).catch((error: unknown) => {
  console.error(`The sandboxes did not start: ${error instanceof Error ? error.message : String(error)}`);
  console.error('A port that is taken can be avoided with Q2C_PORT_OFFSET.');
  process.exit(1);
});
for (const { name, url } of sandboxes.running) console.log(`${name.padEnd(10)} ${url}`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void sandboxes.close().then(() => process.exit(0));
  });
}

function nameOrExit(text: string): SandboxName {
  if (isSandboxName(text)) return text;
  console.error(`there is no sandbox named '${text}'; there are ${SANDBOX_NAMES.join(', ')}`);
  process.exit(2);
}
