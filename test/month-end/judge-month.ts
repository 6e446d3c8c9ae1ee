import type { FirmConfig } from '../../domain/config/schema.ts';
import { costRateSchema, projectRateSchema, timeAssignmentSchema, timePersonSchema, timeProjectSchema, timesheetContextSchema, transferRateSchema, type TimesheetContext } from '../../domain/model/time/context.ts';
import type { EnrichedEntry, PostedEntry } from '../../domain/model/time/enriched-entry.ts';
import { accountingPeriodSchema, payPeriodSchema } from '../../domain/model/time/periods.ts';
import type { RecordRef } from '../../domain/model/time/record.ts';
import type { TimeEntry } from '../../domain/model/time/time-entry.ts';
import type { Timesheet } from '../../domain/model/time/timesheet.ts';
import { validateTimesheet } from '../../domain/rules/timesheet/validate.ts';
import { addMoney } from '../../domain/money.ts';
import type { Outcome, ReferenceRow, SampleMonth, SampleTimesheet } from '../../starters/month-end/sample/index.ts';

export interface Verdict {
  readonly outcome: Outcome;
  /** Finding codes, or the reason to be held. */
  readonly codes: readonly string[];
  readonly labor: EnrichedEntry | null;
}

export interface JudgedSheet {
  readonly told: SampleTimesheet;
  readonly verdicts: readonly Verdict[];
}

type Context = TimesheetContext;
/** The row says besides which ERP the entity's books are in. */
const entitySchema = timesheetContextSchema.shape.legalEntities.element.strip();
const roleSchema = timesheetContextSchema.shape.roles.element;

/** Looks reference rows up as a store does, each parsed by its canonical schema. */
class Reference {
  readonly #rows = new Map<string, object[]>();
  readonly firmWide: Pick<Context, 'legalEntities' | 'roles' | 'periods' | 'payPeriods'>;

  /** @throws RangeError where two rows have one key */
  constructor(rows: Iterable<ReferenceRow>) {
    const keys = new Set<string>();
    for (const { kind, key, scope, document } of rows) {
      if (keys.has(`${kind} ${key}`)) throw new RangeError(`the reference has two rows ${kind} ${key}`);
      keys.add(`${kind} ${key}`);
      for (const place of [`${kind} ${scope}`, kind]) {
        const documents = this.#rows.get(place);
        if (documents === undefined) this.#rows.set(place, [document]);
        else documents.push(document);
      }
    }
    this.firmWide = {
      legalEntities: this.of('entity').map((document) => entitySchema.parse(document)),
      roles: this.of('role').map((document) => roleSchema.parse(document)),
      periods: this.of('accounting_period').map((document) => accountingPeriodSchema.parse(document)),
      payPeriods: this.of('pay_period').map((document) => payPeriodSchema.parse(document)),
    };
  }

  of(kind: string, scope?: string): readonly object[] {
    return this.#rows.get(scope === undefined ? kind : `${kind} ${scope}`) ?? [];
  }
}

/** A correction of a correction would need a third. */
const ROUNDS = 2;

/**
 * The whole month through the real rules, timesheet by timesheet as they arrive, then once more what is held. A small, plain line of its own: an oracle for what the generator says must become of each entry.
 */
export class MonthJudge {
  readonly #month: SampleMonth;
  readonly #config: FirmConfig;
  readonly #reference: Reference;
  readonly #posted = new Map<string, PostedEntry[]>();
  readonly #refused: Context['refused'] = [];
  readonly #used = new Map<string, string>();

  constructor(month: SampleMonth, config: FirmConfig) {
    this.#month = month;
    this.#config = config;
    this.#reference = new Reference(month.reference());
  }

  /** @param order for another order of arrival */
  run(order: (sheets: SampleTimesheet[]) => readonly SampleTimesheet[] = (sheets) => sheets): JudgedSheet[] {
    const judged = new Map<SampleTimesheet, readonly Verdict[]>();
    for (const told of order([...this.#month.timesheets()])) judged.set(told, this.#judge(told));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [told, before] of judged) {
        if (!before.some(({ outcome }) => outcome === 'held')) continue;
        const now = this.#judge(told);
        judged.set(told, before.map((verdict, position) => (verdict.outcome === 'held' ? (now[position] ?? verdict) : verdict)));
      }
    }
    return [...judged].map(([told, verdicts]) => ({ told, verdicts }));
  }

  #judge(told: SampleTimesheet): Verdict[] {
    const { sheet } = told;
    const context = this.#contextOf(sheet);
    const decision = validateTimesheet(sheet, context);
    const verdicts = new Map<TimeEntry, Verdict>();
    const repeats = new Set(decision.repeats.map(({ id, version }) => `${id}@${version}`));
    for (const { entry, findings } of decision.rejected) verdicts.set(entry, { outcome: 'rejected', codes: findings.map(({ code }) => code), labor: null });
    for (const { entry, reason } of decision.held) verdicts.set(entry, { outcome: 'held', codes: [reason.code], labor: null });
    for (const labor of decision.accepted) {
      if (repeats.has(`${labor.entry.id}@${labor.entry.version}`)) continue;
      verdicts.set(labor.entry, { outcome: 'accepted', codes: [], labor });
      this.#post(labor);
    }
    for (const { entry } of decision.rejected) this.#refused.push({ system: entry.system, id: entry.id, version: entry.version, replaces: entry.replaces });
    for (const { posted, labor } of decision.payChanges) this.#replace(posted, { ...posted, labor });
    return sheet.entries.map((entry) => verdicts.get(entry) ?? { outcome: 'repeat', codes: [], labor: null });
  }

