import { z } from 'zod';
import type { LocalDate } from '../../domain/dates.ts';
import type { CallContext } from '../ports.ts';
import { searchRead, type Tryton } from './client.ts';
import { bounded } from './kept.ts';
import { dateField } from './wire.ts';

export interface Employee {
  readonly id: number;
  /** Of the employment; null is open. */
  readonly from: LocalDate | null;
  readonly to: LocalDate | null;
}

/** One person's employee records in a company: several after a new start, or where the party or its address was entered twice. */
export type Employees = readonly Employee[];

export interface People {
  /** E-mail address (lower case) → employees of the company; those unknown are left out. */
  find(emails: readonly string[], company: number, object: string, context: CallContext): Promise<ReadonlyMap<string, Employees>>;
  forget(email: string, company: number): void;
}

const addressRow = z.object({ party: z.number().int(), value: z.string().nullable() });
const employeeRow = z.object({ id: z.number().int(), party: z.number().int(), start_date: dateField, end_date: dateField });

/** Employees by e-mail address, the contact mechanism of their party; with those not employed today, whose last time may still come. Each is looked up once and kept; unknown ones are asked for again. */
export function createPeople(tryton: Tryton): People {
  const kept = bounded<Employees>();
  const keyOf = (email: string, company: number) => `${company} ${email}`;

  return {
    async find(emails, company, object, context) {
      const wanted = [...new Set(emails.map((email) => email.toLowerCase()))];
      const missing = wanted.filter((email) => kept.get(keyOf(email, company)) === undefined);
      if (missing.length > 0) {
        const spelled = [...new Set([...missing, ...emails.filter((email) => missing.includes(email.toLowerCase()))])];
        const addresses = await searchRead(tryton, { model: 'party.contact_mechanism', domain: [['type', '=', 'email'], ['value', 'in', spelled]], fields: ['party', 'value'], row: addressRow, object, context });
        const parties = [...new Set(addresses.map(({ party }) => party))];
        const employees = parties.length === 0 ? [] : await searchRead(tryton, { model: 'company.employee', domain: [['company', '=', company], ['party', 'in', parties]], inactive: true, fields: ['party', 'start_date', 'end_date'], row: employeeRow, company, object, context });
        for (const email of missing) {
          const theirs = new Set(addresses.filter(({ value }) => value?.toLowerCase() === email).map(({ party }) => party));
          const found = employees.filter(({ party }) => theirs.has(party)).map((employee) => ({ id: employee.id, from: employee.start_date, to: employee.end_date }));
          if (found.length > 0) kept.set(keyOf(email, company), found);
        }
      }
      return new Map(wanted.flatMap((email) => {
        const found = kept.get(keyOf(email, company));
        return found === undefined ? [] : [[email, found] as const];
      }));
    },
    forget: (email, company) => kept.delete(keyOf(email.toLowerCase(), company)),
  };
}
