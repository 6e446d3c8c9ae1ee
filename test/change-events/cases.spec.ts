import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import { salesforceOptionsSchema } from '../../connectors/salesforce/options.ts';
import { createChangeEventSource } from '../../connectors/salesforce/pubsub/subscription.ts';
import { subscriptionCases, type SubscriptionCases } from '../../starters/change-events/cases.ts';
import { startSubscriber } from '../../starters/change-events/subscriber.ts';
import { storeInbox } from '../../starters/gateway/inbox.ts';
import { casesOf, type CaseRow } from '../../store/cases.ts';
import { advanceWatermark, readWatermark } from '../../store/watermarks.ts';
import { memoryLog } from '../connectors/http/support.ts';
import { pubSubLab, type PubSubLab } from '../connectors/salesforce/pubsub-lab.ts';
import { startTestLine, type TestLine } from '../support/line.ts';
import { stopTemporalServer } from '../support/temporal.ts';

const told = (code: string) => ({ code, kind: 'configuration' as const, message: `${code} is in the way.`, mend: 'Take it away.' });

describe('A subscription to change events that is in trouble', function () {
  this.timeout(90_000);
  let line: TestLine;
  let org: PubSubLab;
  const running: (() => Promise<void>)[] = [];

  before(async () => {
    [line, org] = await Promise.all([startTestLine(), pubSubLab()]);
  });
  after(async () => {
    await org.close();
    await line.stop();
    await stopTemporalServer();
  });
  afterEach(async () => {
    for (const stop of running.splice(0)) await stop();
  });

  const casesFor = (system: string): SubscriptionCases => subscriptionCases({ client: line.client, db: line.store.db, log: memoryLog(), system });
  const states = async (process: string) => (await casesOf(line.store.db, process)).map(({ code, state }) => `${code} ${state}`);
  const become = (process: string, expected: readonly string[]) => line.until(`the cases of ${process} are ${expected.join(', ')}`, async () => (await states(process)).join() === expected.join());

  it('is one case, whichever process tells of it and however often, until it is over', async () => {
    const [one, other] = [casesFor('one'), casesFor('one')];
    await Promise.all([one.raise('stopped', told('NO_PERMISSION')), other.raise('stopped', told('NO_PERMISSION'))]);
    await become('change-events/one/stopped', ['NO_PERMISSION open']);
    assert.equal(await one.raise('stopped', told('NO_PERMISSION')), true);
    assert.deepEqual(await states('change-events/one/stopped'), ['NO_PERMISSION open']);
    const [row] = await casesOf(line.store.db, 'change-events/one/stopped');
    assert.deepEqual([row?.kind, row?.systems, row?.permitted_actions], ['configuration', ['one'], ['retry']]);
    await other.settle('stopped', 'they come again');
    await become('change-events/one/stopped', ['NO_PERMISSION closed']);
    await casesFor('one').raise('stopped', told('NO_PERMISSION'));
    await become('change-events/one/stopped', ['NO_PERMISSION closed', 'NO_PERMISSION open']);
  });

  it('is another case where something else is wrong by now', async () => {
    const cases = casesFor('two');
    await cases.raise('stopped', told('NO_PERMISSION'));
    await become('change-events/two/stopped', ['NO_PERMISSION open']);
    await cases.raise('stopped', told('NO_LICENCE'));
    await become('change-events/two/stopped', ['NO_PERMISSION closed', 'NO_LICENCE open']);
  });

  it('is tried again later where Temporal is away', async () => {
    const log = memoryLog();
    const away = subscriptionCases({ client: { workflow: line.client.workflow, withDeadline: () => Promise.reject(new Error('Temporal is away')) }, db: line.store.db, log, system: 'three' });
    assert.equal(await away.raise('stopped', told('NO_PERMISSION')), false);
    assert.match(JSON.stringify(log.lines), /tried again at the next occasion/);
  });

  async function subscribe(): Promise<{ readonly open: (trouble: string) => Promise<CaseRow>; readonly stop: () => Promise<void> }> {
    const options = org.subscribing({});
    const source = createChangeEventSource(org.settings(options));
    const subscriber = startSubscriber({ db: line.store.db, inbox: storeInbox(line.store.db), log: memoryLog(), system: 'salesforce', source, options: salesforceOptionsSchema.parse(options), sweeps: { ask: () => undefined, stop: () => undefined }, cases: casesFor('salesforce'), firstPauseMs: 20, longestPauseMs: 50 });
    const stop = async () => {
      await subscriber.stop();
      source.close();
    };
    running.push(stop);
    return {
      stop,
      open: (trouble) => line.until(`a case is open: ${trouble}`, async () => (await casesOf(line.store.db, `change-events/salesforce/${trouble}`)).find(({ state }) => state === 'open')),
    };
  }

  it('by a missing permission has a case that says what to grant, and closes itself when events come again', async () => {
    await org.fault('forbidden', 60);
    const { open } = await subscribe();
    const row = await open('stopped');
    assert.match(row.message, /No change events come from salesforce/);
    assert.match(row.mend, /Change Data Capture.*this case closes itself then/);
    await line.until('it is closed', async () => (await states('change-events/salesforce/stopped')).every((state) => state.endsWith('closed')));
  });

  it('by a lost position has a case that says from when to when, and stays until the sweep has looked', async () => {
    const first = await subscribe();
    await line.until('it is subscribed', async () => (await readWatermark(line.store.db, 'change-events/salesforce/data/OpportunityChangeEvent')) !== undefined);
    await first.stop();
    await org.fault('expired-replay-id');
    const { open } = await subscribe();
    const row = await open('position-lost');
    assert.match(row.message, /changes made after \d{4}-.*Z and before \d{4}-.*Z were told to nobody/);
    assert.match(row.mend, /missed-event sweep of salesforce was asked .* closes itself once that sweep has gone well/);
    await org.deal({ StageName: 'Closed Won' });
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.deepEqual(await states('change-events/salesforce/position-lost'), ['CHANGE_EVENTS_POSITION_LOST open'], 'events come, but nobody has looked for the missed ones');
    await advanceWatermark(line.store.db, { name: 'sweep/salesforce', from: (await readWatermark(line.store.db, 'sweep/salesforce')) ?? null, to: new Date().toISOString() });
    await line.until('it is closed', async () => {
      await org.deal({ StageName: 'Closed Won' });
      return (await states('change-events/salesforce/position-lost')).join() === 'CHANGE_EVENTS_POSITION_LOST closed';
    });
  });
});
