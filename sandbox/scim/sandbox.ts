/** An HR system's SCIM 2.0 service: RFC 7643, 7644 and 9865, its users with the enterprise extension and one of the example firm's own. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { UnreadableBody } from '../kit/bodies.ts';
import type { FaultAnswers, SandboxContext, SandboxDefinition } from '../kit/sandbox.ts';
import { membersOf } from './attributes.ts';
import { invalidSyntax, Refusal, unauthorized, versionChanged } from './errors.ts';
import { createGate } from './gate.ts';
import { createListing } from './listing.ts';
import { ScimOptions } from './options.ts';
import { patched } from './patch.ts';
import { PEOPLE } from './reference-data.ts';
import { CORE, resourceTypes, schemaDocuments, SCHEMAS, serviceProviderConfig } from './schemas.ts';
import { openUsers, type User, type Users } from './users.ts';

/** Providers have their service below a path or at the root. */
const PREFIXES = ['/scim/v2', ''];
const MEDIA_TYPE = 'application/scim+json; charset=utf-8';
const Id = z.object({ id: z.string() });

const parts = new WeakMap<SandboxContext, { readonly options: ScimOptions; readonly users: Users }>();

const faultAnswers: FaultAnswers = ({ kind, status }) => {
  const refusal = kind === 'expired-token' ? unauthorized() : new Refusal(status, status === 429 ? 'Too many requests' : status === 403 ? 'Operation is not permitted' : 'The service could not do this');
  return { status: refusal.status, headers: { 'content-type': MEDIA_TYPE, ...refusal.headers }, body: refusal.body };
};

export const scim: SandboxDefinition = {
  name: 'scim',
  title: 'HR over SCIM 2.0 (sandbox)',
  faultAnswers,

  register(context) {
    const { app } = context;
    const { options, users } = partsOf(context);
    const gate = createGate(context, options);
    const listing = createListing(users, options);
    context.onReset(() => {
      gate.reset();
      listing.reset();
    });
    app.setErrorHandler((error, _request, reply) => {
      const refusal = error instanceof Refusal ? error : error instanceof UnreadableBody ? invalidSyntax('The body is not JSON') : new Refusal(500, error instanceof Error ? error.message : String(error));
      return reply.code(refusal.status).headers(refusal.headers).type(MEDIA_TYPE).send(refusal.body);
    });
    app.setNotFoundHandler((request) => {
      throw new Refusal(404, `There is no ${request.url}`);
    });

    app.post('/oauth/token', (request, reply) => gate.token(request.headers.authorization, request.body, reply));
    app.addHook('preHandler', async (request) => {
      if (request.url === '/oauth/token') return;
      gate.admit(request.headers.authorization);
      const type = request.headers['content-type']?.split(';', 1)[0];
      // RFC 7644, section 3.1: application/scim+json; application/json should be taken too.
      if (request.method !== 'GET' && request.method !== 'DELETE' && type !== 'application/scim+json' && type !== 'application/json') throw new Refusal(415, 'The content type must be application/scim+json');
    });

    const send = (reply: FastifyReply, body: object, status = 200) => reply.code(status).type(MEDIA_TYPE).send(body);
    const sendUser = (reply: FastifyReply, user: User, status = 200) => {
      const version = membersOf(user['meta'])['version'];
      if (options.etag && typeof version === 'string') reply.header('etag', version);
      return send(reply, options.etag ? user : { ...user, meta: { ...membersOf(user['meta']), version: undefined } }, status);
    };
    const list = (resources: readonly object[]) => ({ schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'], totalResults: resources.length, Resources: resources });
    const idOf = (request: FastifyRequest) => Id.parse(request.params).id;
    /** RFC 7644, section 3.14. */
    const current = (request: FastifyRequest): User => {
      const user = users.need(idOf(request));
      const wanted = request.headers['if-match'];
      if (options.etag && wanted !== undefined && wanted !== '*' && wanted !== membersOf(user['meta'])['version']) throw versionChanged();
      return user;
    };

    for (const prefix of PREFIXES) {
      const base = () => `${context.baseUrl()}${prefix}`;
      if (options.discovery) {
        app.get(`${prefix}/ServiceProviderConfig`, (_request, reply) => send(reply, serviceProviderConfig(options, base())));
        app.get(`${prefix}/ResourceTypes`, (_request, reply) => send(reply, list(resourceTypes(base()))));
        app.get(`${prefix}/Schemas`, (_request, reply) => send(reply, list(schemaDocuments(base()))));
      }
      app.get(`${prefix}/Users`, (request, reply) => send(reply, listing.answer(request.query)));
      app.get(`${prefix}/Users/:id`, (request, reply) => sendUser(reply, users.need(idOf(request))));
      app.post(`${prefix}/Users`, (request, reply) => {
        const user = users.create(request.body);
        return sendUser(reply.header('location', `${base()}/Users/${user.id}`), user, 201);
      });
      app.put(`${prefix}/Users/:id`, (request, reply) => {
        const before = current(request);
        return sendUser(reply, users.replace(before.id, withReadOnly(before, request.body)));
      });
      app.patch(`${prefix}/Users/:id`, (request, reply) => {
        if (!options.patch) throw new Refusal(501, 'PATCH is not supported');
        const before = current(request);
        const after = patched(before, request.body);
        // Nothing changed, so neither does the version.
        return sendUser(reply, JSON.stringify(after) === JSON.stringify(before) ? before : users.replace(before.id, after));
      });
      app.delete(`${prefix}/Users/:id`, (request, reply) => {
        users.remove(current(request).id);
        return reply.code(204).send();
      });
    }
  },

  initialRecords(context) {
    const { users } = partsOf(context);
    for (const person of PEOPLE) users.create(person);
  },

  /** A known ID is changed as in HR's own pages: `null` takes an attribute away, and what the service calls readOnly may be set. */
  seed(context, collection, record) {
    if (collection !== 'users') throw new Error(`the HR system keeps no '${collection}'; it has users`);
    const { users } = partsOf(context);
    const { id, remove, ...own } = record;
    if (typeof id !== 'string') return users.create({ schemas: [CORE], ...own }).id;
    if (remove === true) users.remove(id);
    else users.replace(id, Object.fromEntries(Object.entries({ ...users.need(id), ...own }).filter(([, value]) => value !== null)));
    return id;
  },
};

/** RFC 7644, section 3.5.1: what is readOnly is ignored in a PUT. */
function withReadOnly(before: User, body: unknown): object {
  let next: Record<string, unknown> = { ...membersOf(body) };
  for (const [schema, { attributes }] of Object.entries(SCHEMAS)) {
    if (schema === CORE) continue;
    const kept = Object.fromEntries(attributes.filter(({ mutability }) => mutability === 'readOnly').flatMap(({ name }) => {
      const value = membersOf(before[schema])[name];
      return value === undefined ? [] : [[name, value]];
    }));
    if (Object.keys(kept).length > 0) next = { ...next, [schema]: { ...membersOf(next[schema]), ...kept } };
  }
  return next;
}

function partsOf(context: SandboxContext): { readonly options: ScimOptions; readonly users: Users } {
  const known = parts.get(context);
  if (known !== undefined) return known;
  const made = { options: ScimOptions.parse(context.options), users: openUsers(context) };
  parts.set(context, made);
  return made;
}
