import type { Collection, SandboxContext } from '../kit/sandbox.ts';
import { HubSpotError, invalid, notFound } from './errors.ts';
import { associationTypes, CHILD_TO_PARENT, objectTypes, type ObjectType } from './schema.ts';
import { readProperties, type Properties } from './values.ts';

export interface CrmObject {
  readonly id: string;
  readonly properties: Properties;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly archived: boolean;
  readonly archivedAt?: string;
}

export interface Association {
  readonly from: string;
  readonly fromId: string;
  readonly to: string;
  readonly toId: string;
  readonly typeIds: readonly number[];
}

/** Who changed a record, as webhooks report it. */
export interface Author {
  readonly changeSource: 'CRM_UI' | 'INTEGRATION';
  readonly sourceId: string;
}

export type Change =
  | { readonly kind: 'creation' | 'deletion'; readonly object: ObjectType; readonly record: CrmObject; readonly author: Author }
  | {
      readonly kind: 'propertyChange';
      readonly object: ObjectType;
      readonly record: CrmObject;
      readonly author: Author;
      readonly property: string;
    };

export interface CrmStore {
  /** A live record by ID or by a property with unique values; undefined when there is none. */
  find(object: ObjectType, key: string, idProperty?: string): CrmObject | undefined;
  demand(object: ObjectType, key: string, idProperty?: string): CrmObject;
  live(object: ObjectType): CrmObject[];
  create(object: ObjectType, properties: Readonly<Record<string, unknown>>, author: Author): CrmObject;
  update(object: ObjectType, id: string, properties: Readonly<Record<string, unknown>>, author: Author): CrmObject;
  archive(object: ObjectType, id: string, author: Author): void;
  /** Links two records in both directions. Throws when HubSpot has no such association type. */
  associate(from: ObjectType, fromId: string, to: ObjectType, toId: string, typeId?: number): number;
  dissociate(from: ObjectType, fromId: string, to: ObjectType, toId: string): void;
  associations(from: ObjectType, fromId: string, to: ObjectType): Association[];
  /** Stores past the API's checks; an existing ID is changed. */
  seed(object: ObjectType, id: string | undefined, properties: Properties, author: Author | undefined): CrmObject;
}

const FIRST_ID = 20_000_000_000;

