import { KINDS } from './kinds.ts';
import { namesOf, type NewConnector } from './names.ts';

/** The vendor's stand-in: what every one needs is there, and the vendor's own is marked. */
export function sandboxFiles({ name, title, kind }: NewConnector): readonly (readonly [string, string])[] {
  const { folder, product, camel, pascal } = namesOf(name);
  const { records } = KINDS[kind];
  return [
    [`sandbox/${folder}/options.ts`, `import { z } from 'zod';

export const ${pascal}SandboxOptions = z.object({
  apiKey: z.string().min(1),
  /** The account's limit; null switches it off. */
  requestsPerMinute: z.int().min(1).nullable().default(1200),
});
`],
    [`sandbox/${folder}/refusals.ts`, `import { Refusal } from '../kit/refusal.ts';

/** How ${title} words a refusal: status, code and message as in its reference. */
export const refusal = (status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) => new Refusal(status, { code, message }, headers);

export const unauthorized = () => refusal(401, 'unauthorized', 'The API key is not valid.');
export const notFound = (what: string) => refusal(404, 'not_found', \`There is no \${what}.\`);
export const taken = (value: string) => refusal(409, 'conflict', \`There is another one with \${value}.\`);
export const stale = () => refusal(412, 'stale', 'It was changed meanwhile: read it again.');
export const invalid = (why: string) => refusal(422, 'invalid', why);
const CODES: Readonly<Record<number, string>> = { 401: 'unauthorized', 403: 'forbidden', 404: 'not_found', 409: 'conflict', 412: 'stale', 422: 'invalid', 429: 'too_many_requests' };
/** A refusal that a test ordered. */
export const ordered = (status: number) => refusal(status, CODES[status] ?? 'error', 'The request could not be carried out.');
export const tooMany = (seconds: number, headers: Readonly<Record<string, string>>) => refusal(429, 'too_many_requests', 'The limit of requests is reached.', { ...headers, 'retry-after': String(seconds) });
`],
    [`sandbox/${folder}/gate.ts`, `import type { IncomingHttpHeaders } from 'node:http';
import type { SandboxContext } from '../kit/sandbox.ts';
import { ${pascal}SandboxOptions } from './options.ts';
import { tooMany, unauthorized } from './refusals.ts';

/** Who may come in, and how often: so many requests in each minute by the clock, said in the answer's headers. */
export function openGate(context: SandboxContext) {
  const { apiKey, requestsPerMinute } = ${pascal}SandboxOptions.parse(context.options);
  let minute = 0;
  let used = 0;
  context.onReset(() => {
    used = 0;
  });

  return {
    /** Answers the limit headers. @throws Refusal */
    admit(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
      if (headers.authorization !== \`Bearer \${apiKey}\`) throw unauthorized();
      if (requestsPerMinute === null) return {};
      const seconds = context.now().getTime() / 1000;
      if (Math.floor(seconds / 60) !== minute) used = 0;
      minute = Math.floor(seconds / 60);
      used += 1;
      const wait = Math.max(1, Math.ceil((minute + 1) * 60 - seconds));
      const told = { 'x-ratelimit-limit': String(requestsPerMinute), 'x-ratelimit-remaining': String(Math.max(0, requestsPerMinute - used)), 'x-ratelimit-reset': String(wait) };
      if (used > requestsPerMinute) throw tooMany(wait, told);
      return told;
    },
  };
}
`],
    [`sandbox/${folder}/collection.ts`, `import { z } from 'zod';
import type { SandboxContext } from '../kit/sandbox.ts';
import { invalid, notFound, stale, taken } from './refusals.ts';

export type Kept<Fields> = Fields & { readonly id: string; readonly version: number; readonly changedAt: string };
export type Query = Readonly<Record<string, string>>;

export interface Rules<Fields extends object> {
  readonly name: string;
  /** What a record must and may have. */
  readonly fields: z.ZodType<Fields>;
  /** What no two records may share; undefined where a record has nothing of the kind. */
  readonly unique: (record: Fields) => string | undefined;
  /** Whether a list that was asked for with this query shows the record. */
  readonly matches: (record: Kept<Fields>, query: Query) => boolean;
}

const MOST_ON_A_PAGE = 100;
const Asked = z.record(z.string(), z.string());
const Page = z.object({ after: z.coerce.number().int().min(0).default(0), limit: z.coerce.number().int().min(1).max(MOST_ON_A_PAGE).default(MOST_ON_A_PAGE) });
const Change = z.record(z.string(), z.unknown());

/** One kind of record with its rules, versions and pages (by ascending ID, so that nobody is passed over while others come and go). */
export function collectionOf<Fields extends object>(rules: Rules<Fields>) {
  const opened = new WeakMap<SandboxContext, ReturnType<typeof open<Fields>>>();
  return (context: SandboxContext) => {
    const records = opened.get(context) ?? open(context, rules);
    opened.set(context, records);
    return records;
  };
}

function open<Fields extends object>(context: SandboxContext, { name, fields, unique, matches }: Rules<Fields>) {
  const kept = context.records.collection<Kept<Fields>>(name);
  const byUnique = kept.indexBy(unique);

  const read = <T>(schema: z.ZodType<T>, value: unknown): T => {
    const parsed = schema.safeParse(value);
    if (!parsed.success) throw invalid(z.prettifyError(parsed.error));
    return parsed.data;
  };
  const keep = (id: string, version: number, body: unknown): Kept<Fields> => {
    const own = read(fields, body);
    const value = unique(own);
    if (value !== undefined && byUnique(value).some((other) => other.id !== id)) throw taken(value);
    const record = { ...own, id, version, changedAt: context.now().toISOString() };
    kept.put(id, record);
    return record;
  };
  const need = (id: string): Kept<Fields> => {
    const record = kept.get(id);
    if (record === undefined) throw notFound(\`\${name} \${id}\`);
    return record;
  };

  return {
    need,
    /** Everything, for filters of the vendor's own and for lists by page number. */
    all: () => kept.all(),
    page(query: unknown) {
      const asked = read(Asked, query);
      const { after, limit } = read(Page, asked);
      const rest = kept.filter((record) => Number(record.id) > after && matches(record, asked));
      const items = rest.slice(0, limit);
      return { items, next: rest.length > limit ? (items.at(-1)?.id ?? null) : null };
    },
    create: (body: unknown) => keep(String(context.records.nextId(name)), 1, body),
    /** @param version what the caller read, null where it does not care */
    change(id: string, body: unknown, version: string | null) {
      const before = need(id);
      if (version !== null && version !== String(before.version)) throw stale();
      return keep(id, before.version + 1, { ...before, ...read(Change, body) });
    },
    remove(id: string): void {
      need(id);
      kept.delete(id);
    },
  };
}
`],
    [`sandbox/${folder}/sandbox.ts`, `/** ${title}'s API as far as the connector uses it, written from the vendor's reference and never from the connector. */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { UnreadableBody } from '../kit/bodies.ts';
import { Refusal } from '../kit/refusal.ts';
import type { SandboxDefinition } from '../kit/sandbox.ts';
import { collectionOf } from './collection.ts';
import { openGate } from './gate.ts';
import { invalid, notFound, ordered, refusal, unauthorized } from './refusals.ts';

// The vendor's own: paths and fields as its reference has them. A sample to be replaced.
const ${records} = collectionOf({
  name: '${records}',
  fields: z.object({ name: z.string().min(1).max(200), externalId: z.string().max(100).optional() }),
  unique: ({ externalId }) => externalId,
  matches: (record, query) => query['externalId'] === undefined || record.externalId === query['externalId'],
});

const Id = z.object({ id: z.string() });
const idOf = (request: FastifyRequest) => Id.parse(request.params).id;

export const ${camel}Sandbox: SandboxDefinition = {
  name: '${product}',
  title: '${title} (sandbox)',
  faultAnswers({ kind, status }) {
    const { status: code, headers, body } = kind === 'expired-token' ? unauthorized() : ordered(status);
    return { status: code, headers, body };
  },

  register(context) {
    const { app } = context;
    const kept = ${records}(context);
    const gate = openGate(context);
    app.setErrorHandler((error, _request, reply) => {
      const no = error instanceof Refusal ? error : error instanceof UnreadableBody ? invalid('The body is not JSON.') : refusal(500, 'error', error instanceof Error ? error.message : String(error));
      return reply.code(no.status).headers(no.headers).send(no.body);
    });
    app.setNotFoundHandler((request) => {
      throw notFound(\`\${request.method} \${request.url}\`);
    });
    app.addHook('onRequest', async (request, reply) => void reply.headers(gate.admit(request.headers)));

    app.get('/${records}', (request) => kept.page(request.query));
    app.get('/${records}/:id', (request) => kept.need(idOf(request)));
    app.post('/${records}', (request, reply) => reply.code(201).send(kept.create(request.body)));
    app.patch('/${records}/:id', (request) => kept.change(idOf(request), request.body, request.headers['if-match'] ?? null));
    app.delete('/${records}/:id', (request, reply) => {
      kept.remove(idOf(request));
      return reply.code(204).send();
    });
  },

  /** What people do in ${title}'s own pages, past its API: \`{ …fields }\` makes a record, with an \`id\` it changes one, \`remove: true\` takes it away. */
  seed(context, collection, { id, remove, ...fields }) {
    if (collection !== '${records}') throw new Error(\`${title} keeps no '\${collection}'; it has ${records}\`);
    const kept = ${records}(context);
    if (typeof id !== 'string') return kept.create(fields).id;
    if (remove === true) kept.remove(id);
    else kept.change(id, fields, null);
    return id;
  },
};
`],
  ];
}
