import { z } from 'zod';
import { UnreadableBody } from '../kit/bodies.ts';
import type { FaultAnswers, SandboxContext, SandboxDefinition } from '../kit/sandbox.ts';
import { installAssociations } from './associations.ts';
import { badCredentials, expiredCredentials, HubSpotError, noCredentials, notFound, rateLimited } from './errors.ts';
import { limitsOf } from './limits.ts';
import { installObjects } from './objects.ts';
import { HubSpotOptions } from './options.ts';
import { findObjectType, objectTypes } from './schema.ts';
import { installSettings, OWNERS } from './settings.ts';
import { crmStore, type Author, type CrmStore } from './store.ts';
import { installWebhooks } from './webhooks.ts';

const stores = new WeakMap<object, CrmStore>();

/** A person at the screen, as webhooks name one. */
const PERSON: Author = { changeSource: 'CRM_UI', sourceId: `userId:${OWNERS[0].userId}` };

/** HubSpot CRM v3 objects, v4 associations and v3 webhooks for the objects the line reads and writes. */
export const hubspot: SandboxDefinition = { name: 'hubspot', title: 'HubSpot sandbox', faultAnswers, register, seed };

function register(context: SandboxContext): void {
  const options = HubSpotOptions.parse(context.options);
  const store = crmStore(context, installWebhooks(context, options));
  stores.set(context.records, store);
  const limits = limitsOf(options, context.now);
  context.onReset(() => limits.clear());
  const { app } = context;

  app.addHook('onRequest', async (request, reply) => {
    const [, token] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '') ?? [];
    if (token === undefined) throw noCredentials();
    if (token !== options.accessToken) throw badCredentials();
    const isSearch = request.method === 'POST' && /\/search\/?$/.test(request.url.split('?', 1)[0] ?? '');
    const refused = limits.take(isSearch);
    if (!isSearch) reply.headers(limits.headers());
    if (refused === undefined) return;
    const { status, body } = rateLimited(refused);
    return reply.code(status).send(body);
  });
  app.setNotFoundHandler(() => notFound());
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof HubSpotError) return reply.code(error.status).send(error.body);
    if (error instanceof UnreadableBody)
      return reply
        .code(400)
        .send(new HubSpotError(400, 'VALIDATION_ERROR', `Invalid input JSON on line 1, column ${error.offset + 1}: ${error.message}`).body);
    return reply.code(500).send(new HubSpotError(500, 'INTERNAL_ERROR', error instanceof Error ? error.message : String(error)).body);
  });

  installObjects(app, context, store, { changeSource: 'INTEGRATION', sourceId: String(options.appId) });
  installAssociations(app, context, store);
  installSettings(app, options);
}

const Seed = z.object({
  id: z.union([z.string(), z.number()]).transform(String).optional(),
  properties: z
    .record(
      z.string(),
      z.union([z.string(), z.number(), z.boolean(), z.null()]).transform((value) => (value === null ? null : String(value))),
    )
    .default({}),
  /** Linked by the default types, or by those named: `{companies: ["1", {"id": "4", "typeId": 5}], line_items: ["2", "3"]}`. */
  associations: z.record(z.string(), z.array(z.union([z.union([z.string(), z.number()]).transform((id) => ({ id: String(id), typeId: undefined })), z.object({ id: z.string(), typeId: z.int() })]))).default({}),
});

/** Takes `{id?, properties, associations?: {companies: [id]}}`. With `notify`, webhooks tell of it as of a change in HubSpot's own pages. */
function seed(context: SandboxContext, collection: string, record: Record<string, unknown>, notify: boolean): string {
  const object = findObjectType(collection);
  const store = stores.get(context.records);
  if (object === undefined || store === undefined) {
    throw new Error(
      `HubSpot has no object '${collection}' here; there are ${objectTypes()
        .map((type) => type.name)
        .join(', ')}`,
    );
  }
  const { id, properties, associations } = Seed.parse(record);
  const row = store.seed(object, id, properties, notify ? PERSON : undefined);
  for (const [name, ids] of Object.entries(associations)) {
    const to = findObjectType(name);
    if (to === undefined) throw new Error(`HubSpot has no object '${name}' here`);
    for (const { id: toId, typeId } of ids) store.associate(object, row.id, to, toId, typeId);
  }
  return row.id;
}

function faultAnswers({ kind, status }: Parameters<FaultAnswers>[0]): ReturnType<FaultAnswers> {
  if (kind === 'expired-token') return { status: 401, body: expiredCredentials().body };
  if (status === 429) return rateLimited('TEN_SECONDLY_ROLLING');
  return {
    status,
    body: new HubSpotError(status, status >= 500 ? 'INTERNAL_ERROR' : 'VALIDATION_ERROR', 'There was a problem with the request.').body,
  };
}
