import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { callContext } from '../conformance/documents.ts';
import { failureOf } from '../conformance/records.ts';
import { startCompany, type TestCompany } from './company.ts';

/** A question that needs a token; what it is about does not matter. */
const PAYROLL = ['gusto-payroll-00000000-0000-4000-8000-000000000000'];

describe('Gusto\'s tokens', () => {
  let company: TestCompany;
  beforeEach(async () => {
    company = await startCompany();
  });
  afterEach(() => company?.close());

  const ask = async (port = company.connect()) => (await failureOf(() => port.acknowledgement({ exportId: 'US01.S2026-11-1.1', checksum: 'x', lines: 1, files: PAYROLL }, callContext()))).code;
  const renewals = async () => (await company.admin.requests()).filter(({ url }) => url === '/oauth/token').length;
  const file = () => join(company.dataDir, 'tokens', 'gusto.json');

  it('are renewed once however many ask, and kept for the next process, readable by its owner only', async () => {
    const port = company.connect();
    assert.deepEqual(await Promise.all(Array.from({ length: 40 }, () => ask(port))), Array.from({ length: 40 }, () => 'GUSTO_NOT_FOUND'));
    assert.equal(await renewals(), 1);
    assert.equal((await stat(file())).mode & 0o777, 0o600);
    assert.equal(await ask(company.connect()), 'GUSTO_NOT_FOUND');
    assert.equal(await renewals(), 1);
  });

  it('go on with the refresh token that came last, since the one before is revoked', async () => {
    const port = company.connect();
    await ask(port);
    await company.admin.fault({ kind: 'expired-token', method: 'GET', path: '^/v1/', times: 1 });
    assert.equal(await ask(port), 'GUSTO_NOT_FOUND');
    await company.admin.fault({ kind: 'expired-token', method: 'GET', path: '^/v1/', times: 1 });
    assert.equal(await ask(company.connect()), 'GUSTO_NOT_FOUND');
    assert.equal(await renewals(), 3);
  });

  it('are renewed by one process at a time', async () => {
    assert.deepEqual(await Promise.all(Array.from({ length: 8 }, () => ask(company.connect()))), Array.from({ length: 8 }, () => 'GUSTO_NOT_FOUND'));
    assert.equal(await renewals(), 1);
    assert.deepEqual(await readdir(join(company.dataDir, 'tokens')), ['gusto.json']);
  });

  it('are renewed although a process was killed while it did', async () => {
    await ask();
    const lock = `${file()}.lock`;
    await writeFile(lock, '');
    const longAgo = new Date(Date.now() - 120_000);
    await utimes(lock, longAgo, longAgo);
    assert.equal(await ask(company.connect()), 'GUSTO_NOT_FOUND');
  });

  it('are lost to nobody when the answer of a renewal is', async () => {
    await company.admin.fault({ kind: 'cut-after', method: 'POST', path: '^/oauth/token$', times: 1 });
    assert.equal(await ask(), 'HTTP_CONNECTION_LOST');
    assert.equal(await ask(), 'GUSTO_NOT_FOUND');
  });

  it('begin anew where the secrets provider has others, and say so where those are not accepted', async () => {
    await ask();
    const others = { ...company.credentials, refreshToken: randomBytes(12).toString('hex') };
    const failure = await failureOf(() => company.connect({}, others).acknowledgement({ exportId: 'US01.S2026-11-1.1', checksum: 'x', lines: 1, files: PAYROLL }, callContext()));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['configuration', 'GUSTO_LOGIN_REFUSED', 'no']);
    assert.doesNotMatch(JSON.stringify(failure), new RegExp(`${others.refreshToken}|${others.clientSecret}`));
    assert.match(await readFile(file(), 'utf8'), /refreshToken/);
    assert.equal(await ask(company.connect()), 'GUSTO_NOT_FOUND');
  });

  it('are had again by those of the secrets provider where what was kept is not accepted any more', async () => {
    await ask();
    const kept = JSON.parse(await readFile(file(), 'utf8'));
    await writeFile(file(), JSON.stringify({ ...kept, refreshToken: 'revoked', expiresAt: 0 }));
    // As after connecting the company anew: the first token is good again.
    await fetch(`${company.url}/__admin/reset`, { method: 'POST' });
    assert.equal(await ask(company.connect()), 'GUSTO_NOT_FOUND');
  });

  it('wait for the minute that Gusto asks for when its limit is reached', async () => {
    const limited = await startCompany({ requestsPerMinute: 2 });
    try {
      const port = limited.connect();
      const asked = () => failureOf(() => port.acknowledgement({ exportId: 'US01.S2026-11-1.1', checksum: 'x', lines: 1, files: PAYROLL }, callContext()));
      assert.deepEqual([(await asked()).code, (await asked()).code], ['GUSTO_NOT_FOUND', 'GUSTO_NOT_FOUND']);
      const failure = await asked();
      assert.equal(failure.kind, 'transient');
      assert.ok((failure.retryAfterMs ?? 0) > 10_000, `${failure.retryAfterMs} ms`);
    } finally {
      await limited.close();
    }
  });
});
