import { createHash } from 'node:crypto';
import { Decimal } from 'decimal.js';
import type { TimesheetContext } from '../../domain/model/time/context.ts';
import { postedEntrySchema, type PostedEntry } from '../../domain/model/time/enriched-entry.ts';
import type { LaborPosting } from '../../domain/model/time/labor-posting.ts';
import type { TimeEntry } from '../../domain/model/time/time-entry.ts';
import { timesheetSchema, type Timesheet } from '../../domain/model/time/timesheet.ts';
import { addDays } from '../../domain/dates.ts';
import { money } from '../../domain/money.ts';
import { planDropped, toldOf } from '../../domain/rules/timesheet/adjust.ts';
import { bookBillingChanges, bookTimesheet, postingKeysOf, postingsOf, type Booking, type Books, type Standing } from '../../domain/rules/timesheet/book.ts';
import { trueUpCap, type BillingChange } from '../../domain/rules/timesheet/cap-true-up.ts';
import type { TimeFinding } from '../../domain/rules/timesheet/finding.ts';
import { refKey } from '../../domain/rules/timesheet/index-context.ts';
import type { TimesheetDecision } from '../../domain/rules/timesheet/validate.ts';
import { inOrder } from '../../domain/rules/timesheet/work.ts';
import type { Db } from '../../store/database.ts';
import { billedByDay, inForceOn } from '../../store/time/caps.ts';
import { approvedVersions, capsUsed, postedAround, postingLines, refusedAmong, waiversOf, withdrawalsOf, type DecisionRows, type EntryRow, type OutcomeRow } from '../../store/time/decide.ts';
import type { StoredRecord } from '../../store/time/records.ts';
import { daysOfCap, isBilled, sharesOf } from './cap-days.ts';
import { createCapLedger, type CapToShare } from './cap-ledger.ts';
import { judged, nothingBookable, NOTHING_DECIDED, notTakenBack, outcomesOf } from './outcomes.ts';
import type { Reference } from './reference.ts';
import { repaidWithout } from './repay.ts';
import { entriesOf, entryKey, inOrderOfArrival, isLater, takesPlaceOf } from './told.ts';
import { remember } from './undo.ts';

/** Entries this many days around a timesheet can share a week, a day or a rest with it. */
const DAYS_AROUND = 8;

/** Evidence of the postings and pay lines of a decision: keys are short hashes of what they stand for. */
export function keyOf(...parts: readonly string[]): string {
  return `q${createHash('sha256').update(parts.map((part) => `${part.length}:${part}`).join('/')).digest('base64url').slice(0, 26)}`;
}

