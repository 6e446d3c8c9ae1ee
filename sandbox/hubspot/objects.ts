import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { SandboxContext } from '../kit/sandbox.ts';
import {
  associateInline,
  batchAnswer,
  InlineAssociations,
  listOf,
  objectNamed,
  parse,
  PropertyMap,
  show,
  showAssociations,
  showWritten,
} from './answers.ts';
import { HubSpotError, invalid } from './errors.ts';
import { search } from './search.ts';
import type { Author, CrmStore } from './store.ts';

const MAX_BATCH = 100;
const MAX_PAGE = 100;

const Create = z.object({ properties: PropertyMap, associations: InlineAssociations });
const Update = z.object({ properties: PropertyMap });
const Id = z.union([z.string(), z.number()]).transform(String);
const BatchRead = z.object({
  inputs: z.array(z.object({ id: Id })),
  properties: z.array(z.string()).optional(),
  idProperty: z.string().optional(),
});
const BatchCreate = z.object({ inputs: z.array(Create) });
const BatchUpdate = z.object({
  inputs: z.array(
    z.object({ id: Id, idProperty: z.string().optional(), properties: PropertyMap, objectWriteTraceId: z.string().optional() }),
  ),
});
const BatchArchive = z.object({ inputs: z.array(z.object({ id: Id })) });

interface Query {
  properties?: string | string[];
  associations?: string | string[];
  idProperty?: string;
  limit?: string;
  after?: string;
}
type Path<P = { type: string; id: string }> = { Params: P; Querystring: Query; Body: unknown };

