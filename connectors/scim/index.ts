import { addMilliseconds, type Instant } from '../../domain/dates.ts';
import type { ConnectorSettings } from '../connector.ts';
import type { ChangedEmployee, Employee, HrPort } from '../hr-port.ts';
import type { CallContext } from '../ports.ts';
import { createCapabilities } from './capabilities.ts';
import { hasCode } from './classify.ts';
import { createScimClient, type About, type Resource } from './client.ts';
import { addressesOf, changedAtOf, employeeOf } from './employee.ts';
import { everybody } from './everybody.ts';
import { scimOptionsSchema } from './options.ts';
import { createUpdate } from './update.ts';

/** An HR system over SCIM 2.0 (RFC 7643, 7644, 9865). @param now another clock, for tests @throws ZodError for options or credentials of the wrong shape */
export function createScim(settings: ConnectorSettings, now: () => number = Date.now): HrPort {
  const options = scimOptionsSchema.parse(settings.options ?? {});
  const scim = createScimClient(settings);
  const capabilitiesOf = createCapabilities(scim, options);

  /** By the provider's filter; where it has none, or none for this, everybody is read and compared here. */
  async function* matching(filter: string | null, fits: (resource: Resource) => boolean, about: About): AsyncIterable<Resource> {
    const capabilities = await capabilitiesOf(about);
    const fitting = async function* (used: string | null) {
      // Providers are known to ignore a filter: each resource is compared all the same.
      for await (const resource of everybody(scim, capabilities, used, about)) if (fits(resource)) yield resource;
    };
    const usable = filter !== null && capabilities.filter ? filter : null;
    let told = 0;
    try {
      for await (const resource of fitting(usable)) {
        told += 1;
        yield resource;
      }
    } catch (error) {
      if (usable === null || told > 0 || !hasCode(error, 'SCIM_INVALID_FILTER', 'SCIM_TOO_MANY', 'SCIM_NOT_IMPLEMENTED')) throw error;
      about.context.log.info({ system: settings.system, filter: usable }, 'the HR system does not take this filter: everybody is read and compared');
      yield* fitting(null);
    }
  }

  const one = (resource: Resource, about: About): Employee => {
    const read = employeeOf(resource, options, new Date(now()).toISOString());
    if ('employee' in read) return read.employee;
    throw scim.failure(about, { kind: 'contract', code: 'SCIM_USER_UNREADABLE', message: `${about.object} cannot be read as an employee: ${read.unreadable.reason}`, mend: read.unreadable.mend });
  };

  return {
    kind: 'hr',
    system: settings.system,

    async *employees(since: Instant | null, context: CallContext): AsyncIterable<ChangedEmployee> {
      const about = { object: since === null ? 'all employees' : `employees changed since ${since}`, context };
      const readAt = new Date(now()).toISOString();
      const from = since === null ? null : addMilliseconds(since, -options.overlapSeconds * 1000);
      const filter = from === null || options.changes === 'full_read' ? null : `meta.lastModified ge ${JSON.stringify(from)}`;
      const changed = (resource: Resource) => from === null || (changedAtOf(resource) ?? readAt) >= from;
      for await (const resource of matching(filter, changed, about)) yield employeeOf(resource, options, readAt);
    },

    async load(externalId, context) {
      const about = { object: `person ${externalId}`, context };
      if (externalId === '') return null;
      const { users } = await capabilitiesOf(about);
      const resource = await scim.read(`${users}/${encodeURIComponent(externalId)}`, about);
      return resource === null ? null : one(resource, about);
    },

    async findByEmail(email, context) {
      const about = { object: `the person with the address ${email}`, context };
      const wanted = email.toLowerCase();
      const found: Employee[] = [];
      const { filter } = await capabilitiesOf(about);
      // RFC 7643 compares addresses without case; not every provider does. Most keep them in lower case.
      const spellings = [...new Set([email, wanted])];
      for (const question of ['emails.value', 'userName'].flatMap((attribute) => spellings.map((spelling) => `${attribute} eq ${JSON.stringify(spelling)}`))) {
        for await (const resource of matching(question, (each) => addressesOf(each, options.emailType).includes(wanted), about)) found.push(one(resource, about));
        if (found.length > 0 || !filter) break;
      }
      const active = found.filter((employee) => employee.active);
      const people = active.length > 0 ? active : found;
      const [first, second] = people;
      if (second === undefined) return first ?? null;
      throw scim.failure(about, { kind: 'business_rule', code: 'SCIM_EMAIL_AMBIGUOUS', message: `The HR system has ${people.length} people with the address ${email}: ${people.slice(0, 5).map(({ name, externalId }) => `${name} (${externalId})`).join(', ')}.`, mend: 'Correct the addresses in the HR system so that each is one person\'s, then retry.' });
    },

    update: createUpdate(scim, options, capabilitiesOf),
  };
}

