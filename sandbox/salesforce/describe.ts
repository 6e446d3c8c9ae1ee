import { objectTypes, type Field, type ObjectType } from './schema.ts';

const SOAP_TYPES: Readonly<Record<Field['type'], string>> = {
  id: 'tns:ID',
  reference: 'tns:ID',
  string: 'xsd:string',
  textarea: 'xsd:string',
  email: 'xsd:string',
  url: 'xsd:string',
  picklist: 'xsd:string',
  currency: 'xsd:double',
  double: 'xsd:double',
  date: 'xsd:date',
  datetime: 'xsd:dateTime',
  boolean: 'xsd:boolean',
};

const outline = (object: ObjectType): Record<string, unknown> => ({
  name: object.name,
  label: object.label,
  keyPrefix: object.keyPrefix,
  custom: false,
  createable: true,
  updateable: true,
  deletable: true,
  queryable: true,
  retrieveable: true,
});

export const describeGlobal = (): object => ({ encoding: 'UTF-8', maxBatchSize: 200, sobjects: objectTypes().map(outline) });

export function describeObject(object: ObjectType, version: string): object {
  const base = `/services/data/${version}/sobjects/${object.name}`;
  return {
    ...outline(object),
    fields: [...object.fields.values()].map(describeField),
    childRelationships: [...object.children].map(([relationshipName, child]) => ({
      relationshipName,
      childSObject: child.object,
      field: child.field,
    })),
    urls: { sobject: base, describe: `${base}/describe`, rowTemplate: `${base}/{ID}` },
  };
}

function describeField(field: Field): object {
  return {
    name: field.name,
    label: field.label,
    type: field.type,
    soapType: SOAP_TYPES[field.type],
    length: field.length ?? 0,
    precision: field.type === 'currency' || field.type === 'double' ? 18 : 0,
    scale: field.scale ?? 0,
    nillable: field.required !== true && field.type !== 'id',
    createable: field.readOnly !== true,
    updateable: field.readOnly !== true && field.createOnly !== true,
    custom: field.name.endsWith('__c'),
    externalId: field.externalId === true,
    unique: field.unique === true,
    idLookup: field.type === 'id' || field.externalId === true,
    restrictedPicklist: field.type === 'picklist',
    picklistValues: (field.picklist ?? []).map((value) => ({
      active: true,
      defaultValue: value === field.defaultValue,
      label: value,
      value,
    })),
    referenceTo: field.referenceTo === undefined ? [] : [field.referenceTo],
    relationshipName: field.relationshipName ?? null,
    defaultValue: field.defaultValue ?? null,
  };
}