export interface Judged {
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

export type Decision = Awaited<ReturnType<typeof createDecision>>;

/** @param concerned.refused judged before and refused for a cap alone */
export async function createDecision(db: Db, reference: Reference, asOf: string, { due, waiting, refused: refusedForCap }: { readonly due: readonly Judged[]; readonly waiting: readonly Judged[]; readonly refused: readonly Judged[] }) {
  const all = [...due, ...waiting];
  const recordsById = new Map([...refusedForCap, ...all].map((one) => [one.record.id, one]));
  const sheets = [...recordsById.values()].map(({ sheet }) => sheet);
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
  // Also of projects that something is only taken back on: their lock is taken once they turn out to have used less.
  const billedOn = [...entries.map(({ projectNumber }) => projectNumber), ...[...posted.values()].map(({ labor }) => labor.projectNumber)];
  const caps = createCapLedger(reference, await capsUsed(db, [...new Set([...new Set(billedOn)].flatMap((number) => reference.projectFamily(number).filter(({ cap }) => cap !== null).map(({ number: capped }) => capped)))]));
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
      ...reference.sliceFor(sheet, asOf, caps.used, [...own]),
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
      if (booking.ended.length > 0 || later.length > 0) undo = remember([posted, bookings, byPerson, lines, ...caps.maps, rows.entries, rows.ended], [rows.postings, rows.payLines]);
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
    planAnswer(record, sheet, booking);
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
      caps.use(one, -1);
      const decidedNow = rows.entries.get(key);
      if (decidedNow !== undefined) rows.entries.set(key, { ...decidedNow, state });
      else rows.ended.set(key, { record: record.id, system: entry.system, entryId: entry.id, version: entry.version, state });
    }
    for (const { labor, generation, postedGeneration } of booking.entries) {
      const { entry } = labor;
      const key = entryKey(entry);
      const before = posted.get(key);
      const now: PostedEntry = { schema: 'posted-time-entry', schemaVersion: 1, state: 'in_force', labor };
      put(now, before);
      bookings.set(key, { generation, postedGeneration });
      // Where only its pay codes change, it bills what it did.
      if (before?.state !== 'in_force' || before.labor.billing.amount.amount !== labor.billing.amount.amount) {
        if (before?.state === 'in_force') caps.use(before, -1);
        caps.use(now, 1);
      }
      rows.ended.delete(key);
      rows.entries.set(key, {
        record: rows.entries.get(key)?.record ?? record.id,
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

  /** Of all entries of the record that this decision has looked at, however often. */
  function planAnswer(record: StoredRecord, sheet: Timesheet, booking: Booking): void {
    const known = [...rows.outcomes.values()].filter((outcome) => outcome.record === record.id);
    const refusedNow = known.filter(({ position, outcome, findings }) => outcome === 'rejected' && position < sheet.entries.length && findings.every((finding) => (finding as TimeFinding).kind === 'business_rule'));
    if (refusedNow.length > 0) {
      rows.answers.set(`${record.id} reject`, {
        record: record.id,
        kind: 'reject',
        system: sheet.system,
        detail: { timesheetId: sheet.id, version: sheet.version, person: sheet.person, entries: refusedNow.map(({ entryId, entryVersion, findings }) => ({ id: entryId, version: entryVersion, findings: (findings as readonly TimeFinding[]).map(({ code, message, mend }) => ({ code, message, mend })) })) },
      });
      return;
    }
    rows.answers.delete(`${record.id} reject`);
    if (booking.entries.length > 0) {
      rows.answers.set(`${record.id} lock`, { record: record.id, kind: 'lock', system: sheet.system, detail: { timesheetId: sheet.id, version: sheet.version, entries: booking.entries.map(({ labor }) => ({ id: labor.entry.id, version: labor.entry.version })) } });
    }
  }

  interface Candidate {
    readonly record: StoredRecord;
    readonly sheet: Timesheet;
    readonly position: number;
    readonly entry: TimeEntry;
  }

  /** As it was, where it cannot be accepted: somebody has its case before them. */
  function accept({ record, sheet, position }: Candidate): boolean {
    const undo = remember([posted, bookings, byPerson, lines, ...caps.maps, rows.entries, rows.ended, rows.outcomes, rows.answers], [rows.postings, rows.payLines, rows.decided, rows.withdrawals, rows.acceptedLate, refused, approved]);
    judge({ record, sheet, positions: [position] });
    if (rows.outcomes.get(`${record.id} ${position}`)?.outcome === 'accepted') return true;
    undo();
    return false;
  }

  function candidates(before: readonly Judged[]): Candidate[] {
    const open = before.map(({ record, sheet, positions }) => ({ record, sheet, positions: positions.filter((position) => !rows.outcomes.has(`${record.id} ${position}`)) }));
    const now = [...rows.outcomes.values()].flatMap(({ record, position, roomIn }) => {
      const one = roomIn !== null ? recordsById.get(record) : undefined;
      return one === undefined ? [] : [{ ...one, positions: [position] }];
    });
    return [...open, ...now].flatMap(({ record, sheet, positions }) => positions.flatMap((position) => sheet.entries.slice(position, position + 1).map((entry) => ({ record, sheet, position, entry }))));
  }

  /** What was booked in this very decision is booked rightly at once. */
  function rebill({ posted: before, labor }: BillingChange): void {
    const key = entryKey(labor.entry);
    const booked = rows.entries.get(key);
    if (booked === undefined) return;
    const now: PostedEntry = { ...before, labor };
    put(now, before);
    caps.use(before, -1);
    caps.use(now, 1);
    rows.entries.set(key, { ...booked, billed: labor.billing.amount.amount, writtenOff: labor.billing.writtenOff.amount, labor });
    const anew = new Map(postingsOf(labor, booked.postedGeneration, books).map((line) => [line.key, line]));
    for (const line of anew.values()) lines.set(line.key, line);
    for (const [position, planned] of rows.postings.entries()) {
      const line = anew.get(planned.key);
      if (line !== undefined) rows.postings[position] = { ...planned, amount: line.billing.amount.amount, line };
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
    caps,
    /** What was refused for a cap that has given something back since is judged again, in the order of the work. @param before refused by earlier decisions */
    acceptWhatFits(before: readonly Judged[]): void {
      if (!caps.hasGivenBack()) return;
      for (let left = inOrder(candidates(before)); ; ) {
        const still = left.filter((candidate) => !accept(candidate));
        if (still.length === left.length || still.length === 0) return;
        left = still;
      }
    },
    /** Caps that write off what lies beyond, and whose use is to be shared out anew. */
    capsToShare: (): CapToShare[] => caps.toShare(new Set([...rows.entries.values()].flatMap(({ state, writtenOff, projectNumber }) => (state === 'in_force' && Number(writtenOff) > 0 ? [projectNumber] : [])))),
    /** The days that have their share already are only added up: nothing but those whose share changes, or on which the cap ends, is read. */
    async planShares({ projectNumber, from, limit }: CapToShare): Promise<BillingChange[]> {
      const own = [...posted.values()].filter(({ labor }) => labor.projectNumber === projectNumber);
      const days = daysOfCap(await billedByDay(db, projectNumber, from, own.map(({ labor }) => labor.entry)), own.filter((one) => isBilled(one) && one.labor.entry.workDate >= from));
      const shares = sharesOf(days, new Decimal(limit.amount).minus(caps.used.get(projectNumber)?.used ?? 0));
      for (const row of await inForceOn(db, projectNumber, shares.map(({ day }) => day))) {
        const entry = postedEntrySchema.parse({ schema: 'posted-time-entry', schemaVersion: 1, state: row.state, labor: row.labor });
        const key = entryKey(entry.labor.entry);
        if (posted.has(key)) continue;
        put(entry, undefined);
        bookings.set(key, row);
      }
      return shares.flatMap(({ day, left }) => trueUpCap(money(left, limit.currency), [...posted.values()].filter((one) => isBilled(one) && one.labor.projectNumber === projectNumber && one.labor.entry.workDate === day)));
    },
    /** Where no period is open to book it in, the cap stays shared out as it is. */
    async bookShares(changes: readonly BillingChange[]): Promise<void> {
      const [first] = due;
      if (first === undefined || changes.length === 0) return;
      const planned = new Set(rows.postings.map(({ key }) => key));
      const bookedNow = ({ posted: one }: BillingChange) => keysOf(one, bookings.get(entryKey(one.labor.entry))?.postedGeneration ?? 0).some((key) => planned.has(key));
      const before = changes.filter((change) => !bookedNow(change));
      for (const { key, line } of await postingLines(db, before.flatMap(({ posted: one }) => keysOf(one, bookings.get(entryKey(one.labor.entry))?.postedGeneration ?? 0)))) lines.set(key, line as LaborPosting);
      const about: Timesheet = { ...first.sheet, replaces: null, entries: before.map(({ labor }) => labor.entry) };
      const slice = reference.sliceFor(about, asOf, caps.used, before.map(({ posted: one }) => one));
      try {
        take(first.record, bookBillingChanges(before, { ...slice, posted: [], refused: [], waivers: [], withdrawals: [] }, books));
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        return;
      }
      changes.filter(bookedNow).forEach(rebill);
    },
    hasDecided: (record: number): boolean => rows.decided.includes(record) && [...rows.outcomes.values()].some((outcome) => outcome.record === record && outcome.outcome !== 'held'),
    rows: (): DecisionRows => ({
      decided: [...new Set(rows.decided)],
      outcomes: [...rows.outcomes.values()],
      entries: [...rows.entries.values()],
      ended: [...rows.ended.values()],
      postings: rows.postings,
      payLines: rows.payLines,
      caps: caps.rows(),
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
