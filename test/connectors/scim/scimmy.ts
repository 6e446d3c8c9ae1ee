import { randomBytes, randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import SCIMMY from 'scimmy';
import { z } from 'zod';
import { UnreadableBody } from '../../../sandbox/kit/bodies.ts';
import type { SandboxDefinition } from '../../../sandbox/kit/sandbox.ts';
import { FIRM } from './support.ts';

const MEDIA_TYPE = 'application/scim+json; charset=utf-8';
const Stored = z.looseObject({ id: z.string(), meta: z.object({ created: z.string(), lastModified: z.string(), version: z.string() }) });
type Stored = z.infer<typeof Stored>;
const Id = z.object({ id: z.string() });
const Patch = z.object({ schemas: z.array(z.literal(SCIMMY.Messages.PatchOp.id)), Operations: z.array(z.looseObject({ op: z.enum(['add', 'remove', 'replace']) })) });

/** The example firm's own extension, declared to SCIMMY. */
class Firm extends SCIMMY.Types.Schema {
  static override readonly id = FIRM;
  static readonly #definition = new SCIMMY.Types.SchemaDefinition('Northwind', FIRM, 'What the firm knows of its people', ['legalEntity', 'laborCategory', 'hiredOn', 'leavesOn'].map((name) => new SCIMMY.Types.Attribute('string', name)));
  static override get definition() {
    return Firm.#definition;
  }
}

export interface ScimmyService {
  readonly definition: SandboxDefinition;
  readonly token: string;
  readonly users: ReadonlyMap<string, Stored>;
  /** Through SCIMMY, as its own pages would. */
  write(user: object, id?: string): Promise<string>;
  remove(id: string): Promise<void>;
  /** Runs while the answer to the next list is on its way. */
  duringNextPage(work: () => Promise<void>): void;
}

/**
 * A SCIM service by SCIMMY: bodies, PATCH, filters, sorting, paging, schemas and errors are SCIMMY's. SCIMMY has no routes, storage, authentication or versions of its own: these few lines are here.
 * SCIMMY keeps its handlers for the whole process, so there is one service at a time.
 * @param without - what the service says, and does, not to support
 */
export function scimmyService(now: () => Date, without: readonly 'patch'[] = []): ScimmyService {
  const token = randomBytes(24).toString('base64url');
  const users = new Map<string, Stored>();
  let version = 0;
  let meanwhile: (() => Promise<void>) | null = null;
  const patch = !without.includes('patch');

  SCIMMY.Config.set({ patch, filter: { supported: true, maxResults: 200 }, sort: true, etag: true });
  SCIMMY.Resources.declare(SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser, false).extend(Firm, false));
  SCIMMY.Resources.User.ingress((resource, instance) => {
    const given = z.looseObject({}).parse(JSON.parse(JSON.stringify(instance)));
    const before = resource.id === undefined ? undefined : users.get(resource.id);
    if (resource.id !== undefined && before === undefined) throw new SCIMMY.Types.Error(404, '', `Resource ${resource.id} not found`);
    const at = now().toISOString();
    version += 1;
    const stored = Stored.parse({ ...given, id: before?.id ?? randomUUID(), meta: { created: before?.meta.created ?? at, lastModified: at, version: `W/"${version}"` } });
    users.set(stored.id, stored);
    return Object(structuredClone(stored));
  });
  SCIMMY.Resources.User.egress((resource) => {
    const copies = [...users.values()].map((user) => structuredClone(user));
    const found = resource.id !== undefined ? copies.find(({ id }) => id === resource.id) : (resource.filter?.match(copies) ?? copies);
    if (found === undefined) throw new SCIMMY.Types.Error(404, '', `Resource ${resource.id ?? ''} not found`);
    return Object(found);
  });
  SCIMMY.Resources.User.degress(({ id }) => {
    if (id === undefined || !users.delete(id)) throw new SCIMMY.Types.Error(404, '', `Resource ${id ?? ''} not found`);
  });

  const write = async (user: object, id?: string) => Id.parse(await new SCIMMY.Resources.User(id).write({ schemas: [SCIMMY.Schemas.User.id, SCIMMY.Schemas.EnterpriseUser.id, FIRM], ...user })).id;
  const errorOf = (status: number, message: string) => ({ status, headers: { 'content-type': MEDIA_TYPE }, body: z.looseObject({}).parse(JSON.parse(JSON.stringify(new SCIMMY.Messages.ErrorResponse(Object.assign(new Error(message), { status }))))) });

  const definition: SandboxDefinition = {
    name: 'scimmy',
    title: 'SCIMMY',
    faultAnswers: ({ kind, status }) => ({ ...errorOf([429, 503].includes(status) ? 500 : status, 'as ordered'), status: kind === 'expired-token' ? 401 : status }),
    register({ app, baseUrl }) {
      const send = (reply: FastifyReply, body: object, status = 200) => {
        const meta = z.looseObject({ meta: z.looseObject({ version: z.string() }) }).safeParse(body);
        if (meta.success) reply.header('etag', meta.data.meta.version);
        return reply.code(status).type(MEDIA_TYPE).send(JSON.stringify(body));
      };
      /** RFC 7644, section 3.14. */
      const current = (request: FastifyRequest): string => {
        const { id } = Id.parse(request.params);
        const wanted = request.headers['if-match'];
        const has = users.get(id)?.meta.version;
        if (has !== undefined && wanted !== undefined && wanted !== '*' && wanted !== has) throw new SCIMMY.Types.Error(412, '', `Resource ${id} is of another version`);
        return id;
      };
      app.setErrorHandler((error, _request, reply) => {
        const told = error instanceof UnreadableBody ? new SCIMMY.Types.Error(400, 'invalidSyntax', error.message) : error;
        const answer = new SCIMMY.Messages.ErrorResponse(Object(told));
        return reply.code(Number(answer.status)).type(MEDIA_TYPE).send(JSON.stringify(answer));
      });
      app.setNotFoundHandler((request) => {
        throw new SCIMMY.Types.Error(404, '', `There is no ${request.url}`);
      });
      app.addHook('preHandler', async ({ headers }) => {
        if (headers.authorization !== `Bearer ${token}`) throw new SCIMMY.Types.Error(401, '', 'Authorization failure');
      });
      app.addHook('onRequest', async () => void SCIMMY.Resources.User.basepath(baseUrl()));
      app.get('/ServiceProviderConfig', async (_request, reply) => send(reply, await new SCIMMY.Resources.ServiceProviderConfig().read()));
      app.get('/ResourceTypes', async (_request, reply) => send(reply, await new SCIMMY.Resources.ResourceType().read()));
      app.get('/Schemas', async (_request, reply) => send(reply, await new SCIMMY.Resources.Schema().read()));
      app.get('/Users', async (request, reply) => {
        const { startIndex, count, ...query } = z.object({ filter: z.string().exactOptional(), sortBy: z.string().exactOptional(), sortOrder: z.string().exactOptional(), startIndex: z.coerce.number().exactOptional(), count: z.coerce.number().exactOptional() }).parse(request.query);
        const list = await new SCIMMY.Resources.User(undefined, { ...query, ...(startIndex === undefined ? {} : { startIndex }), ...(count === undefined ? {} : { count: Math.min(count, 200) }) }).read();
        const body = JSON.stringify(list);
        const work = meanwhile;
        meanwhile = null;
        await work?.();
        return reply.type(MEDIA_TYPE).send(body);
      });
      app.get('/Users/:id', async (request, reply) => send(reply, await new SCIMMY.Resources.User(current(request)).read()));
      app.put('/Users/:id', async (request, reply) => send(reply, await new SCIMMY.Resources.User(current(request)).write(request.body)));
      app.patch('/Users/:id', async (request, reply) => {
        if (!patch) throw new SCIMMY.Types.Error(501, '', 'PATCH is not supported');
        const after = await new SCIMMY.Resources.User(current(request)).patch(Patch.parse(request.body));
        return after === undefined ? reply.code(204).send() : send(reply, after);
      });
    },
  };
  return {
    definition,
    token,
    users,
    write,
    remove: (id) => new SCIMMY.Resources.User(id).dispose(),
    duringNextPage(work) {
      meanwhile = work;
    },
  };
}