/** Keeps the CRM's records and associations, and what HubSpot maintains by itself. */
export function crmStore(context: SandboxContext, changed: (change: Change) => void): CrmStore {
  interface Table {
    readonly rows: Collection<CrmObject>;
    readonly unique: Map<string, (key: string) => CrmObject[]>;
  }
  const tables = new Map<string, Table>();
  for (const object of objectTypes()) {
    const rows = context.records.collection<CrmObject>(object.name);
    const unique = new Map<string, (key: string) => CrmObject[]>();
    for (const property of object.properties.values()) {
      if (property.unique === true)
        unique.set(
          property.name,
          rows.indexBy((row) => (row.archived ? undefined : row.properties[property.name]?.toLowerCase())),
        );
    }
    tables.set(object.name, { rows, unique });
  }
  const links = context.records.collection<Association>('associations');
  const linksFrom = links.indexBy((link) => `${link.from}:${link.fromId}>${link.to}`);

  function table(object: ObjectType): Table {
    const found = tables.get(object.name);
    if (found === undefined) throw new Error(`no table for ${object.name}`);
    return found;
  }

  function find(object: ObjectType, key: string, idProperty?: string): CrmObject | undefined {
    if (idProperty === undefined || idProperty === 'hs_object_id') {
      const row = table(object).rows.get(key);
      return row === undefined || row.archived ? undefined : row;
    }
    const lookUp = table(object).unique.get(idProperty);
    if (lookUp === undefined)
      return invalid(`Property ${idProperty} is not a unique property of ${object.singular} and cannot be used as idProperty`);
    return lookUp(key.toLowerCase())[0];
  }

  function checkUnique(object: ObjectType, properties: Properties, ownId: string | undefined): void {
    for (const [name, lookUp] of table(object).unique) {
      const value = properties[name];
      const other = typeof value === 'string' ? lookUp(value.toLowerCase()).find((row) => row.id !== ownId) : undefined;
      if (other === undefined) continue;
      if (name === 'email') throw new HubSpotError(409, 'CONFLICT', `Contact already exists. Existing ID: ${other.id}`);
      invalid(
        `Cannot set PropertyValueCoordinates{portalId=${String(context.options['portalId'])}, objectTypeId=ObjectTypeId{legacyObjectType=${object.singular.toUpperCase()}}, propertyName=${name}, value=${value}} on ${ownId ?? 'a new object'}. ${other.id} already has that value.`,
      );
    }
  }

  function derive(object: ObjectType, properties: Record<string, string | null>): Properties {
    if (object.name === 'deals') {
      const stage = properties['dealstage'];
      return {
        ...properties,
        hs_is_closed: String(stage === 'closedwon' || stage === 'closedlost'),
        hs_is_closed_won: String(stage === 'closedwon'),
      };
    }
    if (object.name !== 'line_items') return properties;
    const [quantity, price] = [properties['quantity'] ?? '1', properties['price']];
    return price === null || price === undefined ? properties : { ...properties, amount: product(quantity, price) };
  }

  function write(object: ObjectType, before: CrmObject | undefined, id: string, given: Properties, author: Author | undefined): CrmObject {
    const at = context.now().toISOString();
    const kept: Record<string, string | null> = { ...before?.properties, ...given, hs_object_id: id, [object.modifiedProperty]: at };
    kept['createdate'] ??= at;
    if (object.name === 'deals') kept['pipeline'] ??= 'default';
    const record: CrmObject = {
      id,
      properties: derive(object, kept),
      createdAt: before?.createdAt ?? kept['createdate'],
      updatedAt: at,
      archived: false,
    };
    table(object).rows.put(id, record);
    if (author === undefined) return record;
    if (before === undefined) changed({ kind: 'creation', object, record, author });
    for (const property of Object.keys(given)) {
      if ((before?.properties[property] ?? null) !== (record.properties[property] ?? null)) {
        changed({ kind: 'propertyChange', object, record, author, property });
      }
    }
    return record;
  }

  const newId = (): string => String(FIRST_ID + context.records.nextId('object') * 37);

  function demand(object: ObjectType, key: string, idProperty?: string): CrmObject {
    return find(object, key, idProperty) ?? notFound();
  }

  const linkId = (from: ObjectType, fromId: string, to: ObjectType, toId: string): string => `${from.name}:${fromId}>${to.name}:${toId}`;

  function link(from: ObjectType, fromId: string, to: ObjectType, toId: string, typeId: number): void {
    const id = linkId(from, fromId, to, toId);
    const types = new Set([...(links.get(id)?.typeIds ?? []), typeId]);
    links.put(id, { from: from.name, fromId, to: to.name, toId, typeIds: [...types] });
    keepParent(from, fromId, toId, typeId);
  }

  function unlink(from: ObjectType, fromId: string, to: ObjectType, toId: string, typeId: number): void {
    const id = linkId(from, fromId, to, toId);
    const typeIds = (links.get(id)?.typeIds ?? []).filter((each) => each !== typeId);
    if (typeIds.length > 0) links.put(id, { from: from.name, fromId, to: to.name, toId, typeIds });
    else links.delete(id);
    keepParent(from, fromId, null, typeId);
  }

  /** A company shows its parent's ID as a property of its own. */
  function keepParent(from: ObjectType, childId: string, parentId: string | null, typeId: number): void {
    const child = typeId === CHILD_TO_PARENT && from.name === 'companies' ? table(from).rows.get(childId) : undefined;
    if (child !== undefined) table(from).rows.put(childId, { ...child, properties: { ...child.properties, hs_parent_company_id: parentId } });
  }

  const typeOf = (from: ObjectType, to: ObjectType, typeId: number) => associationTypes(from, to).find((type) => type.typeId === typeId);

  /** Another record that has a type which one alone can have, in this direction, loses it. */
  function takeOver(from: ObjectType, fromId: string, to: ObjectType, toId: string, typeId: number): void {
    const type = typeOf(from, to, typeId);
    if (type?.single !== true) return;
    for (const other of linksFrom(`${from.name}:${fromId}>${to.name}`)) {
      if (other.toId === toId || !other.typeIds.includes(typeId)) continue;
      unlink(from, fromId, to, other.toId, typeId);
      unlink(to, other.toId, from, fromId, type.inverse);
    }
  }

  function associate(from: ObjectType, fromId: string, to: ObjectType, toId: string, typeId?: number): number {
    const types = associationTypes(from, to);
    const type = typeId === undefined ? types.find((candidate) => candidate.isDefault) : types.find((candidate) => candidate.typeId === typeId);
    if (type === undefined) return invalid(`${typeId ?? 'the default type'} is not a valid association type between ${from.name} and ${to.name}`);
    demand(from, fromId);
    demand(to, toId);
    takeOver(from, fromId, to, toId, type.typeId);
    takeOver(to, toId, from, fromId, type.inverse);
    // What is labeled is associated without a label too.
    const plain = types.find((candidate) => candidate.isDefault);
    for (const each of plain === undefined || plain === type || from === to ? [type] : [plain, type]) {
      link(from, fromId, to, toId, each.typeId);
      link(to, toId, from, fromId, each.inverse);
    }
    return type.typeId;
  }

  return {
    find,
    demand,
    live: (object) => table(object).rows.filter((row) => !row.archived),
    create(object, properties, author) {
      const read = readProperties(object, properties);
      for (const { name, required } of object.properties.values()) if (required === true && read[name] == null) return invalid(`Error creating ${object.singular.toUpperCase()}. Some required properties were not set.`, [{ message: `${name} is required`, code: 'MISSING_REQUIRED_PROPERTY', context: { properties: [name] } }]);
      checkUnique(object, read, undefined);
      return write(object, undefined, newId(), read, author);
    },
    update(object, id, properties, author) {
      const before = demand(object, id);
      const read = readProperties(object, properties);
      checkUnique(object, read, id);
      return write(object, before, id, read, author);
    },
    archive(object, id, author) {
      const before = find(object, id);
      if (before === undefined) return;
      const at = context.now().toISOString();
      const record = { ...before, archived: true, archivedAt: at, updatedAt: at };
      table(object).rows.put(id, record);
      changed({ kind: 'deletion', object, record, author });
    },
    associate,
    dissociate(from, fromId, to, toId) {
      for (const typeId of links.get(linkId(from, fromId, to, toId))?.typeIds ?? []) {
        unlink(from, fromId, to, toId, typeId);
        unlink(to, toId, from, fromId, typeOf(from, to, typeId)?.inverse ?? typeId);
      }
    },
    associations: (from, fromId, to) =>
      linksFrom(`${from.name}:${fromId}>${to.name}`).filter((association) => find(to, association.toId) !== undefined),
    seed(object, id, properties, author) {
      const before = id === undefined ? undefined : table(object).rows.get(id);
      for (const name of Object.keys(properties))
        if (!object.properties.has(name)) throw new Error(`${object.name} have no property ${name}`);
      const { hs_parent_company_id: parent, ...own } = properties;
      const row = write(object, before, id ?? newId(), object.name === 'companies' ? own : properties, author);
      if (object.name === 'companies' && parent != null) associate(object, row.id, object, parent, CHILD_TO_PARENT);
      return row;
    },
  };
}

/** Exact product of two decimal strings, at most two decimals kept. */
function product(a: string, b: string): string {
  const [x, y] = [scaled(a), scaled(b)];
  const digits = x.digits * y.digits;
  const places = x.places + y.places;
  const cents = places <= 2 ? digits * 10n ** BigInt(2 - places) : (digits + 5n * 10n ** BigInt(places - 3)) / 10n ** BigInt(places - 2);
  const text = String(cents < 0n ? -cents : cents).padStart(3, '0');
  return `${cents < 0n ? '-' : ''}${text.slice(0, -2)}.${text.slice(-2)}`.replace(/\.?0+$/, '');
}

function scaled(decimal: string): { digits: bigint; places: number } {
  const [whole = '0', fraction = ''] = decimal.split('.');
  return { digits: BigInt(whole + fraction), places: fraction.length };
}
