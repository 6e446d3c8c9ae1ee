import { z } from 'zod';

export const idText = z.union([z.string(), z.number().int()]).transform(String);

/** One answer of Kantata: what was asked for, in its order, and what `include` brought beside. */
export interface Answered<Row> {
  /** Of the whole query, not of this page. */
  readonly count: number;
  readonly rows: readonly Row[];
  /** Objects of another kind, by ID; what does not have the shape is left out. */
  beside<Other>(collection: string, schema: z.ZodType<Other>): ReadonlyMap<string, Other>;
}

const envelope = z.looseObject({ count: z.number().int().nonnegative(), results: z.array(z.object({ key: z.string(), id: idText })) });
const objects = z.record(z.string(), z.unknown());

/** `{count, results: [{key, id}], <collection>: {id: {…}}}`: the results name the objects and their order, the collections may hold others too. */
export function answerOf<Row>(collection: string, row: z.ZodType<Row>): z.ZodType<Answered<Row>> {
  return envelope.transform((body, context) => {
    const held = objects.safeParse(body[collection] ?? {});
    if (!held.success) {
      context.addIssue({ code: 'custom', path: [collection], message: 'expected objects by their ID' });
      return z.NEVER;
    }
    const rows: Row[] = [];
    for (const { key, id } of body.results) {
      if (key !== collection) {
        context.addIssue({ code: 'custom', path: ['results', id], message: `expected one of ${collection}, not of ${key}` });
        continue;
      }
      const read = row.safeParse(held.data[id]);
      if (read.success) rows.push(read.data);
      else context.addIssue({ code: 'custom', path: [collection, id], message: z.prettifyError(read.error) });
    }
    return {
      count: body.count,
      rows,
      beside<Other>(name: string, schema: z.ZodType<Other>) {
        const others = objects.safeParse(body[name] ?? {});
        return new Map(Object.entries(others.success ? others.data : {}).flatMap(([id, value]): [string, Other][] => {
          const read = schema.safeParse(value);
          return read.success ? [[id, read.data]] : [];
        }));
      },
    };
  });
}
