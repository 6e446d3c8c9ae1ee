import { z } from 'zod';
import { keptForAMinute } from '../kept-for-a-minute.ts';
import type { AttributePath } from './attributes.ts';
import type { About, Scim } from './client.ts';
import { ENTERPRISE, type ScimOptions } from './options.ts';

/** What the provider says it can do; what it does not say it is not relied on for. */
export interface Capabilities {
  /** The path of its users. */
  readonly users: string;
  readonly filter: boolean;
  readonly sort: boolean;
  readonly patch: boolean;
  readonly etag: boolean;
  /** RFC 9865. */
  readonly cursor: boolean;
  readonly pageSize: number;
}

const offered = z.looseObject({ supported: z.boolean().default(false) }).default({ supported: false });
const most = z.coerce.number().int().positive().optional();
const configAnswer = z.looseObject({
  schemas: z.array(z.string()),
  patch: offered,
  filter: z.looseObject({ supported: z.boolean().default(false), maxResults: most.catch(undefined) }).default({ supported: false }),
  sort: offered,
  etag: offered,
  pagination: z.looseObject({ cursor: z.boolean().default(false), maxPageSize: most.catch(undefined) }).default({ cursor: false }),
});
const typesAnswer = z.union([
  z.looseObject({ Resources: z.array(z.looseObject({ name: z.string().optional(), schema: z.string().optional(), endpoint: z.string() })) }).transform(({ Resources }) => Resources),
  z.array(z.looseObject({ name: z.string().optional(), schema: z.string().optional(), endpoint: z.string() })),
]);
const attribute = z.looseObject({ name: z.string(), subAttributes: z.array(z.looseObject({ name: z.string() })).nullish() });
const schemaSchema = z.looseObject({ id: z.string(), attributes: z.array(attribute).nullish() });
const schemasAnswer = z.union([z.looseObject({ Resources: z.array(schemaSchema) }).transform(({ Resources }) => Resources), z.array(schemaSchema)]);
type Schemas = z.infer<typeof schemasAnswer>;

const CORE_USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const NOTHING = { schemas: [], patch: { supported: false }, filter: { supported: false }, sort: { supported: false }, etag: { supported: false }, pagination: { cursor: false } };

/**
 * Discovery (RFC 7644, section 4), kept for a minute. A provider without it is taken to offer only what every provider must: reading page by page and PUT.
 * @throws SystemFailure of kind configuration where an attribute of the options is in none of its schemas (those of the enterprise extension may be missing: HR then does not say them)
 */
export function createCapabilities(scim: Scim, options: ScimOptions): (about: About) => Promise<Capabilities> {
  const kept = keptForAMinute(async ({ context }: About): Promise<Capabilities> => {
    const about = { object: 'the capabilities of the HR system', context };
    const config = configAnswer.parse((await scim.discover('/ServiceProviderConfig', configAnswer, about)) ?? NOTHING);
    const types = await scim.discover('/ResourceTypes', typesAnswer, about);
    const type = types?.find(({ schema }) => schema?.toLowerCase() === CORE_USER.toLowerCase()) ?? types?.find(({ name }) => name === 'User');
    if (options.schemas === 'check') {
      const schemas = await scim.discover('/Schemas', schemasAnswer, about);
      if (schemas !== null) checkAttributes(schemas, about);
    }
    return {
      users: usersPath(type?.endpoint),
      filter: config.filter.supported,
      sort: config.sort.supported,
      patch: config.patch.supported,
      etag: config.etag.supported,
      cursor: config.pagination.cursor,
      pageSize: Math.max(2, Math.min(options.pageSize, config.filter.maxResults ?? options.pageSize, config.pagination.maxPageSize ?? options.pageSize)),
    };
  });
  return (about) => kept.get(about);

  function checkAttributes(schemas: Schemas, about: About): void {
    const missing = Object.entries(options.attributes).filter(([, path]) => path !== null && path.schema !== ENTERPRISE && !isKnown(schemas, path));
    if (missing.length === 0) return;
    const named = missing.map(([name, path]) => `${name} (${path?.text ?? ''})`).join(', ');
    throw scim.failure(about, { kind: 'configuration', code: 'SCIM_ATTRIBUTE_UNKNOWN', message: `The schemas of the HR system have no attribute for ${named}.`, mend: 'Correct "attributes" of the system in config/systems.yaml (null where HR does not say it), or set "schemas" to ignore where the provider\'s /Schemas is incomplete; then retry.' });
  }
}

function isKnown(schemas: Schemas, path: AttributePath): boolean {
  const same = (left: string, right: string) => left.toLowerCase() === right.toLowerCase();
  const [name = '', part] = path.names;
  const found = schemas.find(({ id }) => same(id, path.schema ?? CORE_USER))?.attributes?.find((each) => same(each.name, name));
  if (found === undefined) return false;
  return part === undefined || found.subAttributes === undefined || found.subAttributes === null || found.subAttributes.some((each) => same(each.name, part));
}

/** The endpoint is relative to the base address (RFC 7643, section 6); some give a whole address. */
function usersPath(endpoint: string | undefined): string {
  const last = endpoint?.split('/').findLast((part) => part !== '');
  return last === undefined ? '/Users' : `/${last}`;
}
