import { z } from 'zod';
import { badParameter } from './errors.ts';

type Nested = string | { [name: string]: Nested };

/** A form or query as Stripe reads it: `lines[0][amount]=1` and `expand[]=a` become nested values, lists where all names are numbers. */
export function nestedOf(text: string): unknown {
  const root: { [name: string]: Nested } = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const path = [name.split('[', 1)[0] ?? '', ...[...name.matchAll(/\[([^\]]*)\]/g)].map((match) => match[1] ?? '')];
    let at = root;
    for (const [index, step] of path.entries()) {
      const key = step === '' ? String(Object.keys(at).length) : step;
      const known = Object.hasOwn(at, key) ? at[key] : undefined;
      if (index === path.length - 1) at[key] = value;
      else if (typeof known === 'object') at = known;
      else at = at[key] = {};
    }
  }
  return listsIn(root);
}

function listsIn(value: Nested): unknown {
  if (typeof value === 'string') return value;
  const entries = Object.entries(value).map(([name, each]) => [name, listsIn(each)] as const);
  const isList = entries.length > 0 && entries.every(([name]) => /^\d+$/.test(name));
  return isList ? entries.toSorted(([left], [right]) => Number(left) - Number(right)).map(([, each]) => each) : Object.fromEntries(entries);
}

/** What Stripe takes, by kind. An empty text unsets an optional field. */
export const int = z.string().regex(/^-?\d{1,15}$/, 'Invalid integer').transform(Number);
export const whole = int.refine((value) => value >= 0, 'This value must be greater than or equal to 0.');
export const flag = z.enum(['true', 'false']).transform((value) => value === 'true');
export const text = (most = 5000) => z.string().max(most);
export const unset = z.literal('').transform(() => null);
export const currency = z.string().regex(/^[a-z]{3}$/i, 'Invalid currency').transform((code) => code.toLowerCase());
export const metadata = z.union([unset, z.record(z.string().max(40).regex(/^[^[\]]+$/), z.string().max(500)).refine((value) => Object.keys(value).length <= 50)]);
export const expand = z.array(text()).optional();
export const timestamp = int;
const range = z.strictObject({ gt: int.optional(), gte: int.optional(), lt: int.optional(), lte: int.optional() });
export const created = z.union([int, range]).optional();
export const listing = { limit: int.refine((value) => value >= 1 && value <= 100, 'Invalid limit: must be between 1 and 100').optional(), starting_after: text().optional(), ending_before: text().optional(), expand };

/** @throws Refusal for the first parameter that is not what the operation takes */
export function readParams<Schema extends z.ZodType>(schema: Schema, source: string): z.output<Schema> {
  const read = schema.safeParse(nestedOf(source));
  if (read.success) return read.data;
  const issue = firstOf(read.error.issues);
  const nameOf = (path: readonly PropertyKey[]) => path.map((step, index) => (index === 0 ? String(step) : `[${String(step)}]`)).join('');
  if (issue.code === 'unrecognized_keys') {
    const name = nameOf([...issue.path, issue.keys[0] ?? '']);
    throw badParameter('parameter_unknown', `Received unknown parameter: ${name}`, name);
  }
  const name = nameOf(issue.path);
  if (issue.code === 'invalid_type' && issue.message.includes('received undefined')) throw badParameter('parameter_missing', `Missing required param: ${name}.`, name);
  throw badParameter(issue.code === 'invalid_type' || issue.message.includes('integer') ? 'parameter_invalid_integer' : 'parameter_invalid', `Invalid ${name}: ${issue.message}`, name);
}

/** Of a union that fits nowhere, what is wrong with the alternative that is an object tells most. */
function firstOf(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue {
  const [issue] = issues;
  if (issue === undefined) throw new Error('a failed parse without an issue');
  if (issue.code !== 'invalid_union') return issue;
  const inner = issue.errors.flat().find((each) => each.code === 'unrecognized_keys' || each.path.length > 0);
  return inner === undefined ? issue : firstOf([{ ...inner, path: [...issue.path, ...inner.path] }]);
}

export function isWithin(value: number, wanted: z.infer<typeof created>): boolean {
  if (wanted === undefined) return true;
  if (typeof wanted === 'number') return value === wanted;
  return (wanted.gt === undefined || value > wanted.gt) && (wanted.gte === undefined || value >= wanted.gte) && (wanted.lt === undefined || value < wanted.lt) && (wanted.lte === undefined || value <= wanted.lte);
}

/** Metadata as an update leaves it: empty values unset their key, an empty text all of them. */
export function mergedMetadata(before: Readonly<Record<string, string>>, given: Readonly<Record<string, string>> | null | undefined): Record<string, string> {
  if (given === undefined) return { ...before };
  if (given === null) return {};
  return Object.fromEntries(Object.entries({ ...before, ...given }).filter(([, value]) => value !== ''));
}
