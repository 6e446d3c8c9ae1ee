import { z } from 'zod';
import type { LocalDate } from '../../domain/dates.ts';
import type { LaborPosting } from '../../domain/model/time/labor-posting.ts';
import { isSystemFailure, type SystemFailure } from '../../domain/failure.ts';
import { compareDecimal, decimalText } from '../../domain/money.ts';
import { Decimal } from 'decimal.js';
import { afterFirstWrite } from '../partial-write.ts';
import { bodyIn, type Operation } from './batch.ts';
import { SERVICES, type About, type Query, type Sap } from './client.ts';
import { markIn, noteOf, type EntryMark } from './keys.ts';
import { inGroups } from '../groups.ts';
import type { WorkAgreement } from './labor-directory.ts';
import { decimalFieldSchema, jsonDate } from './odata.ts';
import type { SapOptions } from './options.ts';

const SERVICE = SERVICES.time;
const SET = 'TimeSheetEntryCollection';
/** The record was taken back after it had been approved. https://help.sap.com/saphelp_470/helpdata/en/05/4ff9426d0811d38e610000e81de309/content.htm */
const CANCELLED = '60';

const entryRow = z.object({
  PersonWorkAgreementExternalID: z.string(),
  CompanyCode: z.string(),
  TimeSheetRecord: z.string().min(1),
  TimeSheetStatus: z.string(),
  TimeSheetDataFields: z.object({ TimeSheetNote: z.string().nullish(), RecordedHours: decimalFieldSchema }),
});
const madeRow = z.object({ TimeSheetRecord: z.string().min(1) });

/** A time entry of ours, as SAP has it. */
export interface Entry {
  readonly mark: EntryMark;
  readonly person: WorkAgreement;
  readonly record: string;
  readonly hours: string;
  readonly cancelled: boolean;
}

export const entryId = ({ person, record }: Pick<Entry, 'person' | 'record'>): string => `${person.id}/${person.companyCode}/${record}`;

/** Our entries among those that a filter finds, page after page. */
export async function* entriesIn(sap: Sap, filter: string, about: About): AsyncIterable<Entry[]> {
  const query: Query = { filter, select: ['TimeSheetDataFields', 'PersonWorkAgreementExternalID', 'CompanyCode', 'TimeSheetRecord', 'TimeSheetStatus'] };
  for await (const page of sap.pages(SERVICE, SET, query, entryRow, about)) {
    yield page.flatMap((row): Entry[] => {
      const mark = markIn(row.TimeSheetDataFields.TimeSheetNote ?? '');
      if (mark === null) return [];
      return [{ mark, person: { id: row.PersonWorkAgreementExternalID, companyCode: row.CompanyCode }, record: row.TimeSheetRecord, hours: row.TimeSheetDataFields.RecordedHours, cancelled: row.TimeSheetStatus === CANCELLED }];
    });
  }
}

/** Hours are kept to a hundredth, at most 24 a day's entry. */
export function fitsEntry(hours: string): boolean {
  return new Decimal(hours).decimalPlaces() <= 2 && compareDecimal(hours, '0') > 0 && compareDecimal(hours, '24') <= 0;
}

/**
 * A new entry, released as it is saved: it has been approved in the time system. Without `TimeSheetOperation` SAP answers 201 and makes nothing (SAP note
 * 3744148).
 */
export function newEntry(posting: LaborPosting, person: WorkAgreement, element: string, options: SapOptions): object {
  const isBilled = posting.billing.status === 'actuals' && posting.purpose !== 'labor';
  return {
    ...headOf(person, posting.workDate, 'C'),
    TimeSheetDataFields: {
      ControllingArea: options.controllingArea,
      ActivityType: options.activityTypes[posting.laborCategory] ?? options.activityType,
      WBSElement: element,
      ...(isBilled ? {} : { BillingControlCategory: options.notBilled }),
      TimeSheetNote: noteOf({ key: posting.key, legalEntity: posting.legalEntity }, posting.notes),
      RecordedHours: decimalText(posting.hours),
      RecordedQuantity: decimalText(posting.hours),
      HoursUnitOfMeasure: 'H',
    },
  };
}

/** Takes an entry back: SAP cancels what has been approved, with a document of its own. */
export function cancellation(entry: Pick<Entry, 'person' | 'record'>, workDate: LocalDate): object {
  return { ...headOf(entry.person, workDate, 'D'), TimeSheetRecord: entry.record, TimeSheetDataFields: {} };
}

function headOf({ id, companyCode }: WorkAgreement, workDate: LocalDate, operation: 'C' | 'D') {
  return { PersonWorkAgreementExternalID: id, CompanyCode: companyCode, TimeSheetDate: jsonDate(workDate), TimeSheetIsReleasedOnSave: true, TimeSheetIsExecutedInTestRun: false, TimeSheetOperation: operation };
}

export interface Item {
  readonly key: string;
  readonly body: object;
}
/** The record's number, or why it was not written. */
export type Written = ReadonlyMap<string, string | SystemFailure>;

/**
 * Writes entries, several in one `$batch`, each a change set of its own: one that is refused keeps none of the others back.
 * @throws SystemFailure where the call as a whole failed, with `written: 'unknown'` where some may have been written
 */
export async function writeEntries(sap: Sap, items: readonly Item[], linesPerRequest: number, about: About): Promise<Written> {
  const written = new Map<string, string | SystemFailure>();
  for (const [index, some] of inGroups(items, linesPerRequest).entries()) {
    const make = () => (some[0] !== undefined && some.length === 1 ? writeOne(sap, some[0], written, about) : writeMany(sap, some, written, about));
    await (index === 0 ? make() : afterFirstWrite(make));
  }
  return written;
}

async function writeOne(sap: Sap, { key, body }: Item, written: Map<string, string | SystemFailure>, about: About): Promise<void> {
  try {
    written.set(key, (await sap.create(SERVICE, SET, body, madeRow, about)).TimeSheetRecord);
  } catch (error) {
    if (!isSystemFailure(error) || error.failure.written === 'unknown' || error.failure.kind === 'transient') throw error;
    written.set(key, error);
  }
}

async function writeMany(sap: Sap, items: readonly Item[], written: Map<string, string | SystemFailure>, about: About): Promise<void> {
  const outcomes = await sap.batch(SERVICE, items.map(({ body }): Operation[] => [{ method: 'POST', path: SET, body }]), about);
  for (const [index, { key }] of items.entries()) {
    const outcome = outcomes[index];
    if (outcome === undefined) continue;
    if ('bodies' in outcome) written.set(key, bodyIn(sap.system, about.object, outcome.bodies[0], madeRow).TimeSheetRecord);
    else if (outcome.refusal.failure.written === 'unknown') throw outcome.refusal;
    else written.set(key, outcome.refusal);
  }
}
