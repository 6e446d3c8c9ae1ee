import { ENTITIES, type FieldSpec } from './entity-types.ts';

const NAMESPACE = 'Microsoft.Dynamics.DataEntities';
const EDM: Readonly<Record<FieldSpec['kind'], string>> = { text: 'Edm.String', decimal: 'Edm.Decimal', int: 'Edm.Int32', date: 'Edm.DateTimeOffset', enum: 'Edm.String' };

/** `/data/$metadata` of the entities that are here. */
export function metadata(): string {
  const types = ENTITIES.map(({ name, keys, fields }) => {
    const properties = Object.entries(fields).map(([field, spec]) => `<Property Name="${field}" Type="${spec.kind === 'enum' ? `${NAMESPACE}.${enumName(field, spec)}` : EDM[spec.kind]}"${keys.includes(field) ? ' Nullable="false"' : ''}/>`);
    return `<EntityType Name="${name}"><Key>${keys.map((key) => `<PropertyRef Name="${key}"/>`).join('')}</Key>${properties.join('')}</EntityType>`;
  });
  const enums = new Map(ENTITIES.flatMap(({ fields }) => Object.entries(fields)).filter(([, spec]) => spec.kind === 'enum').map(([field, spec]) => [enumName(field, spec), spec.values ?? []]));
  const enumTypes = [...enums].map(([name, values]) => `<EnumType Name="${name}">${values.map((value, index) => `<Member Name="${value}" Value="${index}"/>`).join('')}</EnumType>`);
  const sets = ENTITIES.map(({ set, name }) => `<EntitySet Name="${set}" EntityType="${NAMESPACE}.${name}"/>`);
  return `<?xml version="1.0" encoding="utf-8"?><edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices><Schema Namespace="${NAMESPACE}" xmlns="http://docs.oasis-open.org/odata/ns/edm">${types.join('')}${enumTypes.join('')}<EntityContainer Name="Resources">${sets.join('')}</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>`;
}

function enumName(field: string, spec: FieldSpec): string {
  return spec.values?.join() === 'No,Yes' ? 'NoYes' : field;
}
