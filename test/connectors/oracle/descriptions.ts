import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { BATCH_TYPE } from '../../../connectors/oracle/batch.ts';
import type { Exchange } from '../../support/recorded.ts';
import { soapMisfits } from './soap-shape.ts';

const fields = z.record(z.string(), z.string());
const shapesSchema = z.record(z.string(), z.strictObject({ required: z.array(z.string()).optional(), create: fields.optional(), update: fields.optional(), shown: fields }));
/** Oracle's resources as test/fixtures/vendors/oracle/shapes.json describes them. */
export const SHAPES = shapesSchema.parse(JSON.parse(readFileSync(new URL('../../fixtures/vendors/oracle/shapes.json', import.meta.url), 'utf8')));

export interface Sent {
  readonly method: string;
  readonly resource: string;
  /** A list of records is asked for, not one. */
  readonly listed: boolean;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly status: number;
  readonly answer: unknown;
}

const batchSchema = z.strictObject({ parts: z.array(z.strictObject({ id: z.string().min(1), path: z.string().startsWith('/'), operation: z.literal('create'), payload: z.unknown() })).min(1) });
const batchAnswer = z.object({ parts: z.array(z.object({ payload: z.unknown() })) });
const ROOT = /^\/(?:fscmRestApi|crmRestApi)\/resources\/[\d.]+(?:\/|$)/;
const PARAMETERS = new Set(['q', 'fields', 'links', 'limit', 'offset', 'orderBy']);
/** What an answer has beside a record's fields. */
const FRAME = new Set(['links', '@context']);

/** What an exchange asks of the resources, part by part of a batch. */
export function sentIn({ method, url, contentType, body, status, answer }: Exchange): Sent[] {
  if (!ROOT.test(url)) return [];
  const { pathname, searchParams: query } = new URL(url, 'http://any');
  if (contentType.startsWith(BATCH_TYPE)) {
    const answers = batchAnswer.safeParse(jsonIn(answer)).data?.parts;
    const { parts } = batchSchema.parse(JSON.parse(body));
    return parts.map((part, index) => ({ method: 'POST', resource: part.path.slice(1), listed: false, query, body: part.payload, status: answers?.length === parts.length ? status : 0, answer: answers?.[index]?.payload }));
  }
  const steps = pathname.replace(ROOT, '').split('/').filter((step) => step !== '');
  const resource = steps.findLast((_step, index) => index % 3 === 0) ?? '';
  return [{ method, resource, listed: method === 'GET' && steps.length % 3 === 1, query, body: jsonIn(body), status, answer: jsonIn(answer) }];
}

function jsonIn(text: string): unknown {
  return text.startsWith('{') ? JSON.parse(text) : undefined;
}

/** What of a request does not fit, in words. */
export function requestMisfits({ method, resource, query, body }: Sent): string[] {
  const shape = SHAPES[resource];
  if (shape === undefined) return [`${resource} is not described`];
  const known = { ...shape.shown, ...shape.create, ...shape.update };
  const named = [...(query.get('fields')?.split(',') ?? []), ...(query.get('orderBy')?.split(',').map((each) => each.replace(/:(?:asc|desc)$/, '')) ?? []), ...fieldsIn(query.get('q') ?? '')];
  return [
    ...[...query.keys()].filter((name) => !PARAMETERS.has(name)).map((name) => `${name} is no parameter of ${resource}`),
    ...named.filter((field) => known[field] === undefined).map((field) => `${resource}.${field} is not described`),
    ...(body === undefined ? [] : method === 'POST' ? bodyMisfits(resource, 'create', body) : bodyMisfits(resource, 'update', body)),
  ];
}

/** The fields that a condition in `q` names: "A = 'x' AND B IN (1, 2)". */
function fieldsIn(condition: string): string[] {
  return (condition.replaceAll(/'(?:[^']|'')*'/g, "''").match(/[A-Za-z_]\w*/g) ?? []).filter((word) => !['AND', 'OR', 'IN', 'LIKE', 'NOT', 'BETWEEN', 'null', 'is'].includes(word));
}

