import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { SentDocument, SentVersion } from '../../../store/sender-answers.ts';
import { STORE_DOWN, within } from '../delivery.ts';
import type { GatewayCredentials, GatewayLimits } from '../deps.ts';
import type { Refusal } from '../problem.ts';
import { senderRefusal } from './auth.ts';

const findingsSchema = z.array(z.object({ code: z.string(), path: z.string().default(''), message: z.string(), mend: z.string() }));
const findings = { findings: findingsSchema.describe('what is wrong, where, and how to mend it, in words for whoever submitted it') };

export const sentDocumentSchema = z.object({
  system: z.string(),
  id: z.string(),
  versions: z.array(z.object({
    version: z.int(),
    batch: z.string(),
    receivedAt: z.iso.datetime(),
    decided: z.boolean(),
    outcome: z.string().nullable().describe('of an expense report: accepted, repeat, withdrawn, rejected, held, returned or superseded; null for a timesheet, whose entries have outcomes'),
    ...findings,
    waitsFor: z.string().nullable().describe('of what is held: what it waits for'),
    entries: z.array(z.object({ id: z.string(), version: z.int(), outcome: z.string(), ...findings, waitsFor: z.string().nullable() })).describe('of a timesheet'),
    posted: z.array(z.object({ system: z.string(), kind: z.string(), state: z.string(), lines: z.int() })).describe('lines by the system they are posted in and how they stand there; what is done is locked'),
  })),
});

interface Settings {
  readonly credentials: NonNullable<GatewayCredentials['canonical']>;
  readonly limits: GatewayLimits;
  readonly now: () => Date;
  /** Who may ask, as batches name it. */
  readonly source: string;
  readonly versions: (document: SentDocument) => Promise<readonly SentVersion[]>;
  refused(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): FastifyReply;
}

const ROUTES = { '/v1/timesheets/:system/:id': 'timesheet', '/v1/expenses/:system/:id': 'expense' } as const;

/** What became of one document, version by version, for whoever sent it: with the reasons where it was refused. */
export function answerRoutes(app: FastifyInstance, { credentials, limits, now, source, versions, refused }: Settings): void {
  for (const [route, kind] of Object.entries(ROUTES)) {
    app.get<{ Params: { system: string; id: string } }>(route, async (request, reply) => {
      const { system, id } = request.params;
      const unproven = senderRefusal(credentials, { headers: request.headers, now: now(), limits, content: Buffer.from(`${kind}:${system}/${id}`) });
      if (unproven !== undefined) return refused(request, reply, unproven);
      try {
        const found = await within(limits.storeTimeoutMs, () => versions({ kind, source, system, id }));
        if (found.length === 0) return refused(request, reply, { reason: 'not_found', detail: `no ${kind} ${id} of ${system} was sent here`, mend: 'Ask by the system and ID of the document as it was sent.' });
        return reply.type('application/json; charset=utf-8').send(JSON.stringify(sentDocumentSchema.parse({ system, id, versions: found })));
      } catch (error) {
        request.log.error({ err: error }, 'the store could not be asked for a document');
        return refused(request, reply, { ...STORE_DOWN, detail: 'the store cannot be reached', mend: 'Ask again after the time in Retry-After.' });
      }
    });
  }
}