  #post(labor: EnrichedEntry): void {
    const { entry } = labor;
    const mine = this.#posted.get(entry.person) ?? [];
    const replaced = entry.replaces;
    this.#posted.set(entry.person, [
      ...mine.map((one) => (replaced !== null && one.labor.entry.id === replaced.id && one.labor.entry.version === replaced.version ? { ...one, state: 'superseded' as const } : one)),
      { schema: 'posted-time-entry', schemaVersion: 1, state: 'in_force', labor },
    ]);
    const original = mine.find(({ labor: before }) => before.entry.id === replaced?.id && before.entry.version === replaced.version);
    const before = { amount: this.#used.get(labor.projectNumber) ?? '0', currency: labor.billing.amount.currency };
    const after = addMoney(before, labor.billing.amount).amount;
    this.#used.set(labor.projectNumber, original?.labor.projectNumber === labor.projectNumber ? addMoney({ ...before, amount: after }, { ...before, amount: `-${original.labor.billing.amount.amount}` }).amount : after);
  }

  #replace(before: PostedEntry, after: PostedEntry): void {
    const { person, id, version } = before.labor.entry;
    const isIt = ({ labor }: PostedEntry) => labor.entry.id === id && labor.entry.version === version;
    this.#posted.set(person, (this.#posted.get(person) ?? []).map((one) => (isIt(one) ? { ...after, state: one.state } : one)));
  }

  #contextOf(sheet: Timesheet): Context {
    const emails = [...new Set([sheet.person, ...sheet.entries.map(({ person }) => person)])];
    const people = emails.flatMap((email) => this.#reference.of('person', email)).map((document) => timePersonSchema.parse(document));
    const projects = [...new Set(sheet.entries.flatMap(({ projectNumber }) => this.#codesOf(projectNumber)))].flatMap((number) => this.#reference.of('project', number)).map((document) => timeProjectSchema.parse(document));
    const others = sheet.entries.flatMap(({ replaces }) => (replaces === null ? [] : this.#postedEntry(replaces)));
    const mine = this.#posted.get(sheet.person) ?? [];
    const { firm, laborCategories, regionalRules, payCodes, timeClosing } = this.#config;
    return {
      schema: 'timesheet-context',
      schemaVersion: 1,
      asOf: this.#month.asOf,
      configHash: 'test',
      hoursPerDay: firm.hoursPerDay,
      ...this.#reference.firmWide,
      laborCategories: laborCategories.map(({ code }) => code),
      people,
      projects: projects.map((project) => (project.cap === null ? project : { ...project, cap: { ...project.cap, used: { ...project.cap.used, amount: this.#used.get(project.number) ?? '0' } } })),
      assignments: emails.flatMap((email) => this.#reference.of('assignment', email)).map((document) => timeAssignmentSchema.parse(document)),
      rates: projects.flatMap(({ number }) => this.#reference.of('rate', number)).map((document) => projectRateSchema.parse(document)),
      transferRates: people.flatMap(({ legalEntity }) => this.#reference.of('transfer_rate', legalEntity)).map((document) => transferRateSchema.parse(document)),
      costRates: people.flatMap(({ legalEntity }) => this.#reference.of('cost_rate', legalEntity)).map((document) => costRateSchema.parse(document)),
      ruleSets: regionalRules,
      payCodes,
      closings: timeClosing,
      posted: [...mine, ...others.filter((one) => !mine.includes(one))],
      refused: this.#refused,
      waivers: [],
      withdrawals: [],
    };
  }

  /** A project's codes before and after it changed. */
  #codesOf(number: string): string[] {
    return number.endsWith('-R') ? [number.slice(0, -2), number] : [number, `${number}-R`];
  }

  #postedEntry({ id, version }: RecordRef): PostedEntry[] {
    for (const posted of this.#posted.values()) {
      const found = posted.find(({ labor }) => labor.entry.id === id && labor.entry.version === version);
      if (found !== undefined) return [found];
    }
    return [];
  }
}
