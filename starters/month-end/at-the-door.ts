import { z } from 'zod';
import { timesheetSchema } from '../../domain/model/time/timesheet.ts';
import { hundredths } from '../../domain/rules/timesheet/hours.ts';
import { money, type Money } from '../../domain/money.ts';
import { UNKNOWN_ENTITY } from '../../store/time/intake.ts';
import type { createWorth, ReceivedWorth } from './worth.ts';

/** Of money of which nobody can say in what currency it would be (ISO 4217: no currency). */
const NO_CURRENCY = 'XXX';
const NOTHING: Money = money('0', NO_CURRENCY);

const roughSchema = z.looseObject({ entries: z.array(z.unknown()) });
const roughEntrySchema = z.looseObject({ hours: z.string() });
const rowSchema = z.looseObject({ person: z.string() });

/**
 * What a timesheet that could not be read would have brought, as far as it can be told: where only broken characters kept it out, as much as any
 * other; else its entries and their hours, with no money; and where it is no timesheet at all, nothing.
 */
export function worthAtDoor(raw: Buffer, worthOf: ReturnType<typeof createWorth>, employerOf: (person: string) => string | undefined): { readonly legalEntity: string; readonly entries: readonly ReceivedWorth[] } {
  const document = readable(raw);
  const sheet = timesheetSchema.safeParse(document);
  if (sheet.success) {
    const legalEntity = employerOf(sheet.data.person) ?? UNKNOWN_ENTITY;
    return { legalEntity, entries: worthOf(sheet.data, legalEntity) };
  }
  const rough = roughSchema.safeParse(document);
  const author = rowSchema.safeParse(document);
  const entries = rough.success ? rough.data.entries : [];
  return {
    legalEntity: (author.success ? employerOf(author.data.person) : undefined) ?? UNKNOWN_ENTITY,
    entries: entries.map((entry) => {
      const told = roughEntrySchema.safeParse(entry);
      return { hours: told.success && hundredths(told.data.hours) !== null ? told.data.hours : '0', worth: NOTHING };
    }),
  };
}

function readable(raw: Buffer): unknown {
  try {
    return JSON.parse(raw.toString('utf8'), (_, value: unknown) => (typeof value === 'string' ? value.replaceAll('\0', '').toWellFormed() : value));
  } catch {
    return null;
  }
}
