import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { WorkflowFailedError } from '@temporalio/client';
import type { ChangedEmployee, HrPort } from '../../connectors/hr-port.ts';
import { timePersonSchema } from '../../domain/model/time/context.ts';
import { SystemFailure } from '../../domain/failure.ts';
import { LINE_QUEUE } from '../../domain/process/task-queues.ts';
import { casesOf, openCases } from '../../store/cases.ts';
import { putReference, referenceRows } from '../../store/time/reference.ts';
import { anAssignment, anEntry, aTimesheet } from '../builders/time.ts';
import { startTimeLine, type TimeLine } from '../support/time-line.ts';
import { stopTemporalServer } from '../support/temporal.ts';

describe('The sync of people with HR', function () {
  this.timeout(120_000);
  const PROCESS = 'reference-sync/hr';
  let people: readonly ChangedEmployee[] = [];
  let broken = false;
  let line: TimeLine;
  const hr: HrPort = {
    kind: 'hr',
    system: 'hr',
    async *employees() {
      await Promise.resolve();
      if (broken) throw new SystemFailure({ kind: 'configuration', code: 'CREDENTIALS_REFUSED', message: 'HR refuses our credentials.', mend: 'Give new ones.', system: 'hr', object: 'all employees', written: 'no' });
      yield* people;
    },
    load: () => Promise.resolve(null),
    findByEmail: () => Promise.resolve(null),
    update: { unsupported: 'not here' },
  };
  const ada = (parts = {}): ChangedEmployee => ({ employee: { externalId: '1', employeeNumber: 'E-1', email: 'ada@northwind-consulting.example', name: 'Ada', active: true, legalEntity: 'US01', costCenter: 'US01-TECH', laborCategory: 'ENGINEER', managerExternalId: null, from: '2026-01-01', to: null, changedAt: '2026-11-21T07:00:00.000Z', ...parts } });
  before(async () => {
    line = await startTimeLine({}, { overlays: ['scim'], systems: (inMemory) => ({ ...inMemory, hr: () => hr }) });
  });
  after(async () => {
    await line.stop();
    await stopTemporalServer();
  });

  const sync = () => line.client.workflow.execute('referenceSync', { workflowId: `reference-sync/hr-${randomUUID()}`, taskQueue: LINE_QUEUE, args: [{ hr: 'hr' }] });
  const cases = async () => (await casesOf(line.store.db, PROCESS)).map(({ code, state }) => [code, state]);
  const becomes = (expected: string[][]) => line.until(`the cases are ${JSON.stringify(expected)}`, async () => JSON.stringify(await cases()) === JSON.stringify(expected));

  it('takes people over, and opens no case', async () => {
    people = [ada()];
    await sync();
    assert.deepEqual((await referenceRows(line.store.db, { kind: 'person', key: 'ada@northwind-consulting.example' })).map(({ source }) => source), ['hr hr']);
    assert.deepEqual(await cases(), []);
  });

  it('has the time posted that waited for a person', async () => {
    const email = 'new@northwind-consulting.example';
    const assigned = anAssignment({ person: email });
    await putReference(line.store.db, 'test', [{ kind: 'assignment', key: `${email}|${assigned.projectNumber}|${assigned.from}`, scope: email, document: assigned }]);
    await line.submit(aTimesheet([anEntry({ id: 'E-NEW', person: email })], { id: 'TS-NEW', person: email }));
    await line.until('its case is open', async () => (await openCases(line.store.db)).some(({ code }) => code === 'PERSON_UNKNOWN'));
    people = [ada({ externalId: '3', email })];
    await sync();
    await line.until('it is accepted', async () => (await line.outcomes()).some(({ timesheet, outcome }) => timesheet.includes('TS-NEW') && outcome === 'accepted'));
  });

  it('names in one case those it cannot take, takes the others, and closes it when all are taken', async () => {
    people = [ada({ laborCategory: 'PARTNER' }), ada({ externalId: '2', email: 'bea@northwind-consulting.example', legalEntity: null })];
    await assert.rejects(sync(), WorkflowFailedError);
    await assert.rejects(sync(), WorkflowFailedError);
    await becomes([['HR_PEOPLE_NOT_TAKEN', 'open']]);
    const [open] = await casesOf(line.store.db, PROCESS);
    assert.match(open?.message ?? '', /1 person of hr could not be taken over: HR does not say which legal entity employs bea@/);
    const rows = await referenceRows(line.store.db, { kind: 'person', source: 'hr hr' });
    const categories = new Map(rows.map(({ key, document }) => [key, timePersonSchema.parse(document).laborCategory]));
    assert.deepEqual([categories.get('ada@northwind-consulting.example'), categories.has('bea@northwind-consulting.example')], ['PARTNER', false]);
    people = [ada({ externalId: '2', email: 'bea@northwind-consulting.example' })];
    await sync();
    await becomes([['HR_PEOPLE_NOT_TAKEN', 'closed']]);
  });

  it('that fails is one case until it goes well', async () => {
    broken = true;
    await assert.rejects(sync(), WorkflowFailedError);
    await becomes([['HR_PEOPLE_NOT_TAKEN', 'closed'], ['CREDENTIALS_REFUSED', 'open']]);
    broken = false;
    await sync();
    await becomes([['HR_PEOPLE_NOT_TAKEN', 'closed'], ['CREDENTIALS_REFUSED', 'closed']]);
  });
});
