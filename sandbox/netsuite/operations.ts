/**
 * The record service as functions from a request to an answer, so that the same code serves synchronous requests and asynchronous jobs.
 * https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/book_1559132836.html (Working with Records), methods and parameters: REST API Browser 2026.1
 * What a Warning header says of unknown properties is (unverified).
 */
import { z } from 'zod';
import type { Account } from './account.ts';
import { isExternalId, isObject, type NameValidation } from './body.ts';
import { errorBody, invalidQuery, methodNotAllowed, nonexistent, permissionViolation, Refusal } from './errors.ts';
import type { RecordType, StoredRecord } from './field-types.ts';
import { certainEquality, matches, parseFilter } from './filter.ts';
import { recordTypeAt } from './record-types.ts';
import { remove, save } from './records.ts';
import { RECORD_PATH, recordHref, viewCollection, viewLines, viewRecord, type ViewOptions } from './view.ts';

export const Operation = z.object({
  method: z.string(),
  record: z.string(),
  /** Internal ID or `eid:` and an external ID. */
  key: z.string().optional(),
  subResource: z.string().optional(),
  body: z.unknown(),
  query: z.record(z.string(), z.string()),
  unknownNames: z.enum(['Error', 'Warning', 'Ignore']),
  /** The body is a collection of records. */
  batch: z.literal(true).optional(),
});
export type Operation = z.infer<typeof Operation>;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: object;
}

export interface ServiceContext {
  readonly account: Account;
  readonly base: string;
}

const MAX_LIMIT = 1000;

/** Performs an operation; a refusal becomes its answer. */
export function perform(context: ServiceContext, operation: Operation): Answer {
  try {
    return answerTo(context, operation);
  } catch (error) {
    if (error instanceof Refusal) return refusalAnswer(error);
    throw error;
  }
}

export function refusalAnswer(refusal: Refusal): Answer {
  return { status: refusal.status, headers: refusal.headers, body: errorBody(refusal.status, refusal.details, refusal.title) };
}

/** Throws Refusal. */
function answerTo(context: ServiceContext, operation: Operation): Answer {
  const url = `${RECORD_PATH}/${operation.record}${operation.key === undefined ? '' : `/${operation.key}`}`;
  const type = recordTypeAt(operation.record);
  if (type === undefined) throw nonexistent(url, `Record type '${operation.record}' does not exist.`);
  if (operation.method !== 'GET' && type.readOnly === true) throw permissionViolation(type.label);
  if (operation.key === undefined) {
    if (operation.method === 'GET') return { status: 200, headers: {}, body: list(context, type, operation.query) };
    if (operation.method === 'POST') return write(context, type, operation, undefined, externalIdIn(operation.body));
    throw methodNotAllowed(operation.method, url);
  }
  const existing = recordAt(context.account, type, operation.key);
  if (operation.method === 'PUT') return upsert(context, type, operation, operation.key, existing);
  if (existing === undefined) throw nonexistent(url);
  switch (operation.method) {
    case 'GET':
      return { status: 200, headers: {}, body: read(context, type, existing, operation) };
    case 'PATCH':
      return write(context, type, operation, existing, undefined);
    case 'DELETE':
      remove(context.account, type, existing);
      return { status: 204, headers: {} };
    default:
      throw methodNotAllowed(operation.method, url);
  }
}

function recordAt(account: Account, type: RecordType, key: string): StoredRecord | undefined {
  return key.startsWith('eid:') ? account.byExternalId(type.name, key.slice(4)) : account.records(type.name).get(key);
}

function upsert(context: ServiceContext, type: RecordType, operation: Operation, key: string, existing: StoredRecord | undefined): Answer {
  if (!key.startsWith('eid:')) throw invalidQuery('id', 'An upsert needs an external ID in the form eid:external_id.');
  const externalId = key.slice(4);
  if (!isExternalId(externalId)) throw invalidQuery('id', `The external ID ${externalId} may contain only letters, numbers, underscores and hyphens.`);
  return write(context, type, operation, existing, externalId);
}

function write(context: ServiceContext, type: RecordType, operation: Operation, before: StoredRecord | undefined, externalId: string | undefined): Answer {
  const replace = new Set((operation.query['replace'] ?? '').split(',').map((name) => name.trim()));
  const saved = save(context.account, type, operation.body, before, { unknownNames: operation.unknownNames, replace }, externalId);
  const warning = saved.unknown.length === 0 ? {} : { Warning: `199 - "Unknown properties were ignored: ${saved.unknown.join(', ').replaceAll(/[^\w., ]/g, '')}"` };
  return { status: 204, headers: { Location: recordHref(context.base, type.name, saved.id), ...warning } };
}

