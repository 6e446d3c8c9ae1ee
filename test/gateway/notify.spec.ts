import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import { z } from 'zod';
import { notifyTarget } from '../../starters/notify/target.ts';
import { startNotifying } from '../../starters/notify/notify.ts';
import type { Store } from '../../store/database.ts';
import { enqueueNotification, listNotifications } from '../../store/notifications.ts';
import { pause } from '../store/builders.ts';
import { asSuperuser, freshStore } from '../store/support.ts';

interface Heard {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly message: string;
}

const bodySchema = z.strictObject({
  type: z.string(),
  timestamp: z.iso.datetime(),
  data: z.strictObject({ caseId: z.string(), occasion: z.string(), number: z.int(), recipient: z.string(), message: z.string() }),
});

describe('notifications: a reminder or an escalation', function () {
  this.timeout(60_000);
  const key = randomBytes(24);
  const secret = `whsec_${key.toString('base64')}`;
  let store: Store;
  let receiver: Server;
  let url: string;
  let heard: Heard[];
  let answer: (message: string, times: number) => { readonly status: number; readonly headers?: Record<string, string> };
  let stops: (() => Promise<void>)[];
  let logged: string[];

  before(async () => {
    store = await freshStore();
    receiver = createServer((request, response) => {
      void (async () => {
        const body = await text(request);
        const { message } = bodySchema.parse(JSON.parse(body)).data;
        heard.push({ headers: request.headers, body, message });
        const { status, headers } = answer(message, heard.filter((each) => each.message === message).length);
        response.writeHead(status, headers).end();
      })();
    });
    receiver.listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    const address = receiver.address();
    assert.ok(typeof address === 'object' && address !== null);
    url = `http://127.0.0.1:${address.port}/hooks/cases?token=private`;
  });
  after(async () => {
    receiver.close();
    await store.close();
  });
  beforeEach(async () => {
    await asSuperuser(store, ['truncate notification']);
    heard = [];
    stops = [];
    logged = [];
    answer = () => ({ status: 204 });
  });
  afterEach(async () => {
    await Promise.all(stops.map((stop) => stop()));
  });

  const remind = (message: string, number = 1) => enqueueNotification(store.db, { caseId: 'exception/closed-won/salesforce/006/r/1', occasion: 'reminder', number, recipient: 'finance_operations', message });
  function notify(env: NodeJS.ProcessEnv = { Q2C_NOTIFY_URL: url, Q2C_NOTIFY_SECRET: secret }) {
    const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) });
    const notifying = startNotifying({ db: store.db, log, send: notifyTarget(env, log), idleMs: 20, firstPauseMs: 20 });
    stops.push(() => notifying.stop());
    return notifying;
  }
  async function until(what: string, look: () => boolean | Promise<boolean>): Promise<void> {
    for (let waited = 0; waited < 10_000; waited += 20) {
      if (await look()) return;
      await pause(20);
    }
    assert.fail(`waited in vain until ${what}; heard ${JSON.stringify(heard.map(({ message }) => message))}`);
  }
  const allSent = async () => (await listNotifications(store.db, { pending: true })).length === 0;

  it('reaches the address of the firm as a signed Standard Webhook, once, and is marked with when and how', async () => {
    await remind('Contract is not signed');
    notify();
    await until('it is sent', allSent);
    await pause(100);
    assert.equal(heard.length, 1);
    const [{ headers, body } = assert.fail('nothing was heard')] = heard;
    const [row] = await listNotifications(store.db, {});
    assert.equal(headers['webhook-id'], `notification-${row?.id}`);
    const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
    assert.equal(headers['webhook-signature'], `v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
    assert.ok(Math.abs(Date.now() / 1000 - Number(headers['webhook-timestamp'])) < 60);
    assert.deepEqual(bodySchema.parse(JSON.parse(body)), {
      type: 'case.reminder',
      timestamp: row?.created_at,
      data: { caseId: 'exception/closed-won/salesforce/006/r/1', occasion: 'reminder', number: 1, recipient: 'finance_operations', message: 'Contract is not signed' },
    });
    assert.match(row?.sent_via ?? '', /^webhook 127\.0\.0\.1:\d+$/);
    assert.notEqual(row?.sent_at, null);
    assert.ok(!logged.join('').includes('private') && !logged.join('').includes(secret), 'the address may hold a secret');
  });

  it('is kept and sent again under the same ID while the receiver is unwell, in order', async () => {
    answer = (_message, times) => (times < 3 ? { status: 503 } : { status: 200 });
    await remind('first');
    await remind('second', 2);
    notify();
    await until('both are sent', allSent);
    assert.deepEqual(heard.map(({ message }) => message).slice(0, 3), ['first', 'first', 'first']);
    assert.equal(new Set(heard.filter(({ message }) => message === 'first').map(({ headers }) => headers['webhook-id'])).size, 1);
    assert.match(logged.join(''), /answers 503/);
  });

  it('waits as long as the receiver asks for', async () => {
    answer = (_message, times) => (times < 2 ? { status: 429, headers: { 'retry-after': '1' } } : { status: 200 });
    await remind('slowly');
    notify();
    const started = Date.now();
    await until('it is sent', allSent);
    assert.ok(Date.now() - started >= 1000);
    assert.equal(heard.length, 2);
  });

  it('that the receiver refuses does not hold up the others, and is tried again', async () => {
    answer = (message, times) => (message === 'odd' && times < 3 ? { status: 422 } : { status: 200 });
    await remind('odd');
    await remind('plain', 2);
    notify();
    await until('both are sent', allSent);
    assert.deepEqual(heard.map(({ message }) => message), ['odd', 'plain', 'odd', 'odd']);
  });

  it('is sent once by several gateways, and by the next one where a gateway stopped', async () => {
    await Promise.all(Array.from({ length: 10 }, (_, at) => remind(`message ${at}`, at + 1)));
    await notify().stop();
    notify();
    notify();
    await until('all are sent', allSent);
    assert.equal(new Set(heard.map(({ message }) => message)).size, 10);
    assert.ok(heard.length <= 11, `${heard.length} deliveries of 10 messages`);
  });

  it('is written to the log where no address is set', async () => {
    await remind('Contract is not signed');
    notify({});
    await until('it is told', allSent);
    assert.deepEqual((await listNotifications(store.db, {})).map((row) => row.sent_via), ['log']);
    const line = z.looseObject({ caseId: z.string(), recipient: z.string(), occasion: z.string(), msg: z.string() }).parse(JSON.parse(logged.find((each) => each.includes('not signed')) ?? '{}'));
    assert.deepEqual([line.recipient, line.occasion, line.msg], ['finance_operations', 'reminder', 'Contract is not signed']);
  });

  it('cannot be sent with half a setting, and the words about it hold no secret', () => {
    const log = pino({ level: 'silent' });
    assert.throws(() => notifyTarget({ Q2C_NOTIFY_URL: url }, log), /Q2C_NOTIFY_SECRET/);
    assert.throws(() => notifyTarget({ Q2C_NOTIFY_SECRET: secret }, log), /Q2C_NOTIFY_URL/);
    assert.throws(() => notifyTarget({ Q2C_NOTIFY_URL: 'ftp://firm.example', Q2C_NOTIFY_SECRET: secret }, log), /Q2C_NOTIFY_URL/);
    assert.throws(() => notifyTarget({ Q2C_NOTIFY_URL: url, Q2C_NOTIFY_SECRET: 'hush hush' }, log), (error: Error) => /Q2C_NOTIFY_SECRET/.test(error.message) && !error.message.includes('hush'));
  });
});
