import { createHash } from 'node:crypto';
import { setImmediate as breathe } from 'node:timers/promises';
import { Decimal } from 'decimal.js';
import { sql } from 'kysely';
import type { TimesheetContext } from '../../domain/model/time/context.ts';
import { postedEntrySchema, type PostedEntry } from '../../domain/model/time/enriched-entry.ts';
import type { LaborPosting } from '../../domain/model/time/labor-posting.ts';
import { timesheetSchema, type Timesheet } from '../../domain/model/time/timesheet.ts';
import { addDays } from '../../domain/dates.ts';
import { money } from '../../domain/money.ts';
import { planDropped, toldOf } from '../../domain/rules/timesheet/adjust.ts';
import { bookTimesheet, postingKeysOf, type Booking, type Books, type Standing } from '../../domain/rules/timesheet/book.ts';
import type { TimeFinding } from '../../domain/rules/timesheet/finding.ts';
import { refKey } from '../../domain/rules/timesheet/index-context.ts';
import type { TimesheetDecision } from '../../domain/rules/timesheet/validate.ts';
import type { Db } from '../../store/database.ts';
import { approvedVersions, capsUsed, heldRecordsOf, lockForDecision, noteReleased, openPositions, postedAround, postingLines, refusedAmong, waiversOf, withdrawalsOf, writeDecision, type DecisionRows, type EntryRow, type OutcomeRow } from '../../store/time/decide.ts';
import { recordsOf, type RecordSelection, type StoredRecord } from '../../store/time/records.ts';
import { judged, nothingBookable, NOTHING_DECIDED, notTakenBack, outcomesOf } from './outcomes.ts';
import type { Reference } from './reference.ts';
import { repaidWithout } from './repay.ts';
import { entriesOf, entryKey, inOrderOfArrival, isLater, takesPlaceOf } from './told.ts';
import { remember } from './undo.ts';

const BREATHE_AFTER = 4;
/** Entries this many days around a timesheet can share a week, a day or a rest with it. */
const DAYS_AROUND = 8;

/** Evidence of the postings and pay lines of a decision: keys are short hashes of what they stand for. */
export function keyOf(...parts: readonly string[]): string {
  return `q${createHash('sha256').update(parts.map((part) => `${part.length}:${part}`).join('/')).digest('base64url').slice(0, 26)}`;
}

interface Judged {
  readonly record: StoredRecord;
  /** The whole timesheet. */
  readonly sheet: Timesheet;
  /** Positions up for decision; the others were decided before. */
  readonly positions: readonly number[];
}

interface PostedOf {
  readonly generation: number;
  readonly postedGeneration: number;
}

/**
 * Decides about received timesheets in one transaction: outcomes, entries in force, planned postings and pay lines stand together or not at all.
 * Decisions about the same people or capped projects wait for each other, so that no two judge beside one another what is one week or one cap.
 * @param again also decides anew what was refused or held before
 * @returns how many records were decided
 */
export async function decideRecords(db: Db, reference: Reference, terms: { readonly selection: RecordSelection; readonly again: boolean; readonly asOf: string }): Promise<number> {
  return await db.transaction().execute(async (transaction) => {
    const records = await recordsOf(transaction, terms.selection);
    const sheets = new Map(records.map((record) => [record.id, timesheetSchema.parse(record.document)]));
    const names = namesOf([...sheets.values()], reference);
    await lockForDecision(transaction, names);
    // Another decision may have been made while this one waited for its locks.
    const { rows: undecided } = await sql<{ id: number }>`select id from time_record where id = any(${records.map(({ id }) => id)}::bigint[]) and state = 'received'`.execute(transaction);
    const fresh = new Set(undecided.map(({ id }) => id));
    const open = Map.groupBy(terms.again ? await openPositions(transaction, records.map(({ id }) => id)) : [], ({ record }) => record);
    const due = records.flatMap((record): Judged[] => {
      const sheet = sheets.get(record.id);
      if (sheet === undefined) return [];
      if (fresh.has(record.id)) return [{ record, sheet, positions: sheet.entries.map((_, position) => position) }];
      const positions = open.get(record.id)?.map(({ position }) => position) ?? [];
      return positions.length === 0 ? [] : [{ record, sheet, positions }];
    });
    if (due.length === 0) return 0;
    const waiting = await waitingFor(transaction, due);
    const others = namesOf(waiting.map(({ sheet }) => sheet), reference).filter((name) => !names.includes(name));
    if (others.length > 0) await lockForDecision(transaction, others);
    const decision = await createDecision(transaction, reference, terms.asOf, due, waiting);
    for (const [number, judged] of inOrderOfArrival(due).entries()) {
      decision.judge(judged);
      // A large page lets others in between.
      if (number % BREATHE_AFTER === BREATHE_AFTER - 1) await breathe();
    }
    decision.releaseHeld(waiting);
    await writeDecision(transaction, decision.rows());
    await noteReleased(transaction, waiting.map(({ record }) => record.id).filter((id) => decision.hasDecided(id)), due[0]?.record.id ?? 0);
    return due.length;
  });
}