function externalIdIn(body: unknown): string | undefined {
  const externalId = isObject(body) ? body['externalId'] : undefined;
  return typeof externalId === 'string' && isExternalId(externalId) ? externalId : undefined;
}

function read(context: ServiceContext, type: RecordType, record: StoredRecord, operation: Operation): object {
  const fields = operation.query['fields'];
  const options: ViewOptions = {
    expandSubResources: operation.query['expandSubResources'] === 'true',
    simpleEnumFormat: operation.query['simpleEnumFormat'] === 'true',
    fields: fields === undefined ? undefined : new Set(fields.split(',').map((name) => name.trim())),
  };
  const { subResource } = operation;
  if (subResource === undefined) return viewRecord({ ...context, options }, type, record);
  const spec = type.fields[subResource];
  const href = `${recordHref(context.base, type.name, record.id)}/${subResource}`;
  if (spec?.kind !== 'lines') throw nonexistent(href, `The sub-resource '${subResource}' does not exist.`);
  return viewLines({ ...context, options: { ...options, expandSubResources: true } }, spec, record.fields[subResource], href);
}

function list(context: ServiceContext, type: RecordType, query: Operation['query']): object {
  const { limit, offset } = readPaging(query);
  const { q } = query;
  const found = q === undefined || q === '' ? context.account.records(type.name).all() : search(context.account, type, q);
  const items = found.slice(offset, offset + limit).map((record) => ({
    links: [{ rel: 'self', href: recordHref(context.base, type.name, record.id) }],
    id: record.id,
  }));
  const href = `${context.base}${RECORD_PATH}/${type.name}?${q === undefined ? '' : `q=${encodeURIComponent(q)}&`}`;
  return viewCollection(href, { limit, offset, total: found.length }, items);
}

function search(account: Account, type: RecordType, q: string): StoredRecord[] {
  const condition = parseFilter(type, q);
  const externalId = certainEquality(condition, 'externalId');
  const exact = externalId === undefined ? undefined : account.byExternalId(type.name, externalId);
  if (exact !== undefined) return matches(type, condition, exact) ? [exact] : [];
  const candidates = byIndex(account, type, (field) => certainEquality(condition, field)) ?? account.records(type.name).all();
  return candidates.filter((record) => matches(type, condition, record));
}

function byIndex(account: Account, type: RecordType, equality: (field: string) => string | undefined): StoredRecord[] | undefined {
  const unique = type.uniqueField === undefined ? undefined : equality(type.uniqueField);
  if (unique !== undefined) return account.byUniqueField(type, unique);
  for (const field of Object.keys(type.fields)) {
    const value = account.isIndexed(type.name, field) ? equality(field) : undefined;
    if (value !== undefined) return account.referring(type.name, field, value);
  }
  return undefined;
}

/** https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1545222128.html: limit up to 1,000, offset divisible by limit. */
export function readPaging(query: Operation['query']): { limit: number; offset: number } {
  const limit = wholeNumber(query['limit'], MAX_LIMIT);
  const offset = wholeNumber(query['offset'], 0);
  if (limit === undefined || limit < 1 || limit > MAX_LIMIT) throw invalidQuery('limit', `Invalid value for limit: provide a number from 1 to ${MAX_LIMIT}.`);
  if (offset === undefined || offset % limit !== 0) throw invalidQuery('offset', `Invalid value for offset: provide a number that is divisible by ${limit}.`);
  return { limit, offset };
}

function wholeNumber(text: string | undefined, otherwise: number): number | undefined {
  if (text === undefined) return otherwise;
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

export function nameValidation(header: unknown): NameValidation {
  if (header === undefined) return 'Warning';
  const known = Operation.shape.unknownNames.safeParse(header);
  if (known.success) return known.data;
  throw new Refusal(400, [
    {
      detail: 'Invalid value for the header X-NetSuite-PropertyNameValidation: provide Error, Warning or Ignore.',
      'o:errorCode': 'INVALID_HEADER',
      'o:errorHeader': 'X-NetSuite-PropertyNameValidation',
    },
  ]);
}
