import type { ServiceType } from './entity-types.ts';
import type { FieldSpec } from './field-specs.ts';

const EDM: Readonly<Record<FieldSpec['kind'], string>> = { text: 'Edm.String', decimal: 'Edm.Decimal', boolean: 'Edm.Boolean', date: 'Edm.DateTime', instant: 'Edm.DateTimeOffset', guid: 'Edm.Guid', int: 'Edm.Int32', complex: '' };

/** Texts of any length. */
const LONG = 100_000;

/** `$metadata` of a service as far as it is here. */
export function metadata({ path, types }: ServiceType): string {
  const namespace = path.split(';', 1)[0] ?? path;
  const property = ([name, spec]: readonly [string, FieldSpec], keys: readonly string[] = []) => {
    const flags = [['creatable', spec.create], ['updatable', spec.update], ['filterable', spec.filter]].flatMap(([flag, value]) => (value === false ? [` sap:${String(flag)}="false"`] : []));
    const size = spec.kind === 'text' ? (spec.max ?? LONG) < LONG ? ` MaxLength="${spec.max ?? ''}"` : '' : spec.kind === 'decimal' ? ` Precision="${spec.precision ?? 0}" Scale="${spec.scale ?? 0}"` : '';
    return `<Property Name="${name}" Type="${spec.kind === 'complex' ? `${namespace}.${name}` : EDM[spec.kind]}"${keys.includes(name) || spec.kind === 'complex' ? ' Nullable="false"' : ''}${size}${flags.join('')}/>`;
  };
  const complex = types.flatMap(({ fields }) => Object.entries(fields)).filter(([, spec]) => spec.kind === 'complex').map(([name, spec]) => `<ComplexType Name="${name}">${Object.entries(spec.fields ?? {}).map((each) => property(each)).join('')}</ComplexType>`);
  const entities = types.map(({ name, keys, fields }) => `<EntityType Name="${name}"><Key>${keys.map((key) => `<PropertyRef Name="${key}"/>`).join('')}</Key>${Object.entries(fields).map((each) => property(each, keys)).join('')}</EntityType>`);
  const sets = types.map(({ set, name, create, within, update, remove }) => {
    const flags = [['creatable', create === false || within], ['updatable', update === false], ['deletable', remove === false]].flatMap(([flag, isNot]) => (isNot === true ? [` sap:${String(flag)}="false"`] : []));
    return `<EntitySet Name="${set}" EntityType="${namespace}.${name}"${flags.join('')}/>`;
  });
  return `<?xml version="1.0" encoding="utf-8"?><edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx" xmlns:sap="http://www.sap.com/Protocols/SAPData"><edmx:DataServices m:DataServiceVersion="2.0" xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"><Schema Namespace="${namespace}" xmlns="http://schemas.microsoft.com/ado/2008/09/edm">${entities.join('')}${complex.join('')}<EntityContainer Name="${namespace}_Entities">${sets.join('')}</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>`;
}
