import type { CallContext } from '../ports.ts';
import { attributeOf, flagOf, isRecord, listOf, memberOf, textOf, type AttributePath } from './attributes.ts';
import type { Capabilities } from './capabilities.ts';
import { hasCode } from './classify.ts';
import type { About, Resource, Scim } from './client.ts';
import { addressesOf, versionOf } from './employee.ts';
import type { ScimOptions } from './options.ts';

export interface EmployeeChange {
  readonly email?: string;
  readonly costCenter?: string;
  readonly active?: boolean;
}

interface Operation {
  readonly op: 'add' | 'replace';
  readonly path: string;
  readonly value: unknown;
}

const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const MOST_TRIES = 4;

/**
 * Writes what differs, upon the version that was read: where somebody else was faster (412), it is read again. PATCH where the provider offers it,
 * else PUT of the whole person with everything else as it was.
 */
export function createUpdate(scim: Scim, options: ScimOptions, capabilitiesOf: (about: About) => Promise<Capabilities>) {
  return async (externalId: string, change: EmployeeChange, context: CallContext): Promise<void> => {
    const about = { object: `person ${externalId}`, context };
    const capabilities = await capabilitiesOf(about);
    const path = `${capabilities.users}/${encodeURIComponent(externalId)}`;
    for (let tries = 1; ; tries += 1) {
      const now = await scim.read(path, about);
      if (now === null) throw scim.failure(about, { kind: 'business_rule', code: 'SCIM_NOT_FOUND', message: `The HR system has no person ${externalId}.`, mend: 'Find out who removed the person from the HR system, then retry or abort.' });
      const operations = operationsFor(now, change, about);
      if (operations.length === 0) return;
      const version = capabilities.etag ? versionOf(now) : null;
      try {
        await (capabilities.patch
          ? scim.change('PATCH', path, { version, body: { schemas: [PATCH_OP], Operations: operations } }, about)
          : scim.change('PUT', path, { version, body: changed(now, change) }, about));
        return;
      } catch (error) {
        if (!hasCode(error, 'SCIM_VERSION') || tries === MOST_TRIES) throw error;
      }
    }
  };

  function operationsFor(now: Resource, { email, costCenter, active }: EmployeeChange, about: About): Operation[] {
    const operations: Operation[] = [];
    if (email !== undefined && addressesOf(now, options.emailType)[0] !== email.toLowerCase()) {
      operations.push(ofWantedType(now).length > 0
        ? { op: 'replace', path: `emails[type eq ${JSON.stringify(options.emailType)}].value`, value: email }
        : { op: 'add', path: 'emails', value: [{ value: email, type: options.emailType }] });
    }
    if (costCenter !== undefined) {
      const path = costCenterPath(about);
      const value = toHr(costCenter);
      if (textOf(attributeOf(now, path)) !== value) operations.push({ op: 'replace', path: path.text, value });
    }
    if (active !== undefined && flagOf(memberOf(now, 'active')) !== active) operations.push({ op: 'replace', path: 'active', value: active });
    return operations;
  }

  /** RFC 7644, section 3.5.1: what the provider alone may write is ignored by it. */
  function changed(now: Resource, { email, costCenter, active }: EmployeeChange): object {
    const entries = listOf(memberOf(now, 'emails'));
    const wanted = ofWantedType(now);
    const emails = email === undefined ? entries : wanted.length === 0 ? [...entries, { value: email, type: options.emailType }] : entries.map((entry) => (wanted.includes(entry) && isRecord(entry) ? { ...entry, value: email } : entry));
    const path = options.attributes.costCenter;
    const whole: Record<string, unknown> = { ...now, emails, ...(active === undefined ? {} : { active }) };
    if (costCenter === undefined || path === null) return whole;
    return withAttribute(whole, path, toHr(costCenter));
  }

  function ofWantedType(now: Resource): readonly unknown[] {
    return listOf(memberOf(now, 'emails')).filter((entry) => textOf(memberOf(entry, 'type'))?.toLowerCase() === options.emailType.toLowerCase());
  }

  function costCenterPath(about: About): AttributePath {
    const path = options.attributes.costCenter;
    if (path !== null) return path;
    throw scim.failure(about, { kind: 'configuration', code: 'SCIM_ATTRIBUTE_UNKNOWN', message: 'No attribute of the HR system is named for the cost center.', mend: 'Name it in attributes.costCenter of the system in config/systems.yaml, or let HR own the cost center.' });
  }

  /** HR's own word for the code. */
  function toHr(code: string): string {
    return Object.entries(options.costCenters).find(([, ours]) => ours === code)?.[0] ?? code;
  }
}

function withAttribute(whole: Record<string, unknown>, path: AttributePath, value: string): object {
  const [name = '', part] = path.names;
  const place = path.schema === null ? whole : memberOf(whole, path.schema);
  const members = isRecord(place) ? place : {};
  const old = memberOf(members, name);
  const next = { ...members, [name]: part === undefined ? value : { ...(isRecord(old) ? old : {}), [part]: value } };
  if (path.schema === null) return next;
  const schemas = listOf(memberOf(whole, 'schemas'));
  return { ...whole, schemas: schemas.includes(path.schema) ? schemas : [...schemas, path.schema], [path.schema]: next };
}
