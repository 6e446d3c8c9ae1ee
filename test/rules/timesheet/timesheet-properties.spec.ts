import assert from 'node:assert/strict';
import { Decimal as Inexact } from 'decimal.js';
import fc from 'fast-check';
import type { FirmConfig } from '../../../domain/config/schema.ts';
import { timesheetContextSchema, type TimePerson, type TimesheetContext } from '../../../domain/model/time/context.ts';
import { enrichedEntrySchema, type PostedEntry } from '../../../domain/model/time/enriched-entry.ts';
import type { TimeEntry } from '../../../domain/model/time/time-entry.ts';
import { timesheetSchema } from '../../../domain/model/time/timesheet.ts';
import { addMoney, money, sumMoney } from '../../../domain/money.ts';
import { netBilled, planAdjustment } from '../../../domain/rules/timesheet/adjust.ts';
import { trueUpCap } from '../../../domain/rules/timesheet/cap-true-up.ts';
import { validateTimesheet, type TimesheetDecision } from '../../../domain/rules/timesheet/validate.ts';
import { anyHome, anyTimesheet, contextOf, correctedWork, USED_BY_OTHERS } from '../../builders/arbitrary-time.ts';
import { theFirm } from '../../builders/firm.ts';
import { aTimesheet, posted } from '../../builders/time.ts';

const Decimal = Inexact.clone({ precision: 80 });
const RUNS = { numRuns: 150 };

const text = (entry: TimeEntry) => JSON.stringify(entry);
const hoursOf = (entries: readonly TimeEntry[]) => entries.reduce((sum, { hours }) => sum.plus(hours), new Decimal(0)).toFixed();

/** The context once what was accepted is posted: corrections supersede, caps are used, pay codes changed. */
function afterPosting(context: TimesheetContext, decision: TimesheetDecision): TimesheetContext {
  const repeats = new Set(decision.repeats.map(({ id, version }) => `${id}@${version}`));
  const fresh = decision.accepted.filter(({ entry }) => !repeats.has(`${entry.id}@${entry.version}`));
  const replaced = new Set(fresh.flatMap(({ entry, outcome }) => (outcome === 'correction' && entry.replaces !== null ? [`${entry.replaces.id}@${entry.replaces.version}`] : [])));
  const before = context.posted.map((one): PostedEntry => {
    const change = decision.payChanges.find((candidate) => candidate.posted === one);
    const state = replaced.has(`${one.labor.entry.id}@${one.labor.entry.version}`) ? 'superseded' : one.state;
    return { ...one, state, labor: change?.labor ?? one.labor };
  });
  const all = [...before, ...fresh.map((labor) => posted(labor))];
  const projects = context.projects.map((project) => {
    if (project.cap === null) return project;
    const delta = fresh.filter(({ projectNumber }) => projectNumber === project.number).map(({ billing }) => billing.amount);
    const released = context.posted.filter((one) => replaced.has(`${one.labor.entry.id}@${one.labor.entry.version}`) && one.labor.projectNumber === project.number).map(({ labor }) => money(new Decimal(labor.billing.amount.amount).negated(), project.currency));
    return { ...project, cap: { ...project.cap, used: addMoney(project.cap.used, sumMoney([...delta, ...released], project.currency)) } };
  });
  return { ...context, projects, posted: all };
}