function namesOf(sheets: readonly Timesheet[], reference: Reference): string[] {
  const people = sheets.flatMap((sheet) => [sheet.person, ...sheet.entries.map(({ person }) => person)]);
  const projects = [...new Set(sheets.flatMap(({ entries }) => entries.map(({ projectNumber }) => projectNumber)))];
  return [...new Set(people.map((email) => `person ${email}`)), ...projects.flatMap((number) => reference.projectFamily(number).filter(({ cap }) => cap !== null).map((project) => `cap ${project.number}`))];
}

async function waitingFor(db: Db, due: readonly Judged[]): Promise<Judged[]> {
  const things = due.flatMap(({ sheet }) => sheet.entries.map(({ id, version }) => `time entry ${id} version ${version}`));
  const held = await heldRecordsOf(db, [...new Set(due.map(({ sheet }) => sheet.person))], things, due.map(({ record }) => record.id));
  const positions = Map.groupBy((await openPositions(db, held.map(({ id }) => id))).filter(({ outcome }) => outcome === 'held'), ({ record }) => record);
  return held.map((record) => ({ record, sheet: timesheetSchema.parse(record.document), positions: positions.get(record.id)?.map(({ position }) => position) ?? [] }));
}

async function createDecision(db: Db, reference: Reference, asOf: string, due: readonly Judged[], waiting: readonly Judged[]) {
  const all = [...due, ...waiting];
  const sheets = all.map(({ sheet }) => sheet);
  const entries = sheets.flatMap((sheet) => sheet.entries);
  const dates = [...sheets.map(({ weekStart }) => weekStart), ...entries.map(({ workDate }) => workDate)].toSorted();
  const entryIds = [...new Set(entries.flatMap(({ id, replaces }) => (replaces === null ? [id] : [id, replaces.id])))];
  const refused = await refusedAmong(db, entryIds);
  const known = await postedAround(db, {
    people: [...new Set([...sheets.map(({ person }) => person), ...entries.map(({ person }) => person)])],
    from: addDays(dates[0] ?? '2000-01-01', -DAYS_AROUND),
    to: addDays(dates.at(-1) ?? '2000-01-01', DAYS_AROUND),
    timesheets: [...new Set(sheets.flatMap(({ system, id, replaces }) => [`${system}\u0001${id}`, ...(replaces === null ? [] : [`${system}\u0001${replaces.id}`])]))],
    entries: [...entries.map(({ system, id }) => `${system}\u0001${id}`), ...[...entries, ...refused].flatMap(({ system, replaces }) => (replaces === null ? [] : [`${system}\u0001${replaces.id}`]))],
  });
  const posted = new Map<string, PostedEntry>();
  const bookings = new Map<string, PostedOf>();
  for (const row of known) {
    const entry = postedEntrySchema.parse({ schema: 'posted-time-entry', schemaVersion: 1, state: row.state, labor: row.labor });
    const key = entryKey(entry.labor.entry);
    posted.set(key, entry);
    bookings.set(key, row);
  }
  const byPerson = new Map([...Map.groupBy(posted.values(), ({ labor }) => labor.entry.person)].map(([person, list]) => [person, new Set(list)]));
  const lines = new Map((await postingLines(db, [...bookings].flatMap(([key, { postedGeneration }]) => keysOf(posted.get(key), postedGeneration)))).map(({ key, line }) => [key, line as LaborPosting]));
  refused.push(...(await refusedAmong(db, [...posted.values()].flatMap(({ labor: { entry } }) => (entry.replaces === null || entry.replaces.id === entry.id ? [] : [entry.replaces.id])))));
  const withdrawals = await withdrawalsOf(db, sheets.map(({ id }) => id));
  const waivers = await waiversOf(db, entryIds);
  // Also of projects that something is only taken back on: that needs no lock, as it leaves more to bill, never less.
  const billedOn = [...entries.map(({ projectNumber }) => projectNumber), ...[...posted.values()].map(({ labor }) => labor.projectNumber)];
  const caps = new Map(await capsUsed(db, [...new Set([...new Set(billedOn)].flatMap((number) => reference.projectFamily(number).filter(({ cap }) => cap !== null).map(({ number: capped }) => capped)))]));
  const capChanges = new Map<string, Decimal>();
  const approved = (await approvedVersions(db, { systems: [...new Set(sheets.map(({ system }) => system))], ids: [...new Set(sheets.map(({ id }) => id))] }, due.map(({ record }) => record.id))).map((document) => timesheetSchema.parse(document));
  const rows = { decided: [] as number[], outcomes: new Map<string, OutcomeRow>(), entries: new Map<string, EntryRow>(), ended: new Map<string, DecisionRows['ended'][number]>(), postings: [] as DecisionRows['postings'][number][], payLines: [] as DecisionRows['payLines'][number][], withdrawals: [] as DecisionRows['withdrawals'][number][], answers: new Map<string, DecisionRows['answers'][number]>(), acceptedLate: [] as DecisionRows['acceptedLate'][number][] };

  function contextFor(sheet: Timesheet): TimesheetContext {
    const people = new Set([sheet.person, ...sheet.entries.map(({ person }) => person)]);
    const own = new Set([...people].flatMap((person) => [...(byPerson.get(person) ?? [])]));
    // A correction may name an entry of somebody else: the rules have to see it to refuse it.
    for (const { system, replaces } of sheet.entries) {
      if (replaces === null) continue;
      const original = posted.get(entryKey({ system, ...replaces }));
      if (original !== undefined) own.add(original);
    }
    return {
      ...reference.sliceFor(sheet, asOf, caps, [...own]),
      posted: [...own],
      refused,
      waivers: waivers.map(({ code, by, ...entry }) => ({ entry, code, by })),
      withdrawals: withdrawals.map(({ at, ...timesheet }) => ({ timesheet, at })),
      laterVersions: approved.filter((one) => takesPlaceOf(one, sheet)).map((one) => ({ version: one.version, entries: [...toldOf(one)] })),
    };
  }

  function standing(entry: { readonly system: string; readonly id: string; readonly version: number }): Standing | undefined {
    const key = entryKey(entry);
    const one = posted.get(key);
    const booked = bookings.get(key);
    if (one === undefined || booked === undefined) return undefined;
    return { posted: one, ...booked, lines: keysOf(one, booked.postedGeneration).flatMap((posting) => lines.get(posting) ?? []) };
  }

  const books: Books = { erpOf: reference.erpOf, keyOf, standing };

  function judge({ record, sheet, positions }: Judged): boolean {
    const asked = new Set(positions);
    const part: Timesheet = { ...sheet, entries: sheet.entries.filter((_, position) => asked.has(position)) };
    const context = contextFor(sheet);
    let decision: TimesheetDecision;
    let booking: Booking;
    if (sheet.approval.status === 'withdrawn') {
      decision = NOTHING_DECIDED;
      withdrawals.push({ system: sheet.system, id: sheet.id, version: sheet.version, at: sheet.approval.decidedAt ?? asOf });
      rows.withdrawals.push({ system: sheet.system, timesheetId: sheet.id, version: sheet.version, at: sheet.approval.decidedAt ?? asOf, record: record.id });
    } else {
      decision = judged(part, context);
    }
    const later = approved.filter((one) => isLater(one, sheet));
    if (sheet.approval.status === 'approved') approved.push(sheet);
    let outcomes: readonly OutcomeRow[];
    let undo: (() => void) | undefined;
    try {
      const standingContext = without(entriesOf(later), sheet, context);
      const dropped = new Set(planDropped(sheet, standingContext).flatMap(({ lines }) => lines.map(({ of }) => refKey(of))));
      // What the sheet takes back is not paid otherwise first.
      booking = bookTimesheet(sheet, { ...decision, payChanges: decision.payChanges.filter(({ posted: one }) => one.labor.timesheet.id !== sheet.id || !dropped.has(refKey(one.labor.entry))) }, standingContext, books);
      // What follows of it may find no open period either.
      if (booking.ended.length > 0 || later.length > 0) undo = remember([posted, bookings, byPerson, lines, caps, capChanges, rows.entries, rows.ended], [rows.postings, rows.payLines]);
      apply(record, booking);
      dropForLater(record, sheet, later);
      outcomes = outcomesOf(record, sheet, positions, decision);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      undo?.();
      decision = nothingBookable(part, decision, error.message);
      booking = { entries: [], ended: [], postings: [], payLines: [] };
      outcomes = sheet.entries.length === 0 ? [notTakenBack(record, sheet, error.message)] : outcomesOf(record, sheet, positions, decision);
    }
    for (const outcome of outcomes) rows.outcomes.set(`${record.id} ${outcome.position}`, outcome);
    rows.decided.push(record.id);
    for (const { entry } of decision.rejected) refused.push({ system: sheet.system, id: entry.id, version: entry.version, replaces: entry.replaces });
    if (later.length > 0) rows.acceptedLate.push(...outcomes.flatMap(({ outcome, position }) => (outcome === 'accepted' ? sheet.entries.slice(position, position + 1) : [])).map((entry) => ({ record: record.id, system: sheet.system, id: entry.id, version: entry.version, entry })));
    planAnswer(record, sheet, outcomes, booking);
    return outcomes.some(({ outcome }) => outcome !== 'held');
  }

  /** A version that comes late takes nothing back that a later approved one holds. */
  function without(listed: ReadonlySet<string>, sheet: Timesheet, context: TimesheetContext): TimesheetContext {
    if (listed.size === 0) return context;
    const own = new Set(sheet.approval.status === 'withdrawn' ? [] : sheet.entries.flatMap(({ id, replaces }) => [id, replaces?.id ?? id]));
    return { ...context, posted: context.posted.filter(({ labor: { entry, timesheet } }) => timesheet.id !== sheet.id || own.has(entry.id) || !listed.has(entryKey(entry))) };
  }

  /** What it brings and a later one holds no longer is taken back at once. */
  function dropForLater(record: StoredRecord, sheet: Timesheet, later: readonly Timesheet[]): void {
    const newest = later.toSorted((left, right) => right.version - left.version)[0];
    if (newest === undefined || sheet.approval.status !== 'approved') return;
    apply(record, bookTimesheet(newest, NOTHING_DECIDED, contextFor(sheet), books));
  }

  function apply(record: StoredRecord, booking: Booking): void {
    take(record, booking);
    if (booking.ended.length === 0) return;
    const sheet = timesheetSchema.parse(record.document);
    const context = contextFor(sheet);
    const payChanges = repaidWithout(booking.ended.map(({ posted: one }) => one), context);
    if (payChanges.length > 0) take(record, bookTimesheet({ ...sheet, replaces: null, approval: { ...sheet.approval, status: 'approved' } }, { ...NOTHING_DECIDED, payChanges }, context, books));
  }

  function take(record: StoredRecord, booking: Booking): void {
    for (const { posted: one, state } of booking.ended) {
      const { entry } = one.labor;
      const key = entryKey(entry);
      put({ ...one, state }, one);
      useCap(one, -1);
      const decidedNow = rows.entries.get(key);
      if (decidedNow !== undefined) rows.entries.set(key, { ...decidedNow, state });
      else rows.ended.set(key, { record: record.id, system: entry.system, entryId: entry.id, version: entry.version, state });
    }
    for (const { labor, generation, postedGeneration } of booking.entries) {
      const { entry } = labor;
      const key = entryKey(entry);
      const before = posted.get(key);
      if (before?.state === 'in_force') useCap(before, -1);
      const now: PostedEntry = { schema: 'posted-time-entry', schemaVersion: 1, state: 'in_force', labor };
      put(now, before);
      bookings.set(key, { generation, postedGeneration });
      useCap(now, 1);
      rows.ended.delete(key);
      rows.entries.set(key, {
        record: record.id,
        state: 'in_force',
        system: entry.system,
        entryId: entry.id,
        version: entry.version,
        timesheetId: labor.timesheet.id,
        timesheetVersion: labor.timesheet.version,
        person: entry.person,
        workDate: entry.workDate,
        projectNumber: labor.projectNumber,
        legalEntity: labor.legalEntity,
        employer: labor.employer,
        hours: entry.hours,
        currency: labor.billing.amount.currency,
        billed: labor.billing.amount.amount,
        writtenOff: labor.billing.writtenOff.amount,
        generation,
        postedGeneration,
        labor,
      });
    }
    for (const line of booking.postings) {
      if (line.kind === 'original') lines.set(line.key, line);
      rows.postings.push({ key: line.key, record: record.id, system: line.system, legalEntity: line.legalEntity, accountingPeriod: line.accountingPeriod, kind: line.kind, reverses: line.reverses, hours: line.hours, currency: line.billing.amount.currency, amount: line.billing.amount.amount, line });
    }
    for (const { entry, ...line } of booking.payLines) rows.payLines.push({ ...line, record: record.id, entrySystem: entry.system, entryId: entry.id, entryVersion: entry.version });
  }

  function put(now: PostedEntry, before: PostedEntry | undefined): void {
    const { entry } = now.labor;
    posted.set(entryKey(entry), now);
    const own = new Set(byPerson.get(entry.person));
    if (before !== undefined) own.delete(before);
    own.add(now);
    byPerson.set(entry.person, own);
  }

  function useCap({ labor }: PostedEntry, sign: 1 | -1): void {
    const { projectNumber, billing } = labor;
    const project = reference.projectFamily(projectNumber).find(({ number }) => number === projectNumber);
    if (project === undefined || project.cap === null || billing.status !== 'actuals') return;
    const used = caps.get(projectNumber) ?? { used: '0', currency: billing.amount.currency };
    const billed = new Decimal(billing.amount.amount).times(sign);
    caps.set(projectNumber, { currency: used.currency, used: money(new Decimal(used.used).plus(billed), used.currency).amount });
    capChanges.set(projectNumber, billed.plus(capChanges.get(projectNumber) ?? 0));
  }

  function planAnswer(record: StoredRecord, sheet: Timesheet, outcomes: readonly OutcomeRow[], booking: Booking): void {
    const refusedNow = outcomes.filter(({ position, outcome, findings }) => outcome === 'rejected' && position < sheet.entries.length && findings.every((finding) => (finding as TimeFinding).kind === 'business_rule'));
    if (refusedNow.length > 0) {
      rows.answers.set(`${record.id} reject`, {
        record: record.id,
        kind: 'reject',
        system: sheet.system,
        detail: { timesheetId: sheet.id, version: sheet.version, person: sheet.person, entries: refusedNow.map(({ entryId, entryVersion, findings }) => ({ id: entryId, version: entryVersion, findings: (findings as readonly TimeFinding[]).map(({ code, message, mend }) => ({ code, message, mend })) })) },
      });
    } else if (booking.entries.length > 0) {
      rows.answers.set(`${record.id} lock`, { record: record.id, kind: 'lock', system: sheet.system, detail: { timesheetId: sheet.id, version: sheet.version, entries: booking.entries.map(({ labor }) => ({ id: labor.entry.id, version: labor.entry.version })) } });
    }
  }

  return {
    judge,
    /** What waited for something that is there now is judged again, until nothing more comes free. */
    releaseHeld(waiting: readonly Judged[]): void {
      const decidedNow = all.filter(({ record }) => rows.decided.includes(record.id));
      let left = inOrderOfArrival([...waiting, ...decidedNow].flatMap((judged) => heldPart(judged)));
      for (let before = Infinity; left.length > 0 && left.length < before; ) {
        before = left.length;
        left = left.filter((judged) => !judge(judged)).flatMap(heldPart);
      }
    },
    hasDecided: (record: number): boolean => rows.decided.includes(record) && [...rows.outcomes.values()].some((outcome) => outcome.record === record && outcome.outcome !== 'held'),
    rows: (): DecisionRows => ({
      decided: [...new Set(rows.decided)],
      outcomes: [...rows.outcomes.values()],
      entries: [...rows.entries.values()],
      ended: [...rows.ended.values()],
      postings: rows.postings,
      payLines: rows.payLines,
      caps: [...capChanges].flatMap(([projectNumber, billed]) => {
        const cap = caps.get(projectNumber);
        return cap === undefined || billed.isZero() ? [] : [{ projectNumber, currency: cap.currency, billed: billed.toFixed() }];
      }),
      withdrawals: rows.withdrawals,
      answers: [...rows.answers.values()],
      acceptedLate: rows.acceptedLate,
    }),
  };

  /** The positions of a record that wait: by this decision where it looked at them, else by an earlier one. */
  function heldPart(judged: Judged): Judged[] {
    const positions = judged.positions.filter((position) => {
      const outcome = rows.outcomes.get(`${judged.record.id} ${position}`);
      return outcome === undefined || outcome.outcome === 'held';
    });
    return positions.length === 0 ? [] : [{ ...judged, positions }];
  }
}

function keysOf(posted: PostedEntry | undefined, generation: number): string[] {
  return posted === undefined ? [] : postingKeysOf(posted.labor.entry, generation, keyOf);
}
