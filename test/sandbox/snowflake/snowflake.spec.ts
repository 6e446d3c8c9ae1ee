import assert from 'node:assert/strict';
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { z } from 'zod';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';
import { snowflake } from '../../../sandbox/snowflake/sandbox.ts';

const Answer = z.looseObject({ code: z.string().optional(), message: z.string().optional(), sqlState: z.string().optional(), statementHandle: z.string().optional(), data: z.array(z.array(z.string().nullable())).optional() });

describe('Snowflake sandbox', () => {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } });
  const fingerprint = createHash('sha256').update(createPublicKey(pair.publicKey).export({ type: 'spki', format: 'der' })).digest('base64');
  const options = { account: 'NWORG-PROD', user: 'Q2C_SERVICE', publicKeyPem: pair.publicKey, programmaticAccessToken: 'pat' };
  const PAT = { authorization: 'Bearer pat', 'x-snowflake-authorization-token-type': 'PROGRAMMATIC_ACCESS_TOKEN' };
  const SESSION = { database: 'ANALYTICS', schema: 'Q2C', warehouse: 'LOADING', role: 'Q2C_LOADER' };
  let sandbox: RunningSandbox;
  beforeEach(async () => {
    sandbox = await startSandbox(snowflake, { port: 0, options });
  });
  afterEach(() => sandbox.close());

  const call = async (method: string, path: string, body?: object, headers: Record<string, string> = PAT) => {
    const answer = await fetch(`${sandbox.url}${path}`, { method, headers: { 'user-agent': 'test/1.0', ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    return { status: answer.status, body: Answer.parse(await answer.json()) };
  };
  const sql = (statement: string, binds: readonly (string | null)[] = [], query = '') =>
    call('POST', `/api/v2/statements${query}`, { statement, ...SESSION, bindings: Object.fromEntries(binds.map((value, index) => [String(index + 1), { type: 'TEXT', value }])) });
  const CREATE = 'CREATE TABLE IF NOT EXISTS "T" ("K" VARCHAR NOT NULL, "N" NUMBER(10,2), PRIMARY KEY ("K"))';
  const MERGE = 'MERGE INTO "T" AS t USING (SELECT CAST(f.VALUE[0]::VARCHAR AS VARCHAR) AS "K", CAST(f.VALUE[1]::VARCHAR AS NUMBER(10,2)) AS "N" FROM TABLE(FLATTEN(INPUT => PARSE_JSON(?))) AS f) AS s ON t."K" = s."K" WHEN MATCHED AND (t."N" IS DISTINCT FROM s."N") THEN UPDATE SET "N" = s."N" WHEN NOT MATCHED THEN INSERT ("K", "N") VALUES (s."K", s."N")';
  const SUM = 'SELECT COUNT(*) AS "C", SUM("N") AS "N" FROM "T"';
  const jwt = async (change: { iss?: string; seconds?: number } = {}) => ({
    authorization: `Bearer ${await new SignJWT().setProtectedHeader({ alg: 'RS256' }).setIssuer(change.iss ?? `NWORG-PROD.Q2C_SERVICE.SHA256:${fingerprint}`).setSubject('NWORG-PROD.Q2C_SERVICE').setIssuedAt().setExpirationTime(`${change.seconds ?? 3600} seconds`).sign(pairKey())}`,
    'x-snowflake-authorization-token-type': 'KEYPAIR_JWT',
  });
  const pairKey = () => createPrivateKey(pair.privateKey);

  it('lets nobody in without a token, with a JWT of another issuer, or with one that lives longer than an hour', async () => {
    await sql(CREATE);
    const body = { statement: SUM, ...SESSION };
    assert.equal((await call('POST', '/api/v2/statements', body, await jwt())).status, 200);
    for (const headers of [{}, await jwt({ iss: 'NWORG-PROD.Q2C_SERVICE' }), await jwt({ iss: `nworg-prod.q2c_service.SHA256:${fingerprint}` }), await jwt({ seconds: 3700 }), { authorization: 'Bearer none' }]) {
      assert.equal((await call('POST', '/api/v2/statements', body, headers)).status, 401);
    }
  });

  it('compiles the statements of a loader and refuses all others with their place', async () => {
    assert.equal((await sql(CREATE)).status, 200);
    for (const [statement, code] of [['SELECT * FROM "T"', '001003'], ['DROP TABLE "T"', '001003'], [`${SUM} WHERE 1 = 1`, '001003'], ["SELECT COUNT(*) AS C, SUM('x') AS S FROM T", '001003'], [`${SUM}; ${SUM}`, '000008'], ['SELECT COUNT(*) AS C FROM "NOWHERE"', '002003'], ['SELECT COUNT(*) AS C, SUM("X") AS X FROM T', '000904'], [MERGE, '002049']] as const) {
      const { status, body } = await sql(statement);
      assert.deepEqual([status, body.code], [422, code], statement);
      assert.match(body.statementHandle ?? '', /^[0-9a-f-]{36}$/);
    }
  });

  it('adds up without rounding, and rounds only what is cast to fewer digits', async () => {
    await sql(CREATE);
    assert.deepEqual((await sql(MERGE, [JSON.stringify([['a', '0.1'], ['b', '0.2'], ['c', '-0.305'], ['d', null]])])).body.data, [['4', '0']]);
    assert.deepEqual((await sql(SUM)).body.data, [['4', '-0.01']]);
    assert.deepEqual((await sql(MERGE, [JSON.stringify([['a', '0.10'], ['b', '5']])])).body.data, [['0', '1']]);
  });

  it('keeps nothing of a statement that fails', async () => {
    await sql(CREATE);
    for (const [rows, code] of [[[['a', '1'], ['b', 'x']], '100038'], [[['a', '1'], [null, '2']], '100072'], [[['a', '123456789.00']], '100039']] as const) {
      assert.equal((await sql(MERGE, [JSON.stringify(rows)])).body.code, code);
    }
    assert.deepEqual((await sql(SUM)).body.data, [['0', null]]);
  });

  it('as the real one, enforces no key: rows are doubled by a source with a key twice, and refused where both would update one', async () => {
    await sql(CREATE);
    assert.deepEqual((await sql(MERGE, [JSON.stringify([['a', '1'], ['a', '2']])])).body.data, [['2', '0']]);
    await sql(MERGE, [JSON.stringify([['b', '1']])]);
    assert.equal((await sql(MERGE, [JSON.stringify([['b', '2'], ['b', '3']])])).body.code, '100090');
  });

  it('answers a request ID that comes again with retry=true from what it ran, and runs it again without', async () => {
    await sql(CREATE);
    const query = `?requestId=${randomUUID()}`;
    const first = await sql(MERGE, ['[["a","1"]]'], query);
    const again = await sql(MERGE, ['[["a","1"]]'], `${query}&retry=true`);
    assert.deepEqual([again.body.statementHandle, again.body.data], [first.body.statementHandle, [['1', '0']]]);
    assert.deepEqual((await sql(MERGE, ['[["a","1"]]'], query)).body.data, [['0', '0']]);
  });

  it('runs a statement asynchronously when asked, and forgets one that is cancelled', async () => {
    await sql(CREATE);
    const { status, body } = await sql(MERGE, ['[["a","1"]]'], '?async=true');
    assert.deepEqual([status, body.code], [202, '333334']);
    const path = `/api/v2/statements/${body.statementHandle}`;
    assert.equal((await call('GET', path)).status, 202);
    assert.equal((await call('GET', path)).status, 200);
    const other = await sql(MERGE, ['[["b","1"]]'], '?async=true');
    assert.equal((await call('POST', `/api/v2/statements/${other.body.statementHandle}/cancel`)).status, 200);
    assert.equal((await call('GET', `/api/v2/statements/${other.body.statementHandle}`)).status, 422);
    assert.equal((await call('GET', `/api/v2/statements/${randomUUID()}`)).status, 404);
    assert.deepEqual((await sql(SUM)).body.data, [['1', '1.00']]);
  });

  it('refuses fields, parameters, methods and media types that the API does not have', async () => {
    assert.equal((await call('POST', '/api/v2/statements', { statement: SUM, ...SESSION, warehuose: 'x' })).status, 400);
    assert.equal((await call('POST', '/api/v2/statements?requestId=7', { statement: SUM, ...SESSION })).status, 400);
    assert.equal((await call('POST', '/api/v2/statements', { statement: SUM, ...SESSION, bindings: { 1: { type: 'TEXT', value: 7 } } })).status, 400);
    assert.equal((await call('PUT', '/api/v2/statements', {})).status, 405);
    assert.equal((await call('GET', '/api/v1/statements')).status, 404);
    assert.equal((await fetch(`${sandbox.url}/api/v2/statements`, { method: 'POST', headers: { ...PAT, 'content-type': 'text/plain' }, body: SUM })).status, 415);
  });

  it('keeps tables and rows over a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'q2c-snowflake-'));
    const dataFile = join(folder, 'snowflake.sqlite');
    try {
      await sandbox.close();
      sandbox = await startSandbox(snowflake, { port: 0, options, dataFile });
      await sql(CREATE);
      await sql(MERGE, ['[["a","1"]]']);
      await sandbox.close();
      sandbox = await startSandbox(snowflake, { port: 0, options, dataFile });
      assert.deepEqual((await sql(SUM)).body.data, [['1', '1.00']]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