describe('Every timesheet, whatever its entries', function () {
  this.timeout(60_000);
  let config: FirmConfig;

  before(async () => {
    ({ config } = await theFirm());
  });

  it('reconciles: what was received is accepted, rejected or held, each entry once and every hour of it', () => {
    const outcomes = { accepted: 0, rejected: 0, held: 0 };
    const codes = new Set<string>();
    fc.assert(
      fc.property(anyTimesheet, anyHome, (sheet, home) => {
        const { accepted, rejected, held } = validateTimesheet(sheet, contextOf(config, home));
        const decided = [...accepted.map(({ entry }) => entry), ...rejected.map(({ entry }) => entry), ...held.map(({ entry }) => entry)];
        assert.deepEqual(decided.map(text).toSorted(), sheet.entries.map(text).toSorted());
        assert.equal(hoursOf(decided), hoursOf(sheet.entries));
        outcomes.accepted += accepted.length;
        outcomes.rejected += rejected.length;
        outcomes.held += held.length;
        for (const { findings } of rejected) for (const { code } of findings) codes.add(code);
      }),
      { numRuns: 300 },
    );
    assert.ok(Math.min(...Object.values(outcomes)) > 100, `all outcomes were tried: ${JSON.stringify(outcomes)}`);
    assert.ok(codes.size > 25, `many findings were tried: ${[...codes].toSorted().join(', ')}`);
  });

  it('is judged alike in any order of its entries', () => {
    fc.assert(
      fc.property(anyTimesheet.chain((sheet) => fc.tuple(fc.constant(sheet), fc.shuffledSubarray(sheet.entries, { minLength: sheet.entries.length }))), anyHome, ([sheet, shuffled], home) => {
        const context = contextOf(config, home);
        assert.deepEqual(validateTimesheet({ ...sheet, entries: shuffled }, context), validateTimesheet(sheet, context));
      }),
      RUNS,
    );
  });

  it('is judged alike from documents that went through storage', () => {
    fc.assert(
      fc.property(anyTimesheet, anyHome, (sheet, home) => {
        const context = contextOf(config, home);
        fc.pre(sheet.entries.every(({ notes }) => notes.isWellFormed()));
        const stored = validateTimesheet(timesheetSchema.parse(JSON.parse(JSON.stringify(sheet))), timesheetContextSchema.parse(JSON.parse(JSON.stringify(context))));
        assert.deepEqual(JSON.parse(JSON.stringify(stored)), JSON.parse(JSON.stringify(validateTimesheet(sheet, context))));
      }),
      { numRuns: 25 },
    );
  });

  it('changes nothing when it is posted a second time', () => {
    fc.assert(
      fc.property(anyTimesheet, anyHome, (sheet, home) => {
        const context = contextOf(config, home);
        const first = validateTimesheet(sheet, context);
        const second = validateTimesheet(sheet, afterPosting(context, first));
        assert.deepEqual(second.accepted, first.accepted);
        assert.equal(second.repeats.length, first.accepted.length);
        assert.deepEqual(second.payChanges, []);
      }),
      RUNS,
    );
  });

  it('has no finding without code, record, message and mend, and no hold without what it waits for', () => {
    fc.assert(
      fc.property(anyTimesheet, anyHome, (sheet, home) => {
        const { rejected, held } = validateTimesheet(sheet, contextOf(config, home));
        for (const { entry, findings } of rejected) {
          assert.ok(findings.length > 0);
          for (const { code, record, message, mend } of findings) {
            assert.match(code, /^[A-Z_]+$/);
            assert.equal(record, `${entry.system} ${entry.id} version ${entry.version}`);
            assert.ok(message.length > 10 && mend.length > 5);
          }
        }
        for (const { reason } of held) assert.ok(reason.code.length > 0 && reason.message.length > 10 && reason.waitsFor.length > 5);
      }),
      RUNS,
    );
  });

  it('splits every accepted entry without loss: pay codes add up to its hours, billed and written off to its worth', () => {
    fc.assert(
      fc.property(anyTimesheet, anyHome, (sheet, home) => {
        for (const labor of validateTimesheet(sheet, contextOf(config, home)).accepted) {
          enrichedEntrySchema.parse(labor);
          const { entry, pay, billing } = labor;
          if (home.kind !== 'subcontractor') assert.equal(pay.reduce((sum, { hours }) => sum.plus(hours), new Decimal(0)).toFixed(), new Decimal(entry.hours).toFixed());
          assert.ok(pay.every(({ hours }) => Number(hours) > 0));
          const worth = billing.status === 'actuals' && billing.rate !== null ? money(new Decimal(billing.rate.rate).dividedBy(billing.rate.unit === 'day' ? 8 : 1).times(entry.hours), billing.rate.currency) : money('0', billing.amount.currency);
          assert.deepEqual(addMoney(billing.amount, billing.writtenOff), worth);
        }
      }),
      RUNS,
    );
  });

  it('never bills more than the cap leaves', () => {
    fc.assert(
      fc.property(anyTimesheet, anyHome, (sheet, home) => {
        const context = contextOf(config, home);
        const { accepted } = validateTimesheet(sheet, context);
        for (const { number, cap } of context.projects) {
          if (cap === null) continue;
          const billed = sumMoney(accepted.filter(({ projectNumber }) => projectNumber === number).map(({ billing }) => billing.amount), cap.limit.currency);
          assert.ok(new Decimal(cap.used.amount).plus(billed.amount).lessThanOrEqualTo(cap.limit.amount));
        }
      }),
      RUNS,
    );
  });
});

