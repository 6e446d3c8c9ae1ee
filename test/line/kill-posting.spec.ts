import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { after, before, describe, it } from 'mocha';
import { netSuiteOptionsSchema } from '../../connectors/netsuite/options.ts';
import { addDays } from '../../domain/dates.ts';
import type { Timesheet } from '../../domain/model/time/timesheet.ts';
import { activateFirmConfig } from '../../starters/config/activate.ts';
import { seedNetSuite } from '../../starters/month-end/load.ts';
import { canonicalJson, sha256 } from '../../store/json.ts';
import { openBatch, receiveRecords, sealBatch } from '../../store/time/intake.ts';
import { putReference } from '../../store/time/reference.ts';
import { theFirm } from '../builders/firm.ts';
import { anApproval, anAssignment, anEntry, aPerson, aProject, aRate, aTimeContext, aTimesheet } from '../builders/time.ts';
import { sandboxAdmin } from '../connectors/conformance/admin.ts';
import { withoutLimits } from '../support/sandbox-line.ts';
import { startLine, type StartedLine } from '../support/started-line.ts';
import { referenceRows } from '../support/time-line.ts';

const PAGES = 4;
const SHEETS = 20;
const DAYS = [0, 1, 2, 3, 4];
const EXPECTED = PAGES * SHEETS * DAYS.length;
const PROJECT = 'US01-TECH-A';
const hourMs = 3_600_000;

/** The Monday of the last full week. */
function lastMonday(): string {
  const today = new Date();
  return addDays(today.toISOString().slice(0, 10), -((today.getUTCDay() + 6) % 7) - 7);
}

describe('A worker killed while it posts time', function () {
  this.timeout(240_000);
  let line: StartedLine;
  before(async () => {
    line = await startLine();
  });
  after(() => line.stop());

  const person = (page: number, sheet: number) => `p${page}-${sheet}@northwind-consulting.example`;
  const monday = lastMonday();
  const week = (page: number, sheet: number): Timesheet => {
    const id = `TS-${page}-${sheet}`;
    const email = person(page, sheet);
    const entries = DAYS.map((day) => anEntry({ system: 'canonical', id: `${id}-${day}`, person: email, workDate: addDays(monday, day), hours: String(4 + day), notes: `${id}-${day}` }));
    return aTimesheet(entries, { system: 'canonical', id, weekStart: monday, approval: anApproval({ of: { id, version: 1 }, decidedAt: new Date(Date.now() - hourMs).toISOString() }) });
  };

  async function until(what: string, look: () => Promise<boolean>, limitMs: number): Promise<void> {
    const end = Date.now() + limitMs;
    while (!(await look())) {
      if (Date.now() > end) throw new Error(`waited ${limitMs} ms in vain until ${what}\n${line.output().slice(-5_000)}`);
      await delay(20);
    }
  }

  it(`leaves exactly the ${EXPECTED} lines there should be in the ERP`, async () => {
    const { db } = await line.store();
    const { config } = await theFirm();
    const unlimited = withoutLimits(config);
    await activateFirmConfig({ store: await line.store(), client: await line.temporal(), config: unlimited, hash: sha256(canonicalJson(unlimited)), files: [], by: 'test' });
    const people = Array.from({ length: PAGES }, (_, page) => Array.from({ length: SHEETS }, (__, sheet) => person(page, sheet))).flat();
    await putReference(db, 'test', referenceRows(aTimeContext(config, { people: people.map((email) => aPerson({ email })), projects: [aProject()], assignments: people.map((email) => anAssignment({ person: email })), rates: [aRate()] })));
    const url = (await line.endpoints()).sandbox['netsuite']?.url ?? '';
    const { subsidiaries } = netSuiteOptionsSchema.parse(config.systems.find(({ id }) => id === 'netsuite')?.options);
    await seedNetSuite(url, { people: people.map((email) => ({ email, legalEntity: 'US01' })), worksFor: new Map(people.map((email) => [email, new Set(['US01'])])), projects: [{ number: PROJECT, legalEntity: 'US01', tasks: ['2-2', '9'] }] }, subsidiaries);
    const netSuite = sandboxAdmin(() => url);

    const states = async () => Object.fromEntries((await sql<{ state: string; n: number }>`select state, count(*)::integer as n from labor_posting group by 1`.execute(db)).rows.map(({ state, n }) => [state, n]));
    const timesSaid = (what: string) => line.output().split(what).length - 1;
    /** @returns how many lines it left behind under way */
    const killInMidPosting = async (): Promise<number> => {
      const runsAgain = timesSaid('worker runs again') + 1;
      const since = new Date().toISOString();
      await until('lines are being posted', async () => (await sql<{ n: number }>`select count(*)::integer as n from labor_posting where state = 'intent' and lease_until > now() and lease_until > ${since}::timestamptz`.execute(db)).rows[0]?.n !== 0, 60_000);
      await delay(randomInt(700));
      assert.ok(await line.kill('worker'), 'the worker was running');
      const { intent = 0 } = await states();
      await until('the worker runs again', () => Promise.resolve(timesSaid('worker runs again') >= runsAgain), 60_000);
      return intent;
    };

    // Each answer takes a second, so that there is a middle to be killed in; one is lost after its lines were written.
    await netSuite.fault({ kind: 'cut-after', method: 'POST', path: 'timeBill', times: 1 });
    await netSuite.fault({ kind: 'slow', path: 'timeBill|async', times: 12 });
    for (let page = 0; page < PAGES; page += 1) {
      const { id } = await openBatch(db, { source: 'test', kind: 'timesheets', idempotencyKey: `page-${page}` });
      await receiveRecords(db, id, Array.from({ length: SHEETS }, (_, sheet) => week(page, sheet)));
      await sealBatch(db, id);
    }
    const leftBehind = (await killInMidPosting()) + (await killInMidPosting());
    assert.ok(leftBehind > 0, 'a worker was killed in the middle of a call');
    await until('everything is posted', async () => {
      const seen = await states();
      return seen['done'] === EXPECTED && Object.keys(seen).length === 1;
    }, 120_000).catch(async (error: unknown) => {
      throw new Error(`${String(error)}\n${JSON.stringify(await states())}`);
    });

    const lines = (await netSuite.state())['timeBill'] ?? [];
    assert.equal(lines.length, EXPECTED, 'no line is there twice');
    const keys = (await sql<{ key: string }>`select key from labor_posting order by key`.execute(db)).rows.map(({ key }) => key);
    assert.deepEqual(lines.map(({ externalId }) => String(externalId)).toSorted(), keys.toSorted(), 'and none is there that the ledger does not know');
    await until('the pages are done', async () => (await sql<{ n: number }>`select count(*)::integer as n from time_page where state <> 'done'`.execute(db)).rows[0]?.n === 0, 60_000);
    const { rows: facts } = await sql<{ n: number; hours: string }>`select count(*)::integer as n, sum(hours)::text as hours from reporting.fact_time where state = 'in_force'`.execute(db);
    assert.deepEqual(facts.map(({ n, hours }) => [n, Number(hours)]), [[EXPECTED, PAGES * SHEETS * 30]]);
  });
});
