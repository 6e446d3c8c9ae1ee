/** https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1540810174.html: the metadata catalog, here with names, types and what may be filtered. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { nonexistent } from './errors.ts';
import type { FieldSpec } from './field-types.ts';
import type { ServiceContext } from './operations.ts';
import { RECORD_TYPES, recordTypeAt } from './record-types.ts';
import { RECORD_PATH } from './view.ts';

const CATALOG = `${RECORD_PATH}/metadata-catalog`;
const Params = z.object({ record: z.string() });

export function installMetadata(app: FastifyInstance, context: () => ServiceContext): void {
  const href = (name: string): string => `${context().base}${CATALOG}/${name}`;
  app.get(CATALOG, (_request, reply) =>
    reply.send({ items: Object.keys(RECORD_TYPES).map((name) => ({ name, links: [{ rel: 'canonical', href: href(name), mediaType: 'application/json' }] })) }),
  );
  app.get(`${CATALOG}/:record`, (request, reply) => {
    const { record } = Params.parse(request.params);
    const type = recordTypeAt(record);
    if (type === undefined) throw nonexistent(`${CATALOG}/${record}`, `Record type '${record}' does not exist.`);
    const properties = Object.fromEntries(Object.entries(type.fields).filter(([, spec]) => spec.queryOnly !== true).map(([name, spec]) => [name, propertyOf(spec)]));
    return reply.type('application/schema+json').send(JSON.stringify({ type: 'object', properties: { id: { title: 'Internal ID', type: 'string' }, ...properties } }));
  });
}

function propertyOf(spec: FieldSpec): object {
  const filterable = spec.kind !== 'lines' && spec.kind !== 'part' && spec.kind !== 'references';
  return { title: spec.label, ...typeOf(spec), ...(spec.readOnly === true ? { readOnly: true } : {}), 'x-ns-filterable': filterable };
}

function typeOf(spec: FieldSpec): object {
  switch (spec.kind) {
    case 'text':
      return { type: 'string', maxLength: spec.max };
    case 'date':
      return { type: 'string', format: 'date' };
    case 'duration':
      return { type: 'string', format: 'duration' };
    case 'datetime':
      return { type: 'string', format: 'date-time' };
    case 'number':
      return { type: 'number', format: 'double' };
    case 'integer':
      return { type: 'integer', format: 'int64' };
    case 'boolean':
      return { type: 'boolean' };
    case 'choice':
      return { type: 'object', properties: { id: { type: 'string', enum: Object.keys(spec.choices) }, refName: { type: 'string' } } };
    case 'reference':
      return { type: 'object', properties: { id: { type: 'string' }, refName: { type: 'string' }, externalId: { type: 'string' } } };
    case 'named':
      return { type: 'object', properties: { id: { type: 'string' }, refName: { type: 'string' } } };
    case 'references':
    case 'part':
    case 'lines':
      return { type: 'object' };
  }
}
