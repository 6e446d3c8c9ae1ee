import { z } from 'zod';
import type { Exchange } from './exchanges.ts';

/** A JSON value written down: 'string', 'integer', 'number' or 'boolean', with a question mark where it may be null; a list of one; or its fields by name, with one where the object may be null. */
export type Shape = string | readonly [] | readonly [Shape] | { readonly [name: string]: Shape };
export const shapeSchema: z.ZodType<Shape> = z.lazy(() => z.union([z.string().regex(/^((string|integer|number|boolean)\??|null)$/), z.tuple([]), z.tuple([shapeSchema]), z.record(z.string(), shapeSchema)]));

/** By method and path, with `{id}` for what differs; a field may always be left out, and none be added. */
export const shapesSchema = z.record(z.string(), z.strictObject({ query: z.array(z.string()).default([]), body: shapeSchema.optional(), answer: shapeSchema.optional() }));
export type Shapes = z.infer<typeof shapesSchema>;

/** @returns what does not fit, in words, each once */
export function shapeMistakes(shape: Shape, value: unknown, at: string): string[] {
  return [...new Set(mistakes(shape, value, at))];
}

function mistakes(shape: Shape, value: unknown, at: string): string[] {
  if (typeof shape === 'string') {
    const fits = (value === null && (shape.endsWith('?') || shape === 'null')) || typeOf(value) === shape.replace('?', '') || (shape.startsWith('number') && typeOf(value) === 'integer');
    return fits ? [] : [`${at} is ${typeOf(value)}, not ${shape}`];
  }
  if (isList(shape)) {
    const [item] = shape;
    if (!Array.isArray(value)) return [`${at} is ${typeOf(value)}, not a list`];
    return item === undefined ? value.map(() => `${at} has items, which nobody wrote down`) : value.flatMap((each) => mistakes(item, each, `${at}[]`));
  }
  if (value === null && '?' in shape) return [];
  const members = z.record(z.string(), z.unknown()).safeParse(value);
  if (!members.success || Array.isArray(value)) return [`${at} is ${typeOf(value)}, not an object`];
  return Object.entries(members.data).flatMap(([name, inner]) => {
    const known = shape[name];
    return known === undefined || name === '?' ? [`${at}.${name} is not known`] : mistakes(known, inner, `${at}.${name}`);
  });
}

function isList(shape: Exclude<Shape, string>): shape is readonly [] | readonly [Shape] {
  return Array.isArray(shape);
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  return typeof value === 'number' && Number.isInteger(value) ? 'integer' : typeof value;
}

/** What of these exchanges is not written down: operations, parameters, bodies and answers. @param nameOf - the operation's name in `shapes` */
export function exchangeMistakes(shapes: Shapes, exchanges: readonly Exchange[], nameOf: (exchange: Exchange) => string): { readonly sent: readonly string[]; readonly answered: readonly string[] } {
  const sent: string[] = [];
  const answered: string[] = [];
  for (const exchange of exchanges) {
    const name = nameOf(exchange);
    const operation = shapes[name];
    if (operation === undefined) {
      sent.push(`${name} is not known`);
      continue;
    }
    for (const parameter of exchange.query.keys()) if (!operation.query.includes(parameter)) sent.push(`${name}: parameter ${parameter} is not known`);
    if (operation.body !== undefined) sent.push(...mistakes(operation.body, exchange.body, `${name} body`));
    else if (exchange.body !== undefined) sent.push(`${name} has a body`);
    if (exchange.status >= 300 || exchange.answer === undefined) continue;
    answered.push(...(operation.answer === undefined ? [`${name} has an answer`] : mistakes(operation.answer, exchange.answer, `${name} answer`)));
  }
  return { sent: [...new Set(sent)], answered: [...new Set(answered)] };
}
