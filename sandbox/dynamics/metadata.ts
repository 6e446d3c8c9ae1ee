import { ENTITIES, type FieldSpec } from './entity-types.ts';

const NAMESPACE = 'Microsoft.Dynamics.DataEntities';
const EDM: Readonly<Record<FieldSpec['kind'], string>> = { text: 'Edm.String', decimal: 'Edm.Decimal', int: 'Edm.Int32', date: 'Edm.DateTimeOffset', enum: 'Edm.String' };
/** What cannot be null, key or not. */
const VALUES: readonly FieldSpec['kind'][] = ['decimal', 'int', 'date'];

/** `/data/$metadata` of the entities that are here. */
export function metadata(): string {
  const types = ENTITIES.map(({ name, keys, fields }) => {
    const properties = Object.entries(fields).map(([field, spec]) => `<Property Name="${field}" Type="${spec.type === undefined ? EDM[spec.kind] : `${NAMESPACE}.${spec.type}`}"${keys.includes(field) || VALUES.includes(spec.kind) ? ' Nullable="false"' : ''}/>`);
    return `<EntityType Name="${name}"><Key>${keys.map((key) => `<PropertyRef Name="${key}"/>`).join('')}</Key>${properties.join('')}</EntityType>`;
  });
  const enums = new Map(ENTITIES.flatMap(({ fields }) => Object.values(fields)).flatMap(({ type, values }) => (type === undefined ? [] : [[type, values ?? []]])));
  const enumTypes = [...enums].map(([name, values]) => `<EnumType Name="${name}">${values.map((value) => `<Member Name="${value}"/>`).join('')}</EnumType>`);
  const sets = ENTITIES.map(({ set, name }) => `<EntitySet Name="${set}" EntityType="${NAMESPACE}.${name}"/>`);
  return `<?xml version="1.0" encoding="utf-8"?><edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices><Schema Namespace="${NAMESPACE}" xmlns="http://docs.oasis-open.org/odata/ns/edm">${types.join('')}${enumTypes.join('')}<EntityContainer Name="Resources">${sets.join('')}</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>`;
}
