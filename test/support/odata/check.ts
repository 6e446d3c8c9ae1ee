import type { ServiceModel, TypeShape } from './model.ts';
import type { Operation } from './operations.ts';
import { LITERAL, literalFits, valueFits, type Version } from './values.ts';

export interface Checking {
  readonly model: ServiceModel;
  readonly version: Version;
  /** Query options beside OData's own: "cross-company". */
  readonly options?: readonly string[];
}

type Purpose = 'create' | 'update' | 'answer';

const OPTIONS = new Set(['$select', '$filter', '$expand', '$orderby', '$top', '$skip', '$inlinecount', '$count', '$format', '$skiptoken']);
const WORDS = new Set(['and', 'or', 'not', 'eq', 'ne', 'gt', 'ge', 'lt', 'le', 'asc', 'desc', 'startswith', 'endswith', 'substringof', 'contains', 'tolower', 'toupper']);
const COMPARISON = new RegExp(String.raw`^\s+(?:eq|ne|gt|ge|lt|le)\s+(${LITERAL.source})`);

interface Target {
  readonly type: string;
  /** The set that the request goes to itself; undefined below a record. */
  readonly set: string | undefined;
  readonly many: boolean;
}

/** What of a request the service's description knows nothing of, in words; none where all is well. */
export function requestMisfits(checking: Checking, { method, path, query, body }: Operation): string[] {
  const { model } = checking;
  const name = path.replace(/\(.*$/s, '');
  const called = model.functions[name];
  if (called !== undefined) return [...(called.method === method ? [] : [`${name} is called by ${called.method}, not ${method}`]), ...argumentMisfits(checking, name, called.parameters, query)];
  if (path === '' || path === '$metadata' || path === '$batch') return [];
  const { target, misfits } = targetOf(checking, path);
  if (target === undefined) return misfits;
  const set = target.set === undefined ? undefined : model.sets[target.set];
  const allowed = method === 'GET' || (method === 'POST' ? set?.create !== false && target.many : method === 'DELETE' ? set?.remove !== false && !target.many : set?.update !== false && !target.many);
  return [
    ...misfits,
    ...(allowed ? [] : [`${method} of ${path} is not offered`]),
    ...queryMisfits(checking, target.type, query),
    ...(body === undefined ? [] : bodyMisfits(checking, target.type, body, method === 'POST' ? 'create' : 'update')),
  ];
}

/** The same of what the service answers. */
export function answerMisfits(checking: Checking, { method, path, query, status, answer }: Operation): string[] {
  const { model, version } = checking;
  if (status < 200 || status >= 300 || answer === undefined || path === '' || path === '$metadata' || path === '$batch') return [];
  const called = model.functions[path.replace(/\(.*$/s, '')];
  const { target, misfits } = called === undefined ? targetOf(checking, path) : { target: called.returns === null ? undefined : { type: called.returns, set: undefined, many: false }, misfits: [] };
  if (target === undefined) return misfits;
  const inner = version === 2 ? property(answer, 'd') : answer;
  const rows = version === 2 ? property(inner, 'results') : property(inner, 'value');
  const listed = method === 'GET' && target.many;
  if (listed !== Array.isArray(rows)) return [`${method} ${path} is answered with ${listed ? 'no list' : 'a list'}`];
  const all: readonly unknown[] = Array.isArray(rows) ? rows : [inner];
  return all.flatMap((row) => [...bodyMisfits(checking, target.type, row, 'answer'), ...(query.has('$select') ? [] : (model.types[target.type]?.keys ?? []).filter((key) => property(row, key) === undefined).map((key) => `${target.type} is answered without its key ${key}`))]);
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined;
}

function targetOf(checking: Checking, path: string): { readonly target: Target | undefined; readonly misfits: string[] } {
  const { model } = checking;
  let target: Target | undefined;
  const misfits: string[] = [];
  for (const [whole, name = '', predicate] of path.matchAll(/(?:^|\/)([\w$]+)(?:\(((?:[^()']|'(?:[^']|'')*')*)\))?/g)) {
    if (name === '$count' || name === '$value') return { target: undefined, misfits };
    const next: Target | undefined = target === undefined
      ? inSet(model, name)
      : ((found) => (found === undefined ? undefined : { type: found.to, set: undefined, many: found.many }))(model.types[target.type]?.navigations[name]);
    if (next === undefined) return { target: undefined, misfits: [...misfits, `${whole.replace(/^\//, '')} of ${path} is not described`] };
    target = predicate === undefined ? next : { ...next, many: false };
    if (predicate !== undefined) misfits.push(...keyMisfits(checking, next.type, predicate));
  }
  return { target, misfits };
}

function inSet(model: ServiceModel, name: string): Target | undefined {
  const set = model.sets[name];
  return set === undefined ? undefined : { type: set.type, set: name, many: true };
}

function keyMisfits(checking: Checking, type: string, predicate: string): string[] {
  const shape = checking.model.types[type];
  const keys = shape?.keys ?? [];
  const named = [...predicate.matchAll(new RegExp(`(\\w+)=(${LITERAL.source})`, 'g'))].map(([, key = '', literal = '']) => [key, literal] as const);
  const given = named.length === 0 && keys.length === 1 ? [[keys[0] ?? '', predicate] as const] : named;
  if (given.map(([key]) => key).toSorted().join() !== keys.toSorted().join()) return [`(${predicate}) is no key of ${type}, which has ${keys.join(', ')}`];
  return given.flatMap(([key, literal]) => literalMisfits(checking, shape, type, key, literal));
}

function literalMisfits({ model, version }: Checking, shape: TypeShape | undefined, type: string, name: string, literal: string): string[] {
  const field = shape?.fields[name];
  if (field === undefined) return [`${type}.${name} is not described`];
  return literalFits(model, field, literal, version) ? [] : [`${type}.${name}: ${literal} is not of ${field.type}${field.maxLength === undefined ? '' : `(${field.maxLength})`}`];
}

function argumentMisfits({ model, version }: Checking, name: string, parameters: Readonly<Record<string, string>>, query: URLSearchParams): string[] {
  const given = [...query].filter(([key]) => !key.startsWith('$'));
  return [
    ...given.flatMap(([key, literal]) => {
      const type = parameters[key];
      if (type === undefined) return [`${name} has no parameter ${key}`];
      return literalFits(model, { type, required: true, create: true, update: true, filter: true }, literal, version) ? [] : [`${name}.${key}: ${literal} is not of ${type}`];
    }),
    ...Object.keys(parameters).filter((key) => !query.has(key)).map((key) => `${name} is called without ${key}`),
  ];
}

function queryMisfits(checking: Checking, type: string, query: URLSearchParams): string[] {
  return [...query].flatMap(([name, value]) => {
    if (name === '$select' || name === '$expand') return value.split(',').flatMap((path) => pathMisfits(checking.model, type, path, name === '$expand'));
    if (name === '$filter' || name === '$orderby') return filterMisfits(checking, type, value);
    return OPTIONS.has(name) || checking.options?.includes(name) === true ? [] : [`${name} is no option of a query`];
  });
}

function pathMisfits(model: ServiceModel, type: string, path: string, expands: boolean): string[] {
  let shape = model.types[type];
  const steps = path.split('/');
  for (const [index, step] of steps.entries()) {
    const to = shape?.navigations[step]?.to;
    const field = shape?.fields[step];
    if (to === undefined && (expands || field === undefined)) return [`${type}: ${path} is not described`];
    if (to === undefined && index < steps.length - 1 && model.types[field?.type ?? ''] === undefined) return [`${type}: ${path} is not described`];
    shape = model.types[to ?? field?.type ?? ''];
  }
  return [];
}

function filterMisfits(checking: Checking, type: string, text: string): string[] {
  const misfits: string[] = [];
  const shape = checking.model.types[type];
  const token = new RegExp(String.raw`(${LITERAL.source})|([A-Za-z_][\w/]*)|[(),\s]+`, 'y');
  for (let at = 0; at < text.length; at = token.lastIndex) {
    token.lastIndex = at;
    const [found, literal, word] = token.exec(text) ?? [];
    if (found === undefined) return [...misfits, `${text.slice(at)} is no filter`];
    if (literal !== undefined || word === undefined || WORDS.has(word)) continue;
    const field = shape?.fields[word];
    if (field === undefined) misfits.push(...pathMisfits(checking.model, type, word, false));
    else if (!field.filter) misfits.push(`${type}.${word} cannot be filtered by`);
    const compared = COMPARISON.exec(text.slice(token.lastIndex))?.[1];
    if (field !== undefined && compared !== undefined) misfits.push(...literalMisfits(checking, shape, type, word, compared));
  }
  return misfits;
}

function bodyMisfits(checking: Checking, type: string, body: unknown, purpose: Purpose): string[] {
  const { model, version } = checking;
  const shape = model.types[type];
  if (shape === undefined) return [`${type} is not described`];
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return [`${type}: ${JSON.stringify(body)?.slice(0, 80)} is no record`];
  return Object.entries(body).flatMap(([name, value]: [string, unknown]): string[] => {
    if (version === 4 && name.includes('@')) return [];
    if (version === 2 && name === '__metadata') return metadataMisfits(checking, type, value);
    const navigation = shape.navigations[name];
    if (navigation !== undefined) {
      if (purpose === 'update') return [`${type}.${name} cannot be changed with its parent`];
      if (property(value, '__deferred') !== undefined || value === null) return [];
      const rows = Array.isArray(value) ? value : property(value, 'results');
      if (navigation.many !== Array.isArray(rows)) return [`${type}.${name} is ${navigation.many ? 'a list' : 'one record'}`];
      return (Array.isArray(rows) ? rows : [value]).flatMap((row: unknown) => bodyMisfits(checking, navigation.to, row, purpose));
    }
    const field = shape.fields[name];
    if (field === undefined) return [`${type}.${name} is not described`];
    if (purpose !== 'answer' && !field[purpose]) return [`${type}.${name} cannot be given at ${purpose}`];
    if (value === null) return field.required ? [`${type}.${name} cannot be null`] : [];
    if (model.types[field.type] !== undefined) return bodyMisfits(checking, field.type, value, purpose);
    return valueFits(model, field, value, version) ? [] : [`${type}.${name}: ${JSON.stringify(value)} is not of ${field.type}${field.maxLength === undefined ? '' : `(${field.maxLength})`}${field.precision === undefined ? '' : `(${field.precision},${field.scale ?? 0})`}`];
  });
}

/** Its type is named with the service's: "API_SALES_ORDER_SRV.A_SalesOrderType"; its address is that of a record of that type. */
function metadataMisfits(checking: Checking, type: string, value: unknown): string[] {
  const [named, uri] = [property(value, 'type'), property(value, 'uri')];
  const misfits = typeof named !== 'string' || named.endsWith(`.${type}`) ? [] : [`the type is said to be ${named}, not a service's ${type}`];
  if (typeof uri !== 'string') return misfits;
  const address = decodeURIComponent(uri);
  const set = Object.entries(checking.model.sets).find(([name, found]) => found.type === type && address.includes(`/${name}(`))?.[0];
  return set === undefined ? [...misfits, `${address} is no address of a ${type}`] : [...misfits, ...targetOf(checking, address.slice(address.lastIndexOf(`/${set}(`) + 1)).misfits];
}
