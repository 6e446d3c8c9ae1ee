import type { FastifyInstance } from 'fastify';
import { objectNamed } from './answers.ts';
import { notFound } from './errors.ts';
import type { HubSpotOptions } from './options.ts';
import { STAGES, type ObjectType, type Property } from './schema.ts';

const BIRTH = '2024-01-08T09:00:00.000Z';

export const OWNERS = [
  {
    id: '41629779',
    email: 'dana.reyes@q2c.example',
    firstName: 'Dana',
    lastName: 'Reyes',
    userId: 9_586_504,
    createdAt: BIRTH,
    updatedAt: BIRTH,
    archived: false,
    teams: [],
  },
] as const;

const PIPELINE = {
  id: 'default',
  label: 'Sales Pipeline',
  displayOrder: 0,
  createdAt: BIRTH,
  updatedAt: BIRTH,
  archived: false,
  stages: STAGES.map((stage, displayOrder) => ({
    id: stage.id,
    label: stage.label,
    displayOrder,
    metadata: { isClosed: String(stage.closed), probability: stage.probability },
    createdAt: BIRTH,
    updatedAt: BIRTH,
    archived: false,
  })),
};

const FIELD_TYPES: Readonly<Record<Property['type'], string>> = {
  string: 'text',
  number: 'number',
  date: 'date',
  datetime: 'date',
  enumeration: 'select',
  bool: 'booleancheckbox',
};

/** What describes the account: properties, the deal pipeline, owners, account details. */
export function installSettings(app: FastifyInstance, options: HubSpotOptions): void {
  app.get<{ Params: { type: string } }>('/crm/v3/properties/:type', (request) => {
    const object = objectNamed(request.params.type);
    return { results: [...object.properties.values()].map((property) => describe(object, property)) };
  });
  app.get<{ Params: { type: string; name: string } }>('/crm/v3/properties/:type/:name', (request) => {
    const object = objectNamed(request.params.type);
    const property = object.properties.get(request.params.name);
    return property === undefined ? notFound(`Property "${request.params.name}" does not exist`) : describe(object, property);
  });
  app.get<{ Params: { type: string } }>('/crm/v3/pipelines/:type', (request) => ({
    results: objectNamed(request.params.type).name === 'deals' ? [PIPELINE] : [],
  }));
  app.get<{ Params: { type: string; id: string } }>('/crm/v3/pipelines/:type/:id', (request) =>
    objectNamed(request.params.type).name === 'deals' && request.params.id === PIPELINE.id ? PIPELINE : notFound(),
  );
  app.get('/crm/v3/owners', () => ({ results: OWNERS }));
  app.get<{ Params: { id: string } }>(
    '/crm/v3/owners/:id',
    (request) => OWNERS.find((owner) => owner.id === request.params.id) ?? notFound(),
  );
  app.get('/account-info/v3/details', () => ({
    portalId: options.portalId,
    accountType: 'STANDARD',
    timeZone: 'US/Eastern',
    companyCurrency: 'USD',
    additionalCurrencies: ['EUR', 'GBP', 'JPY'],
    utcOffset: '-05:00',
    utcOffsetMilliseconds: -18_000_000,
    uiDomain: 'app.hubspot.com',
    dataHostingLocation: 'na1',
  }));
}

function describe(object: ObjectType, property: Property): object {
  return {
    name: property.name,
    label: property.label,
    type: property.type,
    fieldType: FIELD_TYPES[property.type],
    description: '',
    groupName: `${object.singular.replace('_', '')}information`,
    options: (property.options ?? []).map((value, displayOrder) => ({ label: value, value, displayOrder, hidden: false })),
    displayOrder: -1,
    calculated: property.readOnly === true,
    externalOptions: false,
    hasUniqueValue: property.unique === true,
    hidden: false,
    hubspotDefined: !property.custom,
    formField: false,
    modificationMetadata: { archivable: property.custom, readOnlyDefinition: !property.custom, readOnlyValue: property.readOnly === true },
    archived: false,
    createdAt: BIRTH,
    updatedAt: BIRTH,
  };
}
