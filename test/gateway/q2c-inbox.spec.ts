import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { storeInbox } from '../../starters/gateway/inbox.ts';
import type { Store } from '../../store/database.ts';
import { loadEvent } from '../../store/inbox-relay.ts';
import { unreadLine } from '../../starters/gateway/time/chunk.ts';
import { keepUnreadLines } from '../../store/inbox-lines.ts';
import { enqueueNotification } from '../../store/notifications.ts';
import { openBatch, sealBatch } from '../../store/time/intake.ts';
import { anEntry, aTimesheet } from '../builders/time.ts';
import { freshStore } from '../store/support.ts';
import { PORTAL, hubspotEvent, hubspotRequest, refusal, secrets, testGateway } from './support.ts';

describe('q2c: inbox, replay, dismiss and notifications', function () {
  this.timeout(60_000);
  let store: Store;
  let dataDir: string;
  let unreadable: number;
  let readable: number;

  before(async () => {
    store = await freshStore();
    dataDir = await mkdtemp(path.join(tmpdir(), 'q2c-inbox-'));
    const gateway = testGateway({ inbox: storeInbox(store.db), credentials: { hubspot: { clientSecret: secrets.clientSecret, portalId: '1' } } });
    await refusal(gateway, hubspotRequest([{ objectId: 5 }, hubspotEvent()]), 422, 'schema');
    const rows = await store.db.selectFrom('inbox').select('id').orderBy('id').execute();
    [unreadable, readable] = [rows[0]?.id ?? 0, rows[1]?.id ?? 0];
  });
  after(async () => {
    await store.close();
    await rm(dataDir, { recursive: true });
  });

  function q2c(...args: readonly string[]): Promise<{ code: number; text: string; errors: string }> {
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(TEMPORAL_|Q2C_)/.test(name)));
    return new Promise((resolve) => {
      execFile(process.execPath, ['starters/q2c/main.ts', ...args], { env: { ...env, Q2C_DATA_DIR: dataDir, DATABASE_URL: store.url } }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, text: stdout, errors: stderr });
      });
    });
  }
  const replay = (id: number) => q2c('replay', String(id), '--by', 'ines', '--reason', 'the portal is set right');

  it('say what is missing where the credentials are not at hand', async () => {
    const ran = await replay(readable);
    assert.equal(ran.code, 1);
    assert.match(ran.errors, /Q2C_SECRETS_FILE/);
    assert.equal((await loadEvent(store.db, readable))?.state, 'quarantined');
  });

  it('take what can be read by now, and refuse in words what still cannot', async () => {
    await writeFile(path.join(dataDir, 'credentials.json'), JSON.stringify({ hubspot: { clientSecret: secrets.clientSecret, portalId: PORTAL } }), { mode: 0o600 });
    const [taken, refused] = await Promise.all([replay(readable), replay(unreadable)]);
    assert.deepEqual([taken.code, taken.text.trim()], [0, `Event ${readable} is in the line again, for 9000123.`]);
    assert.equal(refused.code, 1);
    assert.match(refused.text, new RegExp(`Event ${unreadable} still cannot be read and stays in quarantine:[\\s\\S]*eventId[\\s\\S]*q2c dismiss ${unreadable}`));
  });

  it('tell an unknown number and a word from an event', async () => {
    const [unknown, word] = await Promise.all([replay(999_999), q2c('replay', 'last', '--by', 'ines', '--reason', 'x')]);
    assert.deepEqual([unknown.code, unknown.text.trim()], [1, 'Event 999999 is not known.']);
    assert.equal(word.code, 1);
    assert.match(word.errors, /expected the number that q2c inbox shows/);
  });

  it('set an event aside, once', async () => {
    const dismiss = () => q2c('dismiss', String(unreadable), '--by', 'ines', '--reason', 'a test of theirs');
    assert.equal((await dismiss()).code, 0);
    assert.equal((await dismiss()).code, 1);
    assert.match((await q2c('inbox', '--state', 'ignored')).text, new RegExp(`${unreadable} .*set aside by ines: a test of theirs`));
  });

  it('show the lines of a batch that could not be read and one as it came, and take a mended document in its place', async () => {
    const document = { ...aTimesheet([anEntry()]), id: 'TS-mend' };
    const raw = JSON.stringify({ ...document, person: 'Übel' });
    const { id: batch } = await openBatch(store.db, { source: 'canonical', kind: 'timesheets', idempotencyKey: 'november' });
    const [line] = await keepUnreadLines(store.db, batch, [unreadLine({ line: 3, id: 'TS-mend', version: 1, raw: Buffer.from(raw), findings: [{ path: 'person', message: 'expected an e-mail address' }] })], 0);
    await sealBatch(store.db, batch);
    const file = path.join(dataDir, 'mended.json');
    await writeFile(file, JSON.stringify(document));
    const [listed, asItCame, notALine] = await Promise.all([q2c('inbox', '--batch', batch), q2c('inbox', '--raw', String(line)), q2c('replay', String(unreadable), '--with', file, '--by', 'ines', '--reason', 'x')]);
    assert.match(listed.text, new RegExp(`^${line} +\\S+ +canonical +${batch} +quarantined +line 3 \\(TS-mend version 1\\): person: expected an e-mail address`, 'm'));
    assert.equal(asItCame.text, raw);
    assert.equal(notALine.code, 1);
    assert.match(notALine.errors, /is no line of a batch/);
    const refused = await q2c('replay', String(line), '--by', 'ines', '--reason', 'x');
    assert.equal(refused.code, 1);
    assert.match(refused.text, /still cannot be read and stays in quarantine:\n {2}person: [\s\S]*--with <file>/);
    const taken = await q2c('replay', String(line), '--with', file, '--by', 'ines', '--reason', 'asked her');
    assert.deepEqual([taken.code, taken.text.trim()], [0, `Event ${line} is in the line again, for TS-mend version 1 in batch ${batch}.`]);
  });

  it('list messages to owners', async () => {
    await enqueueNotification(store.db, { caseId: 'exception/closed-won/hubspot/5/r/1', occasion: 'escalation', number: 2, recipient: 'finance_operations', message: 'past due' });
    assert.match((await q2c('notifications', '--pending')).text, /waits to be sent +escalation 2 +finance_operations +exception\/closed-won\/hubspot\/5\/r\/1 +past due/);
  });
});
