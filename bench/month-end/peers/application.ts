import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { instantSchema } from '../../../domain/dates.ts';
import { timesheetSchema, type Timesheet } from '../../../domain/model/time/timesheet.ts';
import { openWork, type Work } from '../work.ts';

/** What a peer's process is told in PEER_SETTINGS. */
const settingsSchema = z.object({
  port: z.number().int().positive(),
  storeUrl: z.string(),
  /** The moment at which time is judged. */
  asOf: instantSchema,
  erp: z.object({ baseUrl: z.string(), credentials: z.unknown(), options: z.unknown(), concurrency: z.number().int().positive() }),
  /** The engine's own: addresses and the like. */
  engine: z.record(z.string(), z.string()),
});
export type PeerSettings = z.infer<typeof settingsSchema>;

/** Timesheets of one body that are being handed to the engine at a time. */
const SUBMITTING = 32;
const CONNECTIONS = 20;

export function peerSettings(): PeerSettings {
  return settingsSchema.parse(JSON.parse(process.env['PEER_SETTINGS'] ?? '{}'));
}

export function peerWork({ storeUrl, asOf, erp }: PeerSettings): Promise<Work> {
  return openWork({ storeUrl, connections: CONNECTIONS, asOf, erp });
}

/**
 * The intake of a peer's application: `POST /timesheets` takes timesheets as NDJSON and answers 200 once the engine has them all, each
 * durably; what was sent before is taken as sent. Another answer means: send it again.
 */
export async function serveIntake(port: number, accept: (sheet: Timesheet) => Promise<void>): Promise<void> {
  const server = createServer((request, response) => {
    if (request.method !== 'POST') return void response.end('ready');
    void acceptAll(createInterface({ input: request, crlfDelay: Infinity }), accept).then(
      (accepted) => response.end(JSON.stringify({ accepted })),
      (error: unknown) => response.writeHead(503).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
}

async function acceptAll(lines: AsyncIterable<string>, accept: (sheet: Timesheet) => Promise<void>): Promise<number> {
  const iterator = lines[Symbol.asyncIterator]();
  let accepted = 0;
  await Promise.all(Array.from({ length: SUBMITTING }, async () => {
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      if (next.value === '') continue;
      await accept(timesheetSchema.parse(JSON.parse(next.value)));
      accepted += 1;
    }
  }));
  return accepted;
}

/** The business key: a timesheet that is sent twice joins the process it has. */
export function processIdOf({ system, id, version }: Timesheet): string {
  return `timesheet/${system}/${id}/${version}`;
}

/** Of the case that refused entries open: it waits until somebody resolves it. */
export function caseIdOf(sheet: Timesheet): string {
  return `case/${processIdOf(sheet)}`;
}
