import { z } from 'zod';
import type { ServiceModel } from './model.ts';

const property = z.object({ type: z.string().optional(), allOf: z.array(z.object({ $ref: z.string() })).optional() });
const schema = z.object({ properties: z.record(z.string(), property).optional(), enum: z.array(z.string()).optional() });
const operation = z.object({ requestBody: z.object({ content: z.record(z.string(), z.object({ schema: z.object({ $ref: z.string().optional() }) })) }).optional() });
const openApi = z.object({ paths: z.record(z.string(), z.object({ post: operation.optional() })), components: z.object({ schemas: z.record(z.string(), schema) }) });

const named = (reference: string): string => reference.replace(/^.*\//, '');
/** OpenAPI has fewer types than OData: dates are texts, say. */
const TYPES: Readonly<Record<string, readonly string[]>> = { string: ['String', 'DateTimeOffset', 'Date', 'Guid'], number: ['Decimal', 'Double'], integer: ['Int32', 'Int64'], boolean: ['Boolean'] };

/**
 * Of what our description of a service says, all that an OpenAPI description of the same service says otherwise, in words, and which sets the two have in common.
 * A set is a path with `post`, its key what the path beside it asks for.
 * @throws ZodError where the text is no such description
 */
export function differencesFromOpenApi(ours: ServiceModel, json: string): { readonly sets: readonly string[]; readonly differences: readonly string[] } {
  const { paths, components: { schemas } } = openApi.parse(JSON.parse(json));
  const sets = Object.keys(ours.sets).filter((set) => paths[`/${set}`]?.post !== undefined);
  const differences = sets.flatMap((set) => {
    const type = ours.sets[set]?.type ?? '';
    const shape = ours.types[type];
    const body = Object.values(paths[`/${set}`]?.post?.requestBody?.content ?? {})[0]?.schema.$ref;
    const other = schemas[named(body ?? '')]?.properties;
    if (shape === undefined || body === undefined || other === undefined) return [`${set} has no fields there`];
    const keys = Object.keys(paths).filter((path) => path.startsWith(`/${set}(`)).map((path) => [...path.matchAll(/(\w+)=\{/g)].map(([, key]) => key ?? ''));
    return [
      ...(named(body) === type ? [] : [`${set} is of ${named(body)}, not ${type}`]),
      // A key of one field has no name in the path.
      ...(keys.some((key) => key.length === 0 || key.toSorted().join() === shape.keys.toSorted().join()) ? [] : [`key of ${set}: ${shape.keys.join()}, there ${keys.join(' or ')}`]),
      ...Object.entries(shape.fields).flatMap(([name, field]) => {
        const found = other[name];
        if (found === undefined) return [`${set}.${name} is not there`];
        const reference = found.allOf?.[0]?.$ref;
        const fits = reference === undefined ? TYPES[found.type ?? '']?.includes(field.type) === true : named(reference) === field.type;
        return fits ? [] : [`${set}.${name} is ${reference ?? found.type ?? 'of no type'} there, not ${field.type}`];
      }),
    ];
  });
  const enums = Object.entries(ours.enums).flatMap(([name, values]) => {
    const other = schemas[name]?.enum;
    return other === undefined ? [] : (values ?? []).filter((value) => !other.includes(value)).map((value) => `${name} has no ${value} there`);
  });
  return { sets, differences: [...differences, ...enums] };
}
