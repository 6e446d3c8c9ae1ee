import { z } from 'zod';
import { HubSpotError, invalid } from './errors.ts';
import { associationTypes, findObjectType, objectTypes, type ObjectType } from './schema.ts';
import type { CrmObject, CrmStore } from './store.ts';

export const PropertyMap = z.record(z.string(), z.unknown());

const TypeList = z.array(z.object({ associationCategory: z.string(), associationTypeId: z.int() })).min(1);
export const InlineAssociations = z.array(z.object({ to: z.object({ id: z.coerce.string() }), types: TypeList })).default([]);
export type InlineAssociations = z.infer<typeof InlineAssociations>;
export { TypeList as AssociationTypeList };

export const objectNamed = (name: string | undefined): ObjectType =>
  findObjectType(name ?? '') ?? invalid(`Unable to infer object type from: ${name ?? ''}`);

/** Parses a body; throws HubSpot's answer to JSON of the wrong shape. */
export function parse<T extends z.ZodType>(schema: T, body: unknown): z.infer<T> {
  const parsed = schema.safeParse(body);
  return parsed.success ? parsed.data : invalid(`Invalid input JSON: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`);
}

/** A list given either as repeated parameters or with commas. */
export function listOf(value: string | string[] | undefined): string[] | undefined {
  if (value === undefined) return undefined;
  return (Array.isArray(value) ? value : [value])
    .flatMap((text) => text.split(','))
    .map((text) => text.trim())
    .filter((text) => text !== '');
}

/** The record as HubSpot shows it: the properties asked for (unknown names are left out), or the object's usual ones. */
export function show(object: ObjectType, row: CrmObject, wanted?: readonly string[]): Record<string, unknown> {
  const names =
    wanted === undefined ? object.defaults : [...new Set([...wanted, 'createdate', object.modifiedProperty, 'hs_object_id'])].toSorted();
  const properties: Record<string, string | null> = {};
  for (const name of names) if (object.properties.has(name)) properties[name] = row.properties[name] ?? null;
  return { id: row.id, properties, ...stamps(row) };
}

/** After a write HubSpot shows every property that has a value. */
export function showWritten(row: CrmObject): Record<string, unknown> {
  const properties = Object.fromEntries(Object.entries(row.properties).filter(([, value]) => value !== null));
  return { id: row.id, properties, ...stamps(row) };
}

const stamps = ({ createdAt, updatedAt, archived }: CrmObject): object => ({ createdAt, updatedAt, archived });

/** `associations=` of a read. The key of line items is written with a space, as HubSpot does. */
export function showAssociations(store: CrmStore, object: ObjectType, row: CrmObject, wanted: readonly string[] | undefined): object {
  const shown: Record<string, unknown> = {};
  for (const name of wanted ?? []) {
    const to = objectNamed(name);
    const links = store.associations(object, row.id, to);
    if (links.length === 0) continue;
    const names = new Map(associationTypes(object, to).map((type) => [type.typeId, type.name]));
    shown[to.name.replace('_', ' ')] = {
      results: links.flatMap((link) => link.typeIds.map((typeId) => ({ id: link.toId, type: names.get(typeId) ?? String(typeId) }))),
    };
  }
  return Object.keys(shown).length === 0 ? {} : { associations: shown };
}

/** Links a fresh record to others; the target's object follows from the association type. */
export function associateInline(store: CrmStore, from: ObjectType, fromId: string, associations: InlineAssociations): void {
  for (const { to, types } of associations) {
    for (const { associationCategory, associationTypeId } of types) {
      const target = objectTypes().find((candidate) => associationTypes(from, candidate).some((type) => type.typeId === associationTypeId && type.category === associationCategory));
      if (target === undefined) return invalid(`${associationTypeId} is not a valid association type from ${from.name}`);
      if (store.find(target, to.id) === undefined) {
        throw new HubSpotError(404, 'OBJECT_NOT_FOUND', `No ${target.singular} with ID ${to.id} exists`, { context: { id: [to.id] } });
      }
      store.associate(from, fromId, target, to.id, associationTypeId);
    }
  }
}

export interface BatchOutcome {
  readonly results: readonly object[];
  readonly missing: readonly string[];
}

/** Batch answers are 200 or 201 when complete, 207 with an error list when some records were not there. */
export function batchAnswer(object: ObjectType, outcome: BatchOutcome, startedAt: Date, done: number): { status: number; body: object } {
  const times = { startedAt: startedAt.toISOString(), completedAt: new Date().toISOString() };
  const body = { status: 'COMPLETE', results: outcome.results, ...times };
  if (outcome.missing.length === 0) return { status: done, body };
  const error = {
    status: 'error',
    category: 'OBJECT_NOT_FOUND',
    message: `Could not get some ${object.singular} objects, they may be deleted or not exist. Check that ids are valid.`,
    context: { ids: outcome.missing },
  };
  return { status: 207, body: { ...body, numErrors: 1, errors: [error] } };
}