function bodyMisfits(resource: string, purpose: 'create' | 'update', body: unknown): string[] {
  const shape = SHAPES[resource];
  const described = shape?.[purpose];
  if (shape === undefined || described === undefined || typeof body !== 'object' || body === null) return [`${purpose} of ${resource} is not described`];
  const missing = purpose === 'update' ? [] : (shape.required ?? []).filter((field) => !(field in body)).map((field) => `${resource}.${field} is missing`);
  return [...missing, ...Object.entries(body).flatMap(([field, value]: [string, unknown]) => {
    const type = described[field];
    if (type === undefined) return [`${resource}.${field} is not described`];
    const parts = /^(\w+)\[\]$/.exec(type)?.[1];
    if (parts !== undefined) return Array.isArray(value) ? value.flatMap((each: unknown) => bodyMisfits(parts, purpose, each)) : [`${resource}.${field} is no list`];
    return fits(type, value) ? [] : [`${resource}.${field}: ${JSON.stringify(value)} is not of ${type}`];
  })];
}

function fits(type: string, value: unknown): boolean {
  const [, name = '', length, nullable] = /^(\w+)(?:\((\d+)\))?(\?)?$/.exec(type) ?? [];
  if (value === null) return nullable === '?';
  if (name === 'Boolean') return typeof value === 'boolean';
  if (name === 'Number') return typeof value === 'number';
  if (name === 'Integer') return Number.isSafeInteger(value);
  if (typeof value !== 'string') return false;
  // Its form: whether there is such a day is for Oracle to say.
  return name === 'Date' ? /^\d{4}-\d{2}-\d{2}$/.test(value) : name === 'String' && value.length <= Number(length);
}

/** The same of an answer: its frame, and each record's fields. */
export function answerMisfits({ method, resource, listed, status, answer }: Sent): string[] {
  if (status < 200 || status >= 300 || answer === undefined || method === 'DELETE') return [];
  if (!listed) return recordMisfits(resource, answer);
  const page = z.strictObject({ items: z.array(z.unknown()), count: z.int(), hasMore: z.boolean(), limit: z.int(), offset: z.int(), links: z.array(z.unknown()), totalResults: z.int().optional() }).safeParse(answer);
  return page.success ? page.data.items.flatMap((item) => recordMisfits(resource, item)) : [`${resource}: ${z.prettifyError(page.error)}`];
}

function recordMisfits(resource: string, record: unknown): string[] {
  const shape = SHAPES[resource];
  if (shape === undefined || typeof record !== 'object' || record === null) return [`${resource} is not described`];
  const known = { ...shape.shown, ...shape.create, ...shape.update };
  return Object.entries(record).flatMap(([field, value]: [string, unknown]) => {
    if (FRAME.has(field)) return [];
    const type = known[field];
    if (type === undefined) return [`${resource}.${field} is not described`];
    const parts = /^(\w+)\[\]$/.exec(type)?.[1];
    if (parts !== undefined && Array.isArray(value)) return value.flatMap((each: unknown) => recordMisfits(parts, each));
    return value === null || fits(type, value) ? [] : [`${resource}.${field}: ${JSON.stringify(value)} is not of ${type}`];
  });
}

const SOAP_PATH = '/crmService/CustomerAccountService';

/** All of some exchanges with Oracle that is not described, REST and SOAP: of requests and answers, each said once. */
export function trafficMisfits(exchanges: readonly Exchange[]): string[] {
  // A fault that came before the body was read leaves nothing to look at.
  const whole = exchanges.filter(({ method, status, body }) => method === 'GET' || method === 'DELETE' || status !== 0 || body !== '');
  return [...new Set(whole.flatMap((exchange) => [
    ...sentIn(exchange).flatMap((sent) => [...requestMisfits(sent).map((misfit) => `asked: ${misfit}`), ...answerMisfits(sent).map((misfit) => `answered: ${misfit}`)]),
    ...(exchange.url === SOAP_PATH ? soapExchangeMisfits(exchange) : []),
  ]))];
}

function soapExchangeMisfits({ method, contentType, body, status, answerType, answer }: Exchange): string[] {
  return [
    ...(method === 'POST' && /^text\/xml; charset=utf-8$/i.test(contentType) ? [] : [`${SOAP_PATH} is asked by ${method} of ${contentType}`]),
    ...soapMisfits('asked', body),
    // Refused before the service was reached (401), or spoilt by a fault: no SOAP.
    ...(status === 200 || (status === 500 && answerType.startsWith('text/xml')) ? soapMisfits(status === 200 ? 'answered' : 'refused', answer) : []),
  ];
}