/** `/crm/v3/objects/{object}`: single records, lists, batches and search. */
export function installObjects(app: FastifyInstance, context: SandboxContext, store: CrmStore, author: Author): void {
  const base = '/crm/v3/objects/:type';
  const atomically = <R>(work: () => R): R => context.records.transaction(work);

  app.get<Path>(`${base}/:id`, (request) => {
    const object = objectNamed(request.params.type);
    const row = store.demand(object, request.params.id, request.query.idProperty);
    return {
      ...show(object, row, listOf(request.query.properties)),
      ...showAssociations(store, object, row, listOf(request.query.associations)),
    };
  });

  app.get<Path>(base, (request) => {
    const object = objectNamed(request.params.type);
    const limit = pageSize(request.query.limit);
    const after = request.query.after;
    const rows = store.live(object).toSorted((a, b) => Number(a.id) - Number(b.id));
    const rest = after === undefined ? rows : rows.filter((row) => Number(row.id) > Number(after));
    const page = rest.slice(0, limit);
    const last = page.at(-1);
    const results = page.map((row) => ({
      ...show(object, row, listOf(request.query.properties)),
      ...showAssociations(store, object, row, listOf(request.query.associations)),
    }));
    if (last === undefined || rest.length <= limit) return { results };
    return { results, paging: { next: { after: last.id, link: `https://api.hubapi.com/crm/v3/objects/${object.name}?after=${last.id}` } } };
  });

  app.post<Path>(base, (request, reply) => {
    const object = objectNamed(request.params.type);
    const { properties, associations } = parse(Create, request.body);
    const row = atomically(() => {
      const created = store.create(object, properties, author);
      associateInline(store, object, created.id, associations);
      return created;
    });
    return reply.code(201).send(showWritten(row));
  });

  app.patch<Path>(`${base}/:id`, (request) => {
    const object = objectNamed(request.params.type);
    const { properties } = parse(Update, request.body);
    if (Object.keys(properties).length === 0) invalid('No properties found to update, please provide at least one.');
    return atomically(() => {
      const { id } = store.demand(object, request.params.id, request.query.idProperty);
      return showWritten(store.update(object, id, properties, author));
    });
  });

  app.delete<Path>(`${base}/:id`, (request, reply) => {
    atomically(() => store.archive(objectNamed(request.params.type), request.params.id, author));
    return reply.code(204).send();
  });

  app.post<Path>(`${base}/search`, (request) => {
    const object = objectNamed(request.params.type);
    const page = search(object, store.live(object), request.body);
    const results = page.rows.map((row) => show(object, row, page.properties));
    return { total: page.total, results, ...(page.after === undefined ? {} : { paging: { next: { after: page.after } } }) };
  });

  app.post<Path>(`${base}/batch/read`, (request, reply) => {
    const object = objectNamed(request.params.type);
    const { inputs, properties, idProperty } = parse(BatchRead, request.body);
    checkBatch(inputs);
    const found = inputs.map(({ id }) => ({ id, row: store.find(object, id, idProperty) }));
    const results = found.flatMap(({ row }) => (row === undefined ? [] : [show(object, row, properties)]));
    const missing = found.flatMap(({ id, row }) => (row === undefined ? [id] : []));
    const { status, body } = batchAnswer(object, { results, missing }, context.now(), 200);
    return reply.code(status).send(body);
  });

  app.post<Path>(`${base}/batch/create`, (request, reply) => {
    const object = objectNamed(request.params.type);
    const { inputs } = parse(BatchCreate, request.body);
    checkBatch(inputs);
    const results = atomically(() =>
      inputs.map(({ properties, associations }) => {
        const created = store.create(object, properties, author);
        associateInline(store, object, created.id, associations);
        return showWritten(created);
      }),
    );
    const { status, body } = batchAnswer(object, { results, missing: [] }, context.now(), 201);
    return reply.code(status).send(body);
  });

  app.post<Path>(`${base}/batch/update`, (request, reply) => {
    const object = objectNamed(request.params.type);
    const { inputs } = parse(BatchUpdate, request.body);
    checkBatch(inputs);
    const missing: string[] = [];
    const results = atomically(() =>
      inputs.flatMap(({ id, idProperty, properties }) => {
        const row = store.find(object, id, idProperty);
        if (row !== undefined) return [showWritten(store.update(object, row.id, properties, author))];
        missing.push(id);
        return [];
      }),
    );
    const { status, body } = batchAnswer(object, { results, missing }, context.now(), 200);
    return reply.code(status).send(body);
  });

  app.post<Path>(`${base}/batch/upsert`, (request, reply) => {
    const object = objectNamed(request.params.type);
    const { inputs } = parse(BatchUpdate, request.body);
    checkBatch(inputs);
    checkDistinct(inputs);
    const upsert = ({ id, idProperty = 'hs_object_id', properties, objectWriteTraceId }: (typeof inputs)[number]): object => {
      const row = idProperty === 'hs_object_id' ? store.demand(object, id) : store.find(object, id, idProperty);
      const written =
        row === undefined
          ? store.create(object, { ...properties, [idProperty]: id }, author)
          : store.update(object, row.id, properties, author);
      return { ...showWritten(written), new: row === undefined, ...(objectWriteTraceId === undefined ? {} : { objectWriteTraceId }) };
    };
    // With a trace ID on every input each has its own outcome; else one refused input refuses them all.
    if (inputs.some(({ objectWriteTraceId }) => objectWriteTraceId === undefined)) {
      const { status, body } = batchAnswer(object, { results: atomically(() => inputs.map(upsert)), missing: [] }, context.now(), 200);
      return reply.code(status).send(body);
    }
    const { results, errors } = atomically(() => eachOnItsOwn(inputs, (input) => atomically(() => upsert(input))));
    const { body } = batchAnswer(object, { results, missing: [] }, context.now(), 200);
    return errors.length === 0 ? reply.send(body) : reply.code(207).send({ ...body, numErrors: errors.length, errors });
  });

  app.post<Path>(`${base}/batch/archive`, (request, reply) => {
    const object = objectNamed(request.params.type);
    const { inputs } = parse(BatchArchive, request.body);
    checkBatch(inputs);
    atomically(() => {
      for (const { id } of inputs) store.archive(object, id, author);
    });
    return reply.code(204).send();
  });
}

function pageSize(text: string | undefined): number {
  const limit = Number(text ?? 10);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE)
    return invalid(`limit must be between 1 and ${MAX_PAGE}, not ${String(text)}`);
  return limit;
}

function eachOnItsOwn<T extends { readonly id: string; readonly objectWriteTraceId?: string | undefined }>(inputs: readonly T[], work: (input: T) => object): { results: object[]; errors: object[] } {
  const results: object[] = [];
  const errors: object[] = [];
  for (const input of inputs) {
    try {
      results.push(work(input));
    } catch (error) {
      if (!(error instanceof HubSpotError)) throw error;
      const { category, message, errors: details } = error.body;
      errors.push({ status: 'error', category, message, ...(details === undefined ? {} : { errors: details }), context: { objectWriteTraceId: [input.objectWriteTraceId ?? ''] } });
    }
  }
  return { results, errors };
}

function checkDistinct(inputs: readonly { readonly id: string }[]): void {
  if (new Set(inputs.map(({ id }) => id)).size < inputs.length) invalid('Duplicate IDs found in batch input: each may be there once');
}

function checkBatch(inputs: readonly unknown[]): void {
  if (inputs.length === 0) invalid('Invalid input JSON: inputs must not be empty');
  if (inputs.length > MAX_BATCH) invalid(`The maximum allowed batch size is ${MAX_BATCH}; there are ${inputs.length} inputs`);
}
