/**
 * Records as SuiteTalk REST answers them.
 * References, sublists and expandSubResources: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1545142037.html
 * Collections: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1545222128.html
 */
import { wireDuration } from './body.ts';
import type { Account } from './account.ts';
import { isChoice, isLines, isPart, isReference, isReferences, type FieldSpec, type FieldValue, type Fields, type RecordType, type StoredRecord } from './field-types.ts';
import { RECORD_TYPES } from './record-types.ts';

export const RECORD_PATH = '/services/rest/record/v1';

export interface ViewOptions {
  readonly expandSubResources: boolean;
  readonly simpleEnumFormat: boolean;
  readonly fields: ReadonlySet<string> | undefined;
}

type Json = Record<string, unknown>;

interface ViewContext {
  readonly account: Account;
  readonly base: string;
  readonly options: ViewOptions;
}

const selfLink = (href: string): Json[] => [{ rel: 'self', href }];

export function recordHref(base: string, type: string, id: string): string {
  return `${base}${RECORD_PATH}/${type}/${id}`;
}

export function viewRecord(context: ViewContext, type: RecordType, record: StoredRecord): Json {
  const href = recordHref(context.base, type.name, record.id);
  const shown: Json = { links: selfLink(href) };
  const wanted = (name: string): boolean => context.options.fields === undefined || context.options.fields.has(name);
  if (wanted('id')) shown['id'] = record.id;
  if (record.externalId !== undefined && wanted('externalId')) shown['externalId'] = record.externalId;
  for (const [name, value] of Object.entries(record.fields)) {
    const spec = type.fields[name];
    if (spec !== undefined && spec.queryOnly !== true && wanted(name)) shown[name] = viewValue(context, spec, value, `${href}/${name}`);
  }
  return shown;
}

export function viewLines(context: ViewContext, spec: FieldSpec & { kind: 'lines' }, value: FieldValue | undefined, href: string): Json {
  const items = (isLines(value) ? value.lines : []).map((line) => ({
    links: selfLink(`${href}/${line.key}`),
    [spec.key]: spec.keyIsText === true ? String(line.key) : line.key,
    ...viewFields(context, spec.line, line.values, `${href}/${line.key}`),
  }));
  return { links: selfLink(href), count: items.length, hasMore: false, items, offset: 0, totalResults: items.length };
}

function viewValue(context: ViewContext, spec: FieldSpec, value: FieldValue, href: string): unknown {
  if (isReference(value)) {
    return { links: selfLink(recordHref(context.base, value.type, value.id)), id: value.id, refName: refName(context.account, value) };
  }
  if (isChoice(value)) {
    if (context.options.simpleEnumFormat) return value.choice;
    return { id: value.choice, refName: spec.kind === 'choice' ? (spec.choices[value.choice] ?? value.choice) : value.choice };
  }
  if (isLines(value)) {
    return spec.kind === 'lines' && context.options.expandSubResources ? viewLines(context, spec, value, href) : { links: selfLink(href) };
  }
  if (isReferences(value)) {
    const items = value.references.map(({ type, id }) => ({ links: selfLink(recordHref(context.base, type, id)), id, refName: refName(context.account, { type, id }) }));
    return context.options.expandSubResources ? { links: selfLink(href), count: items.length, hasMore: false, items, offset: 0, totalResults: items.length } : { links: selfLink(href) };
  }
  if (isPart(value)) {
    const shown = spec.kind === 'part' && context.options.expandSubResources ? viewFields(context, spec.fields, value.part, href) : {};
    return { links: selfLink(href), ...shown };
  }
  if (spec.kind === 'named') return { id: value, refName: value };
  return spec.kind === 'duration' && typeof value === 'number' ? wireDuration(value) : value;
}

function viewFields(context: ViewContext, fields: Fields, values: Readonly<Record<string, FieldValue>>, href: string): Json {
  const shown: Json = {};
  for (const [name, value] of Object.entries(values)) {
    const spec = fields[name];
    if (spec !== undefined) shown[name] = viewValue(context, spec, value, `${href}/${name}`);
  }
  return shown;
}

export function refName(account: Account, reference: { type: RecordType['name']; id: string }): string {
  const record = account.records(reference.type).get(reference.id);
  const name = record?.fields[RECORD_TYPES[reference.type].nameField];
  return typeof name === 'string' ? name : reference.id;
}

export interface Page {
  readonly limit: number;
  readonly offset: number;
  readonly total: number;
}

/** The frame of a collection answer; `href` is the collection's address without paging, ending in `?` or `&`. */
export function viewCollection(href: string, page: Page, items: readonly unknown[]): Json {
  const at = (rel: string, offset: number): Json => ({ rel, href: `${href}limit=${page.limit}&offset=${offset}` });
  const last = page.total === 0 ? 0 : Math.floor((page.total - 1) / page.limit) * page.limit;
  const links = [at('self', page.offset)];
  if (page.offset > 0) links.push(at('first', 0), at('previous', Math.max(0, page.offset - page.limit)));
  const hasMore = page.offset + items.length < page.total;
  if (hasMore) links.push(at('next', page.offset + page.limit), at('last', last));
  return { links, count: items.length, hasMore, items, offset: page.offset, totalResults: page.total };
}
