import { z } from 'zod';
import { localDateSchema, type Instant, type LocalDate } from '../../domain/dates.ts';
import type { Employee, UnreadableEmployee } from '../hr-port.ts';
import { attributeOf, flagOf, listOf, memberOf, textOf, type AttributePath } from './attributes.ts';
import type { Resource } from './client.ts';
import type { ScimOptions } from './options.ts';

const email = z.email();

/** When the provider last changed it; null where it does not say. */
export function changedAtOf(resource: Resource): Instant | null {
  const text = textOf(memberOf(memberOf(resource, 'meta'), 'lastModified'));
  const at = text === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}

export function versionOf(resource: Resource): string | null {
  return textOf(memberOf(memberOf(resource, 'meta'), 'version'));
}

/** All addresses, the one that people are known by first: the primary of the wanted type, any of that type, the primary, the first; else a user name that is one. */
export function addressesOf(resource: Resource, type: string): readonly string[] {
  const rank = (entry: unknown) => (textOf(memberOf(entry, 'type'))?.toLowerCase() === type.toLowerCase() ? 0 : 2) + (flagOf(memberOf(entry, 'primary')) === true ? 0 : 1);
  const entries = listOf(memberOf(resource, 'emails')).toSorted((left, right) => rank(left) - rank(right));
  return [...entries, memberOf(resource, 'userName')].flatMap((entry) => {
    const parsed = email.safeParse(textOf(entry)?.toLowerCase());
    return parsed.success ? [parsed.data] : [];
  });
}

/** A user of SCIM as an employee, or why it is none. @param readAt stands for the last change where the provider tells none */
export function employeeOf(resource: Resource, options: ScimOptions, readAt: Instant): { readonly employee: Employee } | { readonly unreadable: UnreadableEmployee } {
  const { attributes } = options;
  const text = (path: AttributePath | null) => (path === null ? null : textOf(attributeOf(resource, path)));
  const code = (path: AttributePath | null, codes: Readonly<Record<string, string>>) => {
    const said = text(path);
    return said === null ? null : (codes[said] ?? said);
  };
  const unreadable = (reason: string, mend: string) => ({ unreadable: { externalId: resource.id, reason, mend } });

  const [address] = addressesOf(resource, options.emailType);
  if (address === undefined) return unreadable('There is no e-mail address, by which time and cases know a person.', 'Give the person an address in the HR system; a robot or test account can be left out of what the integration user may see.');
  const from = dateOf(text(attributes.from));
  const to = dateOf(text(attributes.to));
  for (const [name, date] of [['from', from], ['to', to]] as const) {
    if (date === undefined) return unreadable(`"${text(attributes[name]) ?? ''}" is no date (${attributes[name]?.text ?? name}).`, 'Correct the date in the HR system: year, month and day as 2026-11-21.');
  }
  if (from && to && to < from) return unreadable(`Employment ends on ${to}, before it begins on ${from}.`, 'Correct the dates in the HR system.');
  return {
    employee: {
      externalId: resource.id,
      employeeNumber: text(attributes.employeeNumber),
      email: address,
      name: nameOf(resource) ?? address,
      active: flagOf(memberOf(resource, 'active')) ?? true,
      legalEntity: code(attributes.legalEntity, options.legalEntities),
      costCenter: code(attributes.costCenter, options.costCenters),
      laborCategory: code(attributes.laborCategory, options.laborCategories),
      managerExternalId: text(attributes.manager),
      from: from ?? null,
      to: to ?? null,
      changedAt: changedAtOf(resource) ?? readAt,
    },
  };
}

function nameOf(resource: Resource): string | null {
  const name = memberOf(resource, 'name');
  const parts = [textOf(memberOf(name, 'givenName')), textOf(memberOf(name, 'familyName'))].filter((part) => part !== null);
  return textOf(memberOf(resource, 'displayName')) ?? textOf(memberOf(name, 'formatted')) ?? (parts.length > 0 ? parts.join(' ') : null) ?? textOf(memberOf(resource, 'userName'));
}

/** The day as it is written: no time zone moves it. Undefined for what is no date. */
function dateOf(text: string | null): LocalDate | null | undefined {
  if (text === null) return null;
  const day = localDateSchema.safeParse(text.length === 10 ? text : text.replace(/T.*$/, ''));
  return day.success ? day.data : undefined;
}