describe('Corrections, in whatever order they arrive', function () {
  this.timeout(60_000);
  let config: FirmConfig;

  before(async () => {
    ({ config } = await theFirm());
  });

  interface Books {
    readonly inForce: readonly string[];
    readonly billed: string;
    readonly cost: string;
    readonly net: string;
    readonly waiting: number;
  }

  /** Takes entries one by one, each a timesheet of its own, and held ones again after every acceptance. */
  function arrive(entries: readonly TimeEntry[], home: Partial<TimePerson>): Books {
    let context = contextOf(config, home);
    let waiting: TimeEntry[] = [];
    let net = new Decimal(0);
    const take = (entry: TimeEntry): boolean => {
      const decision = validateTimesheet(aTimesheet([entry]), context);
      assert.deepEqual(decision.rejected.flatMap(({ findings }) => findings.map(({ code }) => code)), []);
      for (const labor of decision.accepted) {
        const original = context.posted.find((one) => one.labor.entry.id === entry.replaces?.id && one.labor.entry.version === entry.replaces.version);
        net = net.plus(original === undefined ? labor.billing.amount.amount : netBilled(planAdjustment(labor, original, context), 'USD').amount);
      }
      context = afterPosting(context, decision);
      return decision.accepted.length > 0;
    };
    for (const entry of entries) {
      if (!take(entry)) waiting.push(entry);
      for (let moved = true; moved; ) {
        const left = waiting.filter((one) => !take(one));
        moved = left.length < waiting.length;
        waiting = left;
      }
    }
    for (const { number, cap } of context.projects) {
      if (cap === null) continue;
      const limit = money(new Decimal(cap.limit.amount).minus(USED_BY_OTHERS), cap.limit.currency);
      const changes = trueUpCap(limit, context.posted.filter(({ labor }) => labor.projectNumber === number));
      for (const { posted: one, labor } of changes) net = net.plus(netBilled(planAdjustment(labor, one, context), 'USD').amount);
      context = { ...context, posted: context.posted.map((one) => ({ ...one, labor: changes.find((change) => change.posted === one)?.labor ?? one.labor })) };
    }
    const inForce = context.posted.filter(({ state }) => state === 'in_force').map(({ labor }) => labor);
    return {
      inForce: inForce.map(({ entry, pay, cost, projectNumber, billing }) => JSON.stringify([entry.id, entry.version, pay, cost, projectNumber, billing])).toSorted(),
      billed: sumMoney(inForce.map(({ billing }) => billing.amount), 'USD').amount,
      cost: sumMoney(inForce.flatMap(({ cost }) => cost ?? []), 'USD').amount,
      net: money(net, 'USD').amount,
      waiting: waiting.length,
    };
  }

  it('end in the same postings, to the cent, with nothing left waiting', () => {
    fc.assert(
      fc.property(correctedWork.chain((entries) => fc.tuple(fc.constant(entries), fc.shuffledSubarray(entries, { minLength: entries.length }))), ([entries, shuffled]) => {
        const home = { ruleSet: 'US-CA', timeZone: 'America/Los_Angeles' };
        const expected = arrive(entries, home);
        const books = arrive(shuffled, home);
        assert.deepEqual(books.inForce, expected.inForce);
        assert.deepEqual([books.cost, books.waiting], [expected.cost, 0]);
        assert.equal(books.net, books.billed, 'adjustments add up to what is in force');
      }),
      { numRuns: 60 },
    );
  });
});
