import type { FirmConfig } from '../../config/schema.ts';
import type { Instant, LocalDate } from '../../dates.ts';
import type { Finding } from '../../findings.ts';
import { timePersonSchema, type TimePerson } from '../../model/time/context.ts';
import { localDateOf } from '../timesheet/hours.ts';

/** What HR says of a person; null: it does not say. */
export interface EmployeeFacts {
  readonly email: string;
  readonly active: boolean;
  readonly legalEntity: string | null;
  readonly costCenter: string | null;
  readonly laborCategory: string | null;
  readonly from: LocalDate | null;
  readonly to: LocalDate | null;
  readonly changedAt: Instant;
}

export type PersonOutcome =
  | { readonly person: TimePerson }
  /** Left before time was ever judged by this person, and HR does not say enough: nobody needs it. */
  | { readonly left: true }
  | { readonly findings: readonly Finding[] };

/**
 * The reference row that time is judged by, from what HR says. HR owns employer, cost center, labor category and dates; what it does not say stays as it
 * is known, and so does what is none of its business: working calendar, overtime, rule set, approvers, a subcontractor's order. A person new to us has
 * no agreed hours and is eligible for overtime until somebody loads otherwise. Who became inactive without a last day left on the day HR says so.
 */
export function personOfEmployee(employee: EmployeeFacts, known: TimePerson | undefined, firm: Pick<FirmConfig, 'legalEntities' | 'laborCategories'>): PersonOutcome {
  const findings: Finding[] = [];
  const find = (code: string, path: string, message: string, mend: string) => void findings.push({ code, kind: 'configuration', path, message, mend, overridable: false });
  const who = employee.email;

  const code = employee.legalEntity ?? known?.legalEntity;
  const entity = firm.legalEntities.find((each) => each.code === code);
  if (code === undefined) find('PERSON_LEGAL_ENTITY_UNKNOWN', 'legalEntity', `HR does not say which legal entity employs ${who}.`, 'Enter it in HR, or name the attribute that carries it in the options of the HR system (config/systems.yaml).');
  else if (entity === undefined) find('PERSON_LEGAL_ENTITY_UNKNOWN', 'legalEntity', `${who} is employed by "${code}", which is no legal entity of the configuration.`, 'Correct it in HR, add it to config/legal-entities.yaml, or map HR\'s word for it in the options of the HR system (legalEntities).');

  const laborCategory = employee.laborCategory ?? known?.laborCategory;
  if (laborCategory === undefined || !firm.laborCategories.some((each) => each.code === laborCategory)) {
    find('PERSON_LABOR_CATEGORY_UNKNOWN', 'laborCategory', laborCategory === undefined ? `HR does not say the labor category of ${who}.` : `"${laborCategory}" of ${who} is no labor category of the configuration.`, 'Correct it in HR, add it to config/labor-categories.yaml, or map HR\'s word for it in the options of the HR system (laborCategories).');
  }

  const costCenter = employee.costCenter ?? (known?.legalEntity === code ? known?.costCenter : undefined);
  if (costCenter === undefined || (entity !== undefined && !entity.costCenters.some((each) => each.code === costCenter))) {
    find('PERSON_COST_CENTER_UNKNOWN', 'costCenter', costCenter === undefined ? `HR does not say the cost center of ${who}.` : `"${costCenter}" of ${who} is no cost center of ${code ?? 'the legal entity'}.`, 'Correct it in HR, add it to config/legal-entities.yaml, or map HR\'s word for it in the options of the HR system (costCenters).');
  }

  const from = employee.from ?? known?.from;
  if (from === undefined) find('PERSON_START_UNKNOWN', 'from', `HR does not say since when ${who} is employed.`, 'Enter it in HR, or name the attribute that carries it in the options of the HR system.');

  if (findings.length > 0 || code === undefined || entity === undefined || laborCategory === undefined || costCenter === undefined || from === undefined) return !employee.active && known === undefined ? { left: true } : { findings };

  const person = timePersonSchema.safeParse({
    email: who,
    kind: known?.kind ?? 'employee',
    legalEntity: code,
    // Rules and zone are those of the employer, unless somebody gave this person others.
    ruleSet: known?.legalEntity === code ? known.ruleSet : null,
    overtime: known?.overtime ?? 'eligible',
    laborCategory,
    costCenter,
    timeZone: known?.legalEntity === code ? known.timeZone : entity.timeZone,
    from,
    to: lastDay(employee, known, entity.timeZone),
    calendar: known?.calendar ?? null,
    approvers: known?.approvers ?? [],
    subcontract: known?.subcontract ?? null,
  } satisfies TimePerson);
  if (person.success) return { person: person.data };
  return { findings: person.error.issues.map(({ path, message }) => ({ code: 'PERSON_UNREADABLE', kind: 'configuration', path: path.map(String).join('.'), message: `${who} cannot be taken from HR: ${path.map(String).join('.')}: ${message}.`, mend: 'Correct it in HR.', overridable: false })) };
}

function lastDay({ active, from, to, changedAt }: EmployeeFacts, known: TimePerson | undefined, timeZone: string): LocalDate | null {
  if (to !== null) return to;
  if (active) return null;
  if (known?.to != null) return known.to;
  const day = localDateOf(changedAt, timeZone);
  return from !== null && day < from ? from : day;
}
