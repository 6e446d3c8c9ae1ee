import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { pino } from 'pino';
import { answersToTell, answerTimeSystem } from '../../../activities/time/answers.ts';
import { isUnsupported, type CallContext } from '../../../connectors/ports.ts';
import type { TimesheetSource } from '../../../connectors/timesheet-source.ts';
import { SystemFailure } from '../../../domain/failure.ts';
import type { Timesheet } from '../../../domain/model/time/timesheet.ts';
import { deliverNextNotification, listNotifications } from '../../../store/notifications.ts';
import { ADA, anApproval, anEntry, aTimesheet } from '../../builders/time.ts';
import { createFakeSystems } from '../../support/fake-systems.ts';
import { startDecisions, type Decisions } from './decisions.ts';

describe('Whoever submitted refused time', function () {
  this.timeout(60_000);
  let line: Decisions;
  let taken: Pick<TimesheetSource, 'reject' | 'lock'>;
  before(async () => {
    line = await startDecisions();
  });
  beforeEach(async () => {
    await line.empty();
    await sql`delete from notification`.execute(line.store.db);
    taken = { reject: { unsupported: 'approved time cannot be written to' }, lock: { unsupported: 'it locks time itself' } };
  });
  after(() => line.stop());

  const fakes = createFakeSystems();
  const deps = () => ({
    store: line.store,
    systems: {
      ...fakes.systems,
      time(system: string) {
        if (system === 'own-time') throw new SystemFailure({ kind: 'configuration', code: 'SYSTEM_NOT_CONFIGURED', message: 'not configured', mend: 'configure it', system, object: system, written: 'no' });
        const port = fakes.systems.time(system);
        return isUnsupported(port.timesheets) ? port : { ...port, timesheets: { ...port.timesheets, ...taken } };
      },
    },
    withSlot: async <Result>(_system: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<Result>) => await work(signal),
  });
  const context: CallContext = { signal: new AbortController().signal, heartbeat: () => undefined, idempotencyKey: 'test', log: pino({ level: 'silent' }) };

  const refusedSheet = (parts: Partial<Timesheet> = {}): Timesheet => aTimesheet([anEntry({ projectNumber: 'US01-Brücke-日本', system: parts.system ?? 'harvest', person: parts.person ?? ADA })], parts);
  const recordOf = async ({ id, version }: Timesheet) => (await line.rows(sql<{ id: number }>`select id from time_record where record_id = ${id} and version = ${version}`))[0]?.id ?? 0;
  async function answer(sheet: Timesheet): Promise<void> {
    const record = await recordOf(sheet);
    for (const system of await answersToTell(deps(), record)) await answerTimeSystem(deps(), { selection: { records: [record] }, system }, context);
  }
  const told = async () => (await listNotifications(line.store.db, {})).map(({ recipient, case_id: of, number }) => [recipient, of, number]);

  it('hears by mail what is wrong and how to mend it, where the time system takes no refusals', async () => {
    const sheet = refusedSheet();
    await line.take(sheet);
    await answer(sheet);
    assert.deepEqual(await told(), [[ADA, 'timesheet/harvest/TS-1/1', 1]]);
    const [finding] = await line.rows(sql<{ message: string; mend: string }>`select findings->0->>'message' as message, findings->0->>'mend' as mend from time_outcome`);
    const sent: string[] = [];
    await deliverNextNotification(line.store.db, [], async ({ message }) => {
      sent.push(message);
      return await Promise.resolve('test');
    });
    assert.ok(finding && sent[0]?.includes(finding.message) && sent[0].includes(finding.mend), sent[0]);
    assert.match(sent[0] ?? '', /US01-Brücke-日本/);
  });

  it('hears the same once, and again when the reasons are others', async () => {
    const sheet = refusedSheet();
    await line.take(sheet);
    await answer(sheet);
    const record = await recordOf(sheet);
    const again = async () => {
      await line.decide({ records: [record] }, true);
      await answer(sheet);
      return (await told()).length;
    };
    assert.equal(await again(), 1);
    await sql`update time_record set document = jsonb_set(document, '{entries,0,projectNumber}', '"US01-OTHER"') where id = ${record}`.execute(line.store.db);
    assert.equal(await again(), 2);
  });

  it('hears from the time system alone where that takes refusals', async () => {
    const rejections: string[] = [];
    taken = { ...taken, reject: async ({ timesheetId }) => void (await Promise.resolve(rejections.push(timesheetId))) };
    const sheet = refusedSheet();
    await line.take(sheet);
    await answer(sheet);
    assert.deepEqual([rejections, await told()], [['TS-1'], []]);
  });

  it('hears from the sender that asks us what became of it, where the time system sends its documents itself', async () => {
    const sheet = refusedSheet({ system: 'own-time' });
    await line.take(sheet);
    await answer(sheet);
    assert.deepEqual(await told(), []);
    assert.deepEqual(await line.rows(sql`select state from time_answer`), [{ state: 'not_offered' }]);
  });

  it('is not written to at an address that nobody has, nor about what was accepted', async () => {
    const nobody = refusedSheet({ id: 'TS-2', person: 'user-7@harvest.invalid', approval: anApproval({ of: { id: 'TS-2', version: 1 } }) });
    const good = aTimesheet([anEntry({ id: 'E-3' })], { id: 'TS-3', approval: anApproval({ of: { id: 'TS-3', version: 1 } }) });
    await line.take(nobody, good);
    await answer(nobody);
    await answer(good);
    assert.deepEqual(await told(), []);
  });
});
