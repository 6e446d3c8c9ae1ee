import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import type { DeliveryQueue } from './deliveries.ts';
import { FaultOrder, type FaultBoard } from './faults.ts';
import { recordsPage } from './page.ts';
import type { RecordStore } from './records.ts';

export interface LoggedRequest {
  readonly at: string;
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly fault?: string;
}

export interface AdminParts {
  readonly title: string;
  readonly records: RecordStore;
  readonly faults: FaultBoard;
  readonly deliveries: DeliveryQueue;
  readonly requests: () => readonly LoggedRequest[];
  readonly webhookUrl: () => string | undefined;
  readonly setWebhookUrl: (url: string | undefined) => void;
  readonly mode: () => string;
  readonly modes: readonly string[];
  readonly setMode: (mode: string) => void;
  readonly seed: (collection: string, record: Record<string, unknown>, notify: boolean) => string;
  readonly reset: () => void;
}

const ModeOrder = z.strictObject({ mode: z.string().min(1) });
const WebhookOrder = z.strictObject({ url: z.url().nullable() });
const SeedOrder = z.record(z.string(), z.array(z.record(z.string(), z.unknown())));
const SeedQuery = z.object({ notify: z.enum(['true', 'false']).optional() });

/** The endpoints that steer a sandbox. They are ours, not any vendor's, and need no authentication on the loopback address. */
export function installAdmin(app: FastifyInstance, parts: AdminParts): void {
  app.setErrorHandler((error, _request, reply) => {
    const message = error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : String(error);
    return reply.code(400).send({ error: message });
  });

  app.get('/', (_request, reply) => reply.type('text/html; charset=utf-8').send(recordsPage(parts.title, parts.records)));

  // Where the vendors' own pages would show a record, the sandbox has its one page.
  for (const page of ['/app/*', '/lightning/*', '/contacts/*', '/projects/*']) app.get(page, (_request, reply) => reply.redirect('/'));

  app.post('/__admin/faults', (request, reply) => reply.code(201).send({ id: parts.faults.order(FaultOrder.parse(request.body)).id }));
  app.get('/__admin/faults', (_request, reply) => reply.send(parts.faults.open()));
  app.delete('/__admin/faults', (_request, reply) => {
    parts.faults.clear();
    return reply.code(204).send();
  });

  app.get('/__admin/requests', (_request, reply) => reply.send(parts.requests()));
  app.get('/__admin/deliveries', (_request, reply) =>
    reply.send({ waiting: parts.deliveries.waiting(), attempts: parts.deliveries.reports() }),
  );
  app.get('/__admin/state', (_request, reply) => reply.send(stateOf(parts.records)));

  app.post('/__admin/reset', (_request, reply) => {
    parts.reset();
    return reply.code(204).send();
  });

  app.get('/__admin/mode', (_request, reply) => reply.send({ mode: parts.mode(), modes: parts.modes }));
  app.post('/__admin/mode', (request, reply) => changeMode(parts, ModeOrder.parse(request.body).mode, reply));

  app.get('/__admin/webhooks', (_request, reply) => reply.send({ url: parts.webhookUrl() ?? null }));
  app.put('/__admin/webhooks', (request, reply) => {
    parts.setWebhookUrl(WebhookOrder.parse(request.body).url ?? undefined);
    return reply.send({ url: parts.webhookUrl() ?? null });
  });

  app.post('/__admin/seed', (request, reply) => {
    const order = SeedOrder.parse(request.body);
    const notify = SeedQuery.parse(request.query).notify === 'true';
    const ids = parts.records.transaction(() =>
      Object.fromEntries(
        Object.entries(order).map(([collection, list]) => [collection, list.map((record) => parts.seed(collection, record, notify))]),
      ),
    );
    return reply.code(201).send(ids);
  });
}

function changeMode(parts: AdminParts, mode: string, reply: FastifyReply): FastifyReply {
  if (!parts.modes.includes(mode)) {
    return reply.code(400).send({ error: `this sandbox has no mode '${mode}'; it has ${parts.modes.join(', ')}` });
  }
  parts.setMode(mode);
  return reply.send({ mode });
}

function stateOf(records: RecordStore): Record<string, object[]> {
  const names = records.collectionNames().filter((name) => !name.startsWith('__'));
  return Object.fromEntries(names.map((name) => [name, records.collection(name).all()]));
}
