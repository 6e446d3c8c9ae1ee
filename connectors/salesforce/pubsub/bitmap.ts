import { z } from 'zod';

/** As much of an Avro record schema as the names of its fields take. */
const avroType: z.ZodType<unknown> = z.unknown();
const recordSchema = z.looseObject({ type: z.literal('record'), fields: z.array(z.looseObject({ name: z.string(), type: avroType })) });
export type RecordSchema = z.infer<typeof recordSchema>;

export function recordSchemaOf(schema: unknown): RecordSchema | undefined {
  return recordSchema.safeParse(schema).data;
}

/**
 * The names behind `changedFields` and `nulledFields` of a change event's header. Each text is a hexadecimal bitmap: its lowest bit stands for the schema's first
 * field. "4-0x10" is a bitmap of the compound field at position 4: "BillingAddress.City".
 * Source: Pub/Sub API guide, "Event Deserialization Considerations".
 * @throws Error for a bitmap that the schema has no field for
 */
export function fieldsOfBitmaps(bitmaps: readonly string[], schema: RecordSchema): string[] {
  return bitmaps.flatMap((text) => {
    const [, position, bits = ''] = /^(?:(\d+)-)?(0x[0-9A-Fa-f]{1,1000})$/.exec(text) ?? [];
    if (bits === '') throw new Error(`"${text.slice(0, 40)}" is no bitmap of fields`);
    if (position === undefined) return namesOf(bits, schema);
    const parent = schema.fields[Number(position)];
    const nested = parent === undefined ? undefined : compoundOf(parent.type);
    if (parent === undefined || nested === undefined) throw new Error(`the schema has no compound field at position ${position}`);
    return namesOf(bits, nested).map((name) => `${parent.name}.${name}`);
  });
}

function namesOf(bits: string, schema: RecordSchema): string[] {
  const names: string[] = [];
  let rest = BigInt(bits);
  for (let position = 0; rest > 0n; position += 1, rest >>= 1n) {
    if ((rest & 1n) === 0n) continue;
    const field = schema.fields[position];
    if (field === undefined) throw new Error(`the schema has no field at position ${position}`);
    names.push(field.name);
  }
  return names;
}

/** The record among the types of an optional field: ["null", {record}], or ["null", "string", {record}] for names. */
function compoundOf(type: unknown): RecordSchema | undefined {
  const options: readonly unknown[] = Array.isArray(type) ? type : [type];
  return options.map(recordSchemaOf).find((option) => option !== undefined);
}
