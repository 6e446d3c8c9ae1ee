import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import { z } from 'zod';
import type { Exchange } from './exchanges.ts';

const schema = z.looseObject({});
const descriptionSchema = z.strictObject({
  operations: z.record(z.string(), z.strictObject({ query: z.record(z.string(), schema), body: schema.optional(), answers: z.record(z.string(), z.string()) })),
  headers: z.looseObject({ properties: z.record(z.string(), schema), required: z.array(z.string()) }),
  $defs: z.record(z.string(), schema),
});

/** The part of Snowflake's SQL API that is used here, in our own words: test/fixtures/vendors/snowflake. */
export const OURS = descriptionSchema.parse(JSON.parse(readFileSync(new URL('../../fixtures/vendors/snowflake/sqlapi.json', import.meta.url), 'utf8')));

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const ajv = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true, formats: { uuid: UUID } });
ajv.addSchema({ $id: 'ours', $defs: OURS.$defs });
const checks = new Map<object, ValidateFunction>();

/** All of some exchanges that the description does not have, each said once. */
export function misfits(exchanges: readonly Exchange[]): string[] {
  return [...new Set(exchanges.flatMap(misfitsOf))];
}

function misfitsOf(exchange: Exchange): string[] {
  const { method, headers, body, status, answer } = exchange;
  const { pathname, searchParams } = new URL(exchange.url, 'https://snowflake.example');
  const handle = /^\/api\/v2\/statements\/([^/]+)/.exec(pathname)?.[1];
  const name = `${method} ${handle === undefined ? pathname : pathname.replace(handle, '{statementHandle}')}`;
  const operation = OURS.operations[name];
  if (operation === undefined) return [`${name} is not described`];
  const asked = [
    ...(handle === undefined || UUID.test(handle) ? [] : [`${handle} is no handle`]),
    ...mistakes(OURS.headers, Object.fromEntries(Object.keys(OURS.headers.properties).flatMap((header) => (headers[header.toLowerCase()] === undefined ? [] : [[header, headers[header.toLowerCase()]]])))),
    ...[...searchParams].flatMap(([parameter, value]) => (operation.query[parameter] === undefined ? [`${parameter} is no parameter`] : mistakes(operation.query[parameter], typed(value)).map((mistake) => `${parameter} ${mistake}`))),
    ...bodyMisfits(operation.body, body, status),
  ];
  return [...asked.map((mistake) => `asked: ${name}: ${mistake}`), ...answerMisfits(operation.answers, status, answer, searchParams).map((mistake) => `answered: ${name}: ${mistake}`)];
}

function bodyMisfits(described: object | undefined, body: string, status: number): string[] {
  if (described === undefined) return body === '' ? [] : ['a body where there is none'];
  // Whom the door sends away, or a fault, has its body unread.
  if (body === '' && [0, 401, 429].includes(status)) return [];
  return body === '' ? ['no body'] : mistakes(described, JSON.parse(body));
}

function answerMisfits(answers: Readonly<Record<string, string>>, status: number, answer: unknown, query: URLSearchParams): string[] {
  if (status === 0) return [];
  const further = query.has('partition') && query.get('partition') !== '0';
  const shape = answers[String(status)]?.split(' or ')[further ? 1 : 0] ?? (status >= 400 && status !== 422 ? 'refused' : undefined);
  return shape === undefined ? [`${status} is not described`] : mistakes(OURS.$defs[shape] ?? {}, answer);
}

/** A parameter's value as what it says it is. */
function typed(value: string): unknown {
  if (value === 'true' || value === 'false') return value === 'true';
  return /^\d+$/.test(value) ? Number(value) : value;
}

function mistakes(described: object, value: unknown): string[] {
  const check = checks.get(described) ?? ajv.compile(JSON.parse(JSON.stringify(described).replaceAll('"#/$defs/', '"ours#/$defs/')));
  checks.set(described, check);
  if (check(value) === true) return [];
  return (check.errors ?? []).map(({ instancePath, message, params }) => `${instancePath} ${message ?? ''} ${JSON.stringify(params)}`.trim());
}
