import { z } from 'zod';
import type { Field, ServiceModel, TypeShape } from './model.ts';

/**
 * A service as this repository describes it in JSON, by hand. A field is its type, with its length or its digits, and what must not be done with it:
 * "String(40)", "Decimal(15,3) -create -update", "Guid -filter", "String(10) required". A set is its type's name, a navigation too, with "[]" where it leads to many.
 */
const descriptionSchema = z.record(z.string(), z.strictObject({
  sets: z.record(z.string(), z.string()),
  types: z.record(z.string(), z.strictObject({ keys: z.array(z.string()).default([]), fields: z.record(z.string(), z.string()), navigations: z.record(z.string(), z.string()).default({}) })),
  enums: z.record(z.string(), z.array(z.string()).nullable()).default({}),
  functions: z.record(z.string(), z.strictObject({ method: z.string(), returns: z.string().nullable(), parameters: z.record(z.string(), z.string()) })).default({}),
}));

/** @throws ZodError, Error where a field's description cannot be read */
export function describedServices(json: string): Readonly<Record<string, ServiceModel>> {
  return Object.fromEntries(Object.entries(descriptionSchema.parse(JSON.parse(json))).map(([service, { sets, types, enums, functions }]) => [service, {
    sets: Object.fromEntries(Object.entries(sets).map(([name, text]) => [name, { type: text.split(' ', 1)[0] ?? '', create: !text.includes(' -create'), update: !text.includes(' -update'), remove: !text.includes(' -remove') }])),
    types: Object.fromEntries(Object.entries(types).map(([name, { keys, fields, navigations }]) => [name, {
      keys,
      fields: Object.fromEntries(Object.entries(fields).map(([field, text]) => [field, fieldOf(text)])),
      navigations: Object.fromEntries(Object.entries(navigations).map(([navigation, to]) => [navigation, { to: to.replace('[]', ''), many: to.endsWith('[]') }])),
    }])),
    enums,
    functions,
  }]));
}

function fieldOf(text: string): Field {
  const [, type = '', first, second] = /^(\w+(?:\[\])?)(?:\((\d+)(?:,(\d+))?\))?(?: (?:-create|-update|-filter|required))*$/.exec(text) ?? [];
  if (type === '') throw new Error(`"${text}" describes no field`);
  const size = first === undefined ? {} : second === undefined ? { maxLength: Number(first) } : { precision: Number(first), scale: Number(second) };
  return { type, ...size, required: text.includes(' required'), create: !text.includes(' -create'), update: !text.includes(' -update'), filter: !text.includes(' -filter') };
}

/** What may be done; ours may forbid what the vendor's description allows (its reference often does), not the other way round. */
const CAPABILITIES = new Set(['create', 'update', 'filter', 'remove']);

/** Of what our description says, all that the vendor's own says otherwise or not at all, in words. */
export function differences(ours: ServiceModel, published: ServiceModel): string[] {
  return [
    ...Object.entries(ours.sets).flatMap(([name, set]) => unlike(name, set, published.sets[name])),
    ...Object.entries(ours.types).flatMap(([name, type]) => typeDifferences(name, type, published.types[name])),
    ...Object.entries(ours.enums).flatMap(([name, values]) => (values === null ? [] : values.filter((value) => published.enums[name]?.includes(value) !== true).map((value) => `${name} has no ${value}`))),
    ...Object.entries(ours.functions).flatMap(([name, called]) => unlike(name, called, published.functions[name])),
  ];
}

function typeDifferences(name: string, ours: TypeShape, published: TypeShape | undefined): string[] {
  if (published === undefined) return [`there is no type ${name}`];
  return [
    ...unlike(`key of ${name}`, ours.keys.toSorted(), published.keys.toSorted()),
    ...Object.entries(ours.fields).flatMap(([field, described]) => unlike(`${name}.${field}`, described, published.fields[field])),
    ...Object.entries(ours.navigations).flatMap(([navigation, to]) => unlike(`${name}.${navigation}`, to, published.navigations[navigation])),
  ];
}

function unlike(name: string, ours: object, published: object | undefined): string[] {
  if (published === undefined) return [`${name} is not published`];
  const others = new Map(Object.entries(published));
  return [...new Set([...Object.keys(ours), ...others.keys()])].flatMap((property) => {
    const [own, other] = [new Map(Object.entries(ours)).get(property), others.get(property)].map((value: unknown) => JSON.stringify(value));
    return own === other || (CAPABILITIES.has(property) && own === 'false') ? [] : [`${name}: ${property} is ${own ?? 'not said'}, published ${other ?? 'as nothing'}`];
  });
}
