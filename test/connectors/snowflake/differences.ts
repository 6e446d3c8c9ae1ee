import { z } from 'zod';
import { OURS } from './description.ts';

const schemaShape = z.looseObject({
  $ref: z.string().optional(),
  type: z.union([z.string(), z.array(z.string())]).optional(),
  nullable: z.boolean().optional(),
  format: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  minimum: z.number().optional(),
  required: z.array(z.string()).default([]),
  properties: z.record(z.string(), z.unknown()).default({}),
  items: z.unknown().optional(),
});
const parameterSchema = z.looseObject({ name: z.string(), in: z.string(), required: z.boolean().default(false), schema: z.unknown() });
const bodySchema = z.looseObject({ content: z.looseObject({ 'application/json': z.looseObject({ schema: z.unknown() }) }).optional() });
const operationSchema = z.looseObject({ requestBody: bodySchema.optional(), responses: z.record(z.string(), z.unknown()) });
const documentSchema = z.looseObject({ paths: z.record(z.string(), z.looseObject({ parameters: z.array(z.unknown()).default([]) })) });

/** What an OpenAPI document says otherwise than our description, in everything that ours has: nothing, where ours is part of it. */
export function differences(published: unknown): string[] {
  const { paths } = documentSchema.parse(published);
  const at = (value: unknown): unknown => {
    const reference = z.looseObject({ $ref: z.string() }).safeParse(value).data?.$ref;
    return reference === undefined ? value : at(valueAt(published, reference));
  };
  return Object.entries(OURS.operations).flatMap(([name, { query, body, answers }]) => {
    const [method = '', path = ''] = name.split(' ');
    const item = paths[path];
    const found = operationSchema.safeParse(item?.[method.toLowerCase()]);
    if (item === undefined || !found.success) return [`${name}: is not described`];
    const parameters = item.parameters.map((each) => parameterSchema.parse(at(each)));
    const given = [...Object.entries(query).map(([parameter, ours]) => ['query', parameter, ours] as const), ...Object.entries(OURS.headers.properties).map(([header, ours]) => ['header', header, ours] as const)];
    const answered = Object.entries(answers).flatMap(([status, shapes]) => {
      const theirs = bodySchema.safeParse(at(found.data.responses[status])).data?.content?.['application/json'].schema;
      return theirs === undefined ? [`${name}: ${status} is not described`] : shapes.split(' or ').flatMap((shape) => compared(OURS.$defs[shape], theirs, shape, at, shape !== 'partition'));
    });
    return [
      ...given.flatMap(([where, parameter, ours]) => {
        const theirs = parameters.find((each) => each.in === where && each.name === parameter);
        return theirs === undefined ? [`${name}: ${where} ${parameter} is not described`] : compared(ours, theirs.schema, `${name} ${parameter}`, at);
      }),
      ...parameters.filter((each) => each.required && each.in === 'header' && !OURS.headers.required.includes(each.name)).map((each) => `${name}: header ${each.name} is required`),
      ...(body === undefined ? [] : compared(body, found.data.requestBody?.content?.['application/json'].schema, 'body', at)),
      ...answered,
    ];
  }).filter((difference, index, all) => all.indexOf(difference) === index);
}

function compared(oursGiven: unknown, theirsGiven: unknown, where: string, at: (value: unknown) => unknown, whole = true): string[] {
  const reference = z.looseObject({ $ref: z.string() }).safeParse(oursGiven).data?.$ref;
  const ours = schemaShape.parse(reference === undefined ? oursGiven : valueAt(OURS, reference));
  const theirs = schemaShape.parse(at(theirsGiven) ?? {});
  const types = typesOf(ours);
  const theirTypes = typesOf(theirs);
  const open = Object.keys(theirs.properties).length === 0;
  return [
    ...types.filter((type) => !theirTypes.includes(type)).map((type) => `${where}: ${type} is not among ${theirTypes.join(', ')}`),
    ...(theirs.format !== undefined && theirs.format !== 'int64' && theirs.format !== ours.format ? [`${where}: is a ${theirs.format}`] : []),
    ...(theirs.minimum !== undefined && theirs.minimum !== ours.minimum ? [`${where}: is at least ${theirs.minimum}`] : []),
    ...(theirs.enum === undefined ? [] : (ours.enum ?? ['anything']).filter((value) => !theirs.enum?.includes(value)).map((value) => `${where}: ${String(value)} is none of its values`)),
    ...(whole ? theirs.required.filter((name) => !ours.required.includes(name)).map((name) => `${where}.${name}: is required`) : []),
    ...Object.entries(ours.properties).flatMap(([name, value]) => (theirs.properties[name] === undefined ? (open ? [] : [`${where}.${name}: is not described`]) : compared(value, theirs.properties[name], `${where}.${name}`, at))),
    ...(ours.items === undefined ? [] : compared(ours.items, theirs.items, `${where}[]`, at)),
  ];
}

function typesOf({ type = [], nullable }: z.infer<typeof schemaShape>): string[] {
  return [...[type].flat(), ...(nullable === true ? ['null'] : [])];
}

function valueAt(document: unknown, pointer: string): unknown {
  return pointer.replace(/^#\//, '').split('/').reduce((value: unknown, part) => z.looseObject({}).parse(value)[part], document);
}
