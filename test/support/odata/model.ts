import { XMLParser } from 'fast-xml-parser';
import { z } from 'zod';

/** A property of an entity or complex type. */
export interface Field {
  /** "String", "Decimal", "DateTime", or the name of a complex or enumeration type; "[]" at its end: a collection. */
  readonly type: string;
  readonly maxLength?: number;
  readonly precision?: number;
  readonly scale?: number;
  /** Null may not be given. */
  readonly required: boolean;
  readonly create: boolean;
  readonly update: boolean;
  readonly filter: boolean;
}

export interface TypeShape {
  /** None: a complex type. */
  readonly keys: readonly string[];
  readonly fields: Readonly<Record<string, Field>>;
  readonly navigations: Readonly<Record<string, { readonly to: string; readonly many: boolean }>>;
}

/** What an OData service offers, by the names of its own. */
export interface ServiceModel {
  readonly sets: Readonly<Record<string, { readonly type: string; readonly create: boolean; readonly update: boolean; readonly remove: boolean }>>;
  readonly types: Readonly<Record<string, TypeShape>>;
  /** Null: its values are not known. */
  readonly enums: Readonly<Record<string, readonly string[] | null>>;
  readonly functions: Readonly<Record<string, { readonly method: string; readonly returns: string | null; readonly parameters: Readonly<Record<string, string>> }>>;
}

const nodes = <Node extends z.ZodType>(node: Node) => z.array(node).default([]);
const capable = { 'sap:creatable': z.string().default('true'), 'sap:updatable': z.string().default('true'), 'sap:deletable': z.string().default('true') };
const property = z.object({ Name: z.string(), Type: z.string(), Nullable: z.string().default('true'), MaxLength: z.string().optional(), Precision: z.string().optional(), Scale: z.string().optional(), ...capable, 'sap:filterable': z.string().default('true') });
const navigation = z.object({ Name: z.string(), Relationship: z.string().optional(), ToRole: z.string().optional(), Type: z.string().optional() });
const entityType = z.object({ Name: z.string(), Key: z.object({ PropertyRef: nodes(z.object({ Name: z.string() })) }).default({ PropertyRef: [] }), Property: nodes(property), NavigationProperty: nodes(navigation) });
const functionImport = z.object({ Name: z.string(), ReturnType: z.string().optional(), 'm:HttpMethod': z.string().default('GET'), Parameter: nodes(z.object({ Name: z.string(), Type: z.string() })) });
const schemaNode = z.object({
  EntityType: nodes(entityType), ComplexType: nodes(entityType), EnumType: nodes(z.object({ Name: z.string(), Member: nodes(z.object({ Name: z.string() })) })),
  Association: nodes(z.object({ Name: z.string(), End: nodes(z.object({ Role: z.string(), Type: z.string(), Multiplicity: z.string() })) })),
  EntityContainer: nodes(z.object({ EntitySet: nodes(z.object({ Name: z.string(), EntityType: z.string(), ...capable })), FunctionImport: nodes(functionImport) })),
});
const document = z.object({ 'edmx:Edmx': z.object({ 'edmx:DataServices': z.object({ Schema: nodes(schemaNode) }) }) });

const LISTS = new Set(['Schema', 'EntityType', 'ComplexType', 'EnumType', 'Member', 'PropertyRef', 'Property', 'NavigationProperty', 'Association', 'End', 'EntityContainer', 'EntitySet', 'FunctionImport', 'Parameter']);

/** "API_SALES_ORDER_SRV.A_SalesOrderType" is "A_SalesOrderType", "Collection(X.Y)" is "Y[]". */
function bare(name: string): string {
  const [, inner] = /^Collection\((.*)\)$/.exec(name) ?? [];
  return inner === undefined ? name.replace(/^.*\./, '') : `${bare(inner)}[]`;
}

/**
 * What `$metadata` of an OData service (version 2 or 4, with SAP's annotations) says of it.
 * @throws ZodError where the text is no such document
 */
export function modelOfMetadata(edmx: string): ServiceModel {
  const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '', parseAttributeValue: false, isArray: (name, _path, _leaf, isAttribute) => !isAttribute && LISTS.has(name) });
  const schemas = document.parse(parser.parse(edmx))['edmx:Edmx']['edmx:DataServices'].Schema;
  const ends = new Map(schemas.flatMap(({ Association }) => Association).flatMap(({ Name, End }) => End.map((end) => [`${Name} ${end.Role}`, end] as const)));
  const isTrue = (text: string): boolean => text !== 'false';
  const fieldOf = (found: z.infer<typeof property>): Field => ({
    type: bare(found.Type),
    ...(found.MaxLength === undefined || found.MaxLength === 'Max' ? {} : { maxLength: Number(found.MaxLength) }),
    ...(found.Precision === undefined || bare(found.Type) !== 'Decimal' ? {} : { precision: Number(found.Precision), scale: found.Scale === 'variable' ? 10 : Number(found.Scale ?? 0) }),
    required: found.Nullable === 'false', create: isTrue(found['sap:creatable']), update: isTrue(found['sap:updatable']), filter: isTrue(found['sap:filterable']),
  });
  const navigationOf = ({ Relationship, ToRole, Type }: z.infer<typeof navigation>): { to: string; many: boolean } => {
    if (Type !== undefined) return { to: bare(Type).replace('[]', ''), many: Type.startsWith('Collection') };
    const end = ends.get(`${bare(Relationship ?? '')} ${ToRole ?? ''}`);
    return { to: bare(end?.Type ?? ''), many: end?.Multiplicity === '*' };
  };
  const all = schemas.flatMap(({ EntityType, ComplexType }) => [...EntityType, ...ComplexType]);
  const containers = schemas.flatMap(({ EntityContainer }) => EntityContainer);
  return {
    sets: Object.fromEntries(containers.flatMap(({ EntitySet }) => EntitySet).map((set) => [set.Name, { type: bare(set.EntityType), create: isTrue(set['sap:creatable']), update: isTrue(set['sap:updatable']), remove: isTrue(set['sap:deletable']) }])),
    types: Object.fromEntries(all.map((type) => [type.Name, {
      keys: type.Key.PropertyRef.map(({ Name }) => Name),
      fields: Object.fromEntries(type.Property.map((found) => [found.Name, fieldOf(found)])),
      navigations: Object.fromEntries(type.NavigationProperty.map((found) => [found.Name, navigationOf(found)])),
    }])),
    enums: Object.fromEntries(schemas.flatMap(({ EnumType }) => EnumType).map(({ Name, Member }) => [Name, Member.map((member) => member.Name)])),
    functions: Object.fromEntries(containers.flatMap(({ FunctionImport }) => FunctionImport).map((found) => [found.Name, {
      method: found['m:HttpMethod'], returns: found.ReturnType === undefined ? null : bare(found.ReturnType), parameters: Object.fromEntries(found.Parameter.map(({ Name, Type }) => [Name, bare(Type)])),
    }])),
  };
}
