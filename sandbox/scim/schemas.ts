/** Schemas, resource types and the service's configuration: RFC 7643, sections 5 to 8, cut to the attributes that HR keeps of people. */
import type { ScimOptions } from './options.ts';

export const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
/** The example firm's own extension. */
export const FIRM = 'urn:ietf:params:scim:schemas:extension:northwind:2.0:User';

export interface Attribute {
  readonly name: string;
  readonly type: 'string' | 'boolean' | 'dateTime' | 'complex' | 'reference';
  readonly multiValued: boolean;
  readonly required: boolean;
  readonly caseExact: boolean;
  readonly mutability: 'readWrite' | 'readOnly';
  readonly returned: 'default' | 'always';
  readonly uniqueness: 'none' | 'server';
  readonly subAttributes?: readonly Attribute[];
}

function attribute(name: string, more: Partial<Attribute> = {}): Attribute {
  return { name, type: 'string', multiValued: false, required: false, caseExact: false, mutability: 'readWrite', returned: 'default', uniqueness: 'none', ...more };
}

/** RFC 7643, section 3.1; not part of any schema's list. */
export const COMMON: readonly Attribute[] = [
  attribute('id', { caseExact: true, mutability: 'readOnly', returned: 'always', uniqueness: 'server' }),
  attribute('externalId', { caseExact: true }),
  attribute('schemas', { multiValued: true, caseExact: true }),
  attribute('meta', {
    type: 'complex',
    mutability: 'readOnly',
    subAttributes: [attribute('resourceType', { caseExact: true }), attribute('created', { type: 'dateTime' }), attribute('lastModified', { type: 'dateTime' }), attribute('location', { caseExact: true }), attribute('version', { caseExact: true })],
  }),
];

export const SCHEMAS: Readonly<Record<string, { readonly name: string; readonly attributes: readonly Attribute[] }>> = {
  [CORE]: {
    name: 'User',
    attributes: [
      attribute('userName', { required: true, uniqueness: 'server' }),
      attribute('name', { type: 'complex', subAttributes: ['formatted', 'familyName', 'givenName', 'middleName'].map((name) => attribute(name)) }),
      attribute('displayName'),
      attribute('title'),
      attribute('preferredLanguage'),
      attribute('timezone'),
      attribute('active', { type: 'boolean' }),
      attribute('emails', { type: 'complex', multiValued: true, subAttributes: [attribute('value'), attribute('display'), attribute('type'), attribute('primary', { type: 'boolean' })] }),
    ],
  },
  [ENTERPRISE]: {
    name: 'Enterprise User',
    attributes: [
      ...['employeeNumber', 'costCenter', 'organization', 'division', 'department'].map((name) => attribute(name)),
      attribute('manager', { type: 'complex', subAttributes: [attribute('value'), attribute('$ref', { type: 'reference' }), attribute('displayName', { mutability: 'readOnly' })] }),
    ],
  },
  [FIRM]: {
    name: 'Northwind employment',
    attributes: [attribute('legalEntity', { mutability: 'readOnly' }), attribute('laborCategory'), attribute('hiredOn'), attribute('leavesOn')],
  },
};

export function schemaDocuments(baseUrl: string): object[] {
  return Object.entries(SCHEMAS).map(([id, { name, attributes }]) => ({
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Schema'],
    id,
    name,
    attributes,
    meta: { resourceType: 'Schema', location: `${baseUrl}/Schemas/${id}` },
  }));
}

export function resourceTypes(baseUrl: string): object[] {
  return [{
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
    id: 'User',
    name: 'User',
    endpoint: '/Users',
    schema: CORE,
    schemaExtensions: [ENTERPRISE, FIRM].map((schema) => ({ schema, required: false })),
    meta: { resourceType: 'ResourceType', location: `${baseUrl}/ResourceTypes/User` },
  }];
}

/** RFC 7643, section 5, and RFC 9865, section 4. */
export function serviceProviderConfig(options: ScimOptions, baseUrl: string): object {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
    patch: { supported: options.patch },
    bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
    filter: { supported: options.filter, maxResults: options.maxResults },
    changePassword: { supported: false },
    sort: { supported: options.sort },
    etag: { supported: options.etag },
    pagination: { cursor: options.cursor, index: true, defaultPaginationMethod: 'index', maxPageSize: options.maxResults },
    authenticationSchemes: [{ type: 'oauthbearertoken', name: 'OAuth Bearer Token', description: 'RFC 6750', primary: true }, { type: 'httpbasic', name: 'HTTP Basic', description: 'RFC 7617' }],
    meta: { resourceType: 'ServiceProviderConfig', location: `${baseUrl}/ServiceProviderConfig` },
  };
}
