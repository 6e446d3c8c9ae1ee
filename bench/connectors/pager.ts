// Child process of the paging part: reads everybody and tells what its heap holds.
import { z } from 'zod';
import { createScim } from '../../connectors/scim/index.ts';
import { aCall, NO_LIMITS, silent } from './support.ts';

const orderSchema = z.object({ baseUrl: z.url(), credentials: z.unknown(), every: z.number() });
const MB = 1024 * 1024;

process.once('message', (message) => {
  void read(orderSchema.parse(message)).then((result) => process.send?.(result, () => process.exit()));
});

async function read({ baseUrl, credentials, every }: z.infer<typeof orderSchema>) {
  const hr = createScim({ system: 'hr', baseUrl, credentials, limits: NO_LIMITS, options: {}, log: silent });
  const samples: { records: number; heapMb: number; buffersMb: number; rssMb: number }[] = [];
  const startedAt = performance.now();
  let records = 0;
  let failure: string | null = null;
  try {
    for await (const changed of hr.employees(null, aCall())) {
      if ('unreadable' in changed) throw new Error(`${changed.unreadable.externalId}: ${changed.unreadable.reason}`);
      records += 1;
      if (records % every !== 0) continue;
      globalThis.gc?.();
      const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
      samples.push({ records, heapMb: heapUsed / MB, buffersMb: arrayBuffers / MB, rssMb: rss / MB });
    }
  } catch (error) {
    failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  return { samples, took: performance.now() - startedAt, failure };
}
