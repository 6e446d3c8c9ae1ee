/** PATCH: RFC 7644, section 3.5.2. */
import { z } from 'zod';
import { isMembers, membersOf, placeOf, type Members, type Place } from './attributes.ts';
import { invalidPath, invalidSyntax, invalidValue, notWritable, Refusal } from './errors.ts';
import { parseFilter } from './filter.ts';
import type { Attribute } from './schemas.ts';

const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const Body = z.object({
  schemas: z.array(z.string()).refine((schemas) => schemas.includes(PATCH_OP), `must name ${PATCH_OP}`),
  Operations: z.array(z.object({ op: z.string(), path: z.string().min(1).optional(), value: z.unknown().optional() })).min(1),
});

/** The resource after all operations; none is kept when one is refused. @throws Refusal */
export function patched(resource: Members, body: unknown): Members {
  const read = Body.safeParse(body);
  if (!read.success) throw invalidSyntax(z.prettifyError(read.error));
  let now = resource;
  for (const { op, path, value } of read.data.Operations) {
    const operation = op.toLowerCase();
    if (operation !== 'add' && operation !== 'replace' && operation !== 'remove') throw invalidSyntax(`There is no operation ${op}`);
    if (path !== undefined) now = applied(now, operation, path, value);
    else if (operation === 'remove') throw new Refusal(400, 'remove needs a path', 'noTarget');
    else if (!isMembers(value)) throw invalidValue('Without a path the value must be an object of attributes');
    else for (const [name, each] of Object.entries(value)) now = applied(now, operation, name, each);
  }
  return now;
}

type Operation = 'add' | 'replace' | 'remove';

function applied(resource: Members, operation: Operation, path: string, value: unknown): Members {
  const [, before, inner, after] = /^([^[\]]+?)(?:\[(.+)\](?:\.([\w$-]+))?)?$/.exec(path) ?? [];
  const place = before === undefined ? undefined : placeOf(before);
  if (place === undefined) throw invalidPath(`There is no attribute ${path}`);
  const { attribute } = place;
  const part = after === undefined ? place.sub : attribute.subAttributes?.find((each) => each.name.toLowerCase() === after.toLowerCase());
  if (part === undefined) throw invalidPath(`There is no attribute ${path}`);
  for (const each of [attribute, part]) if (each?.mutability === 'readOnly') throw notWritable(path);
  if (operation !== 'remove') checkType(part ?? attribute, value, path, inner !== undefined && part === null);
  const old = valueAt(resource, place);
  if (inner !== undefined) {
    if (!attribute.multiValued) throw invalidPath(`${attribute.name} has one value only`);
    return withValue(resource, place, changedEntries(old, parseFilter(inner, attribute.subAttributes ?? []), operation, part, value, path));
  }
  if (part !== null) return withValue(resource, place, without({ ...membersOf(old), [part.name]: operation === 'remove' ? undefined : value }));
  if (operation === 'remove') return withValue(resource, place, undefined);
  const added: unknown[] = Array.isArray(value) ? value : [value];
  if (attribute.multiValued) return withValue(resource, place, operation === 'add' ? [...listOf(old), ...added] : added);
  return withValue(resource, place, attribute.type === 'complex' && operation === 'add' ? { ...membersOf(old), ...membersOf(value) } : value);
}

function changedEntries(old: unknown, fits: (entry: Members) => boolean, operation: Operation, part: Attribute | null, value: unknown, path: string): unknown[] {
  const entries = listOf(old);
  const isMeant = (entry: unknown) => isMembers(entry) && fits(entry);
  if (!entries.some(isMeant)) throw new Refusal(400, `Nothing fits ${path}`, 'noTarget');
  if (operation === 'remove' && part === null) return entries.filter((entry) => !isMeant(entry));
  return entries.map((entry) => {
    if (!isMeant(entry)) return entry;
    return part === null ? { ...membersOf(entry), ...membersOf(value) } : without({ ...membersOf(entry), [part.name]: operation === 'remove' ? undefined : value });
  });
}

function checkType({ type, multiValued, name }: Attribute, value: unknown, path: string, entry: boolean): void {
  const values: unknown[] = multiValued && Array.isArray(value) ? value : [value];
  const wanted = type === 'complex' ? isMembers : type === 'boolean' ? (each: unknown) => typeof each === 'boolean' : (each: unknown) => typeof each === 'string';
  if (!values.every((each) => wanted(each) || (each === null && !entry))) throw invalidValue(`${path}: ${name} must be of type ${type}`);
}

function valueAt(resource: Members, { schema, attribute }: Place): unknown {
  return (schema === null ? resource : membersOf(resource[schema]))[attribute.name];
}

function withValue(resource: Members, { schema, attribute }: Place, value: unknown): Members {
  if (schema === null) return without({ ...resource, [attribute.name]: value ?? undefined });
  const schemas = listOf(resource['schemas']);
  return { ...resource, schemas: schemas.includes(schema) ? schemas : [...schemas, schema], [schema]: without({ ...membersOf(resource[schema]), [attribute.name]: value ?? undefined }) };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function without(members: Members): Members {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
