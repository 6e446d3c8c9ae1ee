import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { createPayrollFile } from '../../connectors/payroll-file/index.ts';
import { hoursCsv } from '../../connectors/payroll-file/hours-csv.ts';
import { placeOf } from '../../connectors/payroll-file/options.ts';
import type { PayrollPort } from '../../connectors/payroll-port.ts';
import type { CallContext, Log } from '../../connectors/ports.ts';
import { isSystemFailure, type Failure } from '../../domain/failure.ts';
import { aPayrollExport, BEN } from './builders.ts';
import { startSftpServer, type SftpServer } from './sftp-server.ts';

const log: Log = { debug() {}, info() {}, warn() {}, error() {} };
const context: CallContext = { signal: new AbortController().signal, heartbeat() {}, log, idempotencyKey: 'test' };
const limits = { concurrency: null, requestsPerSecond: null, timeoutSeconds: 2 };

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  try {
    await work;
  } catch (error) {
    if (isSystemFailure(error)) return error.failure;
    throw error;
  }
  throw new Error('it did not fail');
}

interface Place {
  readonly folder: string;
  port(options?: Record<string, unknown>): PayrollPort;
  close(): Promise<void>;
}

const TRANSPORTS: Readonly<Record<string, () => Promise<Place>>> = {
  'a local folder': async () => {
    const folder = await mkdtemp(join(tmpdir(), 'q2c-payroll-'));
    return { folder, port: (options = {}) => createPayrollFile({ system: 'payroll', baseUrl: `file://${folder}`, credentials: undefined, limits, options, log }), close: () => rm(folder, { recursive: true }) };
  },
  'an SFTP server': async () => {
    const folder = await mkdtemp(join(tmpdir(), 'q2c-payroll-'));
    const server = await startSftpServer(folder);
    const port = (options: Record<string, unknown> = {}) => createPayrollFile({ system: 'payroll', baseUrl: `sftp://127.0.0.1:${server.port}/`, credentials: server.credentials, limits, options: { hostKey: server.hostKey, ...options }, log });
    return { folder, port, close: async () => {
      await server.close();
      await rm(folder, { recursive: true });
    } };
  },
};

for (const [name, start] of Object.entries(TRANSPORTS)) {
  describe(`Payroll files in ${name}`, function () {
    this.timeout(30_000);
    let place: Place;
    beforeEach(async () => {
      place = await start();
    });
    afterEach(async () => {
      await place.close();
    });

    const list = (folder: string) => readdir(join(place.folder, folder)).catch(() => []);
    const document = aPayrollExport([{}, { person: BEN, hours: '-1.25' }]);
    const CSV = `payroll.${document.id}.csv`;
    const MANIFEST = `payroll.${document.id}.manifest.json`;
    const ACK = `payroll.${document.id}.ack.json`;

    async function acknowledge(content: string | Buffer, as = ACK, ageSeconds = 120): Promise<void> {
      await mkdir(join(place.folder, 'incoming'), { recursive: true });
      const file = join(place.folder, 'incoming', as);
      await writeFile(file, content);
      const at = new Date(Date.now() - ageSeconds * 1000);
      await utimes(file, at, at);
    }

    const answer = (checksum: string, change: object = {}) => JSON.stringify({ schema: 'payroll-acknowledgement', schemaVersion: 1, exportId: document.id, checksum, outcome: 'accepted', accepted: 2, rejected: [], reference: 'PB-7', ...change });

    it('are the hours and a manifest with their checksum and control totals; nothing half done is left', async () => {
      const { files, checksum } = await place.port().send(document, context);
      assert.deepEqual(files, [CSV, MANIFEST]);
      assert.deepEqual(await list('outgoing'), [CSV, MANIFEST]);
      const hours = await readFile(join(place.folder, 'outgoing', CSV));
      assert.equal(createHash('sha256').update(hours).digest('hex'), checksum);
      const manifest: unknown = JSON.parse(await readFile(join(place.folder, 'outgoing', MANIFEST), 'utf8'));
      assert.deepEqual(manifest, {
        schema: 'payroll-manifest',
        schemaVersion: 1,
        exportId: 'US01.S2026-11-1.1',
        employer: 'US01',
        payPeriod: { code: 'S2026-11-1', from: '2026-11-01', to: '2026-11-15' },
        payDate: '2026-11-20',
        number: 1,
        kind: 'regular',
        file: { name: CSV, bytes: hours.length, sha256: checksum, encoding: 'utf-8', format: 'csv-rfc4180' },
        totals: { lines: 2, people: 2, hours: '6.75', hoursPerPayCode: [{ payCode: 'REG', hours: '6.75' }] },
      });
    });

    it('are not written again where the manifest is there with the same checksum, also after the bureau put it aside', async () => {
      const first = await place.port().send(document, context);
      await mkdir(join(place.folder, 'processed'));
      for (const file of [CSV, MANIFEST]) {
        await writeFile(join(place.folder, 'processed', file), await readFile(join(place.folder, 'outgoing', file)));
        await rm(join(place.folder, 'outgoing', file));
      }
      assert.deepEqual(await place.port().send(document, context), first);
      assert.deepEqual(await list('outgoing'), []);
    });

    it('are written anew where a killed writer left the hours without a manifest', async () => {
      await mkdir(join(place.folder, 'outgoing'), { recursive: true });
      await writeFile(join(place.folder, 'outgoing', CSV), 'half');
      await writeFile(join(place.folder, 'outgoing', `${MANIFEST}.part`), 'half');
      const { checksum } = await place.port().send(document, context);
      assert.equal(createHash('sha256').update(await readFile(join(place.folder, 'outgoing', CSV))).digest('hex'), checksum);
      assert.deepEqual(await list('outgoing'), [CSV, MANIFEST]);
    });

    it('never replace other hours under the same ID', async () => {
      await place.port().send(document, context);
      const failure = await failureOf(place.port().send(aPayrollExport([{ hours: '9' }]), context));
      assert.deepEqual([failure.kind, failure.code, failure.written], ['contract', 'PAYROLL_EXPORT_CHANGED', 'no']);
      await writeFile(join(place.folder, 'outgoing', MANIFEST), '{"half":');
      assert.equal((await failureOf(place.port().send(document, context))).code, 'PAYROLL_MANIFEST_UNREADABLE');
    });

    it('are acknowledged in JSON or in CSV, accepted, in part, or not at all', async () => {
      const port = place.port();
      const { checksum } = await port.send(document, context);
      const sent = { exportId: document.id, checksum, lines: 2 };
      assert.equal(await port.acknowledgement(sent, context), null);
      await acknowledge(answer(checksum));
      assert.deepEqual(await port.acknowledgement(sent, context), { exportId: document.id, checksum, outcome: 'accepted', accepted: 2, rejected: [], reason: null, reference: 'PB-7' });
      await rm(join(place.folder, 'incoming', ACK));
      await acknowledge(`H,${document.id},${checksum},lines_rejected,1,1,PB-8,\r\nR,2,"unknown, or left"\r\nT,1\r\n`, `payroll.${document.id}.ack.csv`);
      assert.deepEqual(await port.acknowledgement(sent, context), { exportId: document.id, checksum, outcome: 'lines_rejected', accepted: 1, rejected: [{ line: 2, reason: 'unknown, or left' }], reason: null, reference: 'PB-8' });
      await acknowledge(answer(checksum, { outcome: 'refused', accepted: 0, reason: 'no contract' }));
      assert.deepEqual(await port.acknowledgement(sent, context), { exportId: document.id, checksum, outcome: 'refused', accepted: 0, rejected: [], reason: 'no contract', reference: 'PB-7' });
    });

    const REFUSED: readonly (readonly [string, string, (checksum: string) => string | Buffer, string?])[] = [
      ['of other hours', 'PAYROLL_ACK_OTHER_CHECKSUM', () => answer('0'.repeat(64))],
      ['of another export', 'PAYROLL_ACK_OTHER_CHECKSUM', (checksum) => answer(checksum, { exportId: 'US01.S2026-11-1.9' })],
      ['that is half a file', 'PAYROLL_ACK_UNREADABLE', (checksum) => answer(checksum).slice(0, 90)],
      ['that is half a CSV file', 'PAYROLL_ACK_UNREADABLE', (checksum) => `H,${document.id},${checksum},lines_rejected,1,1,PB-8,\r\nR,2,unkn`, `payroll.${document.id}.ack.csv`],
      ['that is no UTF-8', 'PAYROLL_ACK_UNREADABLE', () => Buffer.from([0x7b, 0xff, 0xfe, 0x7d])],
      ['that is empty', 'PAYROLL_ACK_UNREADABLE', () => ''],
      ['that is null', 'PAYROLL_ACK_UNREADABLE', () => 'null'],
      ['with an outcome nobody agreed on', 'PAYROLL_ACK_UNREADABLE', (checksum) => answer(checksum, { outcome: 'maybe' })],
      ['in UTF-16', 'PAYROLL_ACK_UNREADABLE', (checksum) => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(answer(checksum), 'utf16le')])],
      ['in UTF-16 without a sign of it', 'PAYROLL_ACK_UNREADABLE', (checksum) => Buffer.from(answer(checksum), 'utf16le')],
      ['in ISO 8859-1', 'PAYROLL_ACK_UNREADABLE', (checksum) => Buffer.from(answer(checksum, { outcome: 'refused', accepted: 0, reason: 'Prüfung' }), 'latin1')],
      ['that is a web page', 'PAYROLL_ACK_UNREADABLE', () => '<!doctype html><title>502</title>'],
      ['that is a web page named CSV', 'PAYROLL_ACK_UNREADABLE', () => '<!doctype html>\n<p class="x">502, Bad Gateway</p>', `payroll.${document.id}.ack.csv`],
      ['of one endless record', 'PAYROLL_ACK_UNREADABLE', (checksum) => `H,${document.id},${checksum},accepted,2,0,${'x'.repeat(200_000)}\r\nT,0\r\n`, `payroll.${document.id}.ack.csv`],
      ['with its numbers as text', 'PAYROLL_ACK_UNREADABLE', (checksum) => answer(checksum, { accepted: '2' })],
      ['with a comma in its number', 'PAYROLL_ACK_UNREADABLE', (checksum) => `H,${document.id},${checksum},accepted,"1,002",0,PB-8,\r\nT,0\r\n`, `payroll.${document.id}.ack.csv`],
      ['with an outcome nobody agreed on in CSV', 'PAYROLL_ACK_UNREADABLE', (checksum) => `H,${document.id},${checksum},MAYBE,2,0,PB-8,\r\nT,0\r\n`, `payroll.${document.id}.ack.csv`],
      ['with lines that were never sent', 'PAYROLL_ACK_UNKNOWN_LINES', (checksum) => answer(checksum, { outcome: 'lines_rejected', accepted: 1, rejected: [{ line: 3, reason: 'x' }] })],
      ['with a line rejected twice', 'PAYROLL_ACK_TOTALS_DIFFER', (checksum) => answer(checksum, { outcome: 'lines_rejected', accepted: 0, rejected: [{ line: 1, reason: 'x' }, { line: 1, reason: 'y' }] })],
      ['that leaves a line out', 'PAYROLL_ACK_TOTALS_DIFFER', (checksum) => answer(checksum, { accepted: 1 })],
      ['that accepts all and rejects one', 'PAYROLL_ACK_TOTALS_DIFFER', (checksum) => answer(checksum, { accepted: 1, rejected: [{ line: 2, reason: 'x' }] })],
    ];
    for (const [what, code, content, as] of REFUSED) {
      it(`an acknowledgement ${what} is refused and kept in quarantine, once`, async () => {
        const port = place.port();
        const { checksum } = await port.send(document, context);
        const bytes = content(checksum);
        await acknowledge(bytes, as);
        const sent = { exportId: document.id, checksum, lines: 2 };
        const failure = await failureOf(port.acknowledgement(sent, context));
        assert.deepEqual([failure.kind, failure.code], ['contract', code]);
        await failureOf(port.acknowledgement(sent, context));
        const kept = await list('quarantine');
        assert.equal(kept.length, 1);
        assert.deepEqual(await readFile(join(place.folder, 'quarantine', kept[0] ?? '')), Buffer.from(bytes));
        await rm(join(place.folder, 'incoming', as ?? ACK));
        await acknowledge(answer(checksum));
        assert.equal((await port.acknowledgement(sent, context))?.outcome, 'accepted', 'a right one in its place is taken');
      });
    }

    it('an acknowledgement of more bytes than any has is told of without being read', async () => {
      const port = place.port();
      const { checksum } = await port.send(document, context);
      await acknowledge('');
      await truncate(join(place.folder, 'incoming', ACK), 17 * 1024 * 1024);
      const failure = await failureOf(port.acknowledgement({ exportId: document.id, checksum, lines: 2 }, context));
      assert.deepEqual([failure.kind, failure.code, failure.written], ['contract', 'PAYROLL_FILE_TOO_LARGE', 'no']);
    });

    it('an acknowledgement that cannot be read and was written in the far future by the bureau\'s clock is not waited for', async () => {
      const port = place.port();
      const { checksum } = await port.send(document, context);
      await acknowledge(answer(checksum).slice(0, 60), ACK, -86_400);
      const sent = { exportId: document.id, checksum, lines: 2 };
      assert.equal((await failureOf(port.acknowledgement(sent, context))).code, 'PAYROLL_ACK_UNREADABLE');
      await acknowledge(answer(checksum), ACK, -86_400);
      assert.equal((await port.acknowledgement(sent, context))?.outcome, 'accepted', 'and a right one is taken, whatever its time');
    });

    it('an acknowledgement that is still being written is waited for', async () => {
      const port = place.port();
      const { checksum } = await port.send(document, context);
      await acknowledge(answer(checksum).slice(0, 60), ACK, 0);
      assert.equal(await port.acknowledgement({ exportId: document.id, checksum, lines: 2 }, context), null);
      assert.deepEqual(await list('quarantine'), []);
    });
  });
}

describe('An SFTP server of a payroll bureau', function () {
  this.timeout(30_000);
  let folder: string;
  let server: SftpServer;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'q2c-payroll-'));
    server = await startSftpServer(folder);
  });
  afterEach(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  const document = aPayrollExport();
  const portOf = (change: { hostKey?: string; credentials?: unknown; port?: number; timeoutSeconds?: number } = {}) =>
    createPayrollFile({ system: 'payroll', baseUrl: `sftp://127.0.0.1:${change.port ?? server.port}/upload`, credentials: change.credentials ?? server.credentials, limits: { ...limits, timeoutSeconds: change.timeoutSeconds ?? 30 }, options: { hostKey: change.hostKey ?? server.hostKey }, log });

  it('with another host key than the pinned one is not spoken to', async () => {
    const other = await startSftpServer(folder);
    const failure = await failureOf(portOf({ port: other.port, credentials: other.credentials }).send(document, context));
    await other.close();
    assert.deepEqual([failure.kind, failure.code, failure.written], ['configuration', 'PAYROLL_HOST_KEY_CHANGED', 'no']);
    assert.match(failure.message, new RegExp(other.hostKey.replaceAll(/[+/]/g, '.')));
    assert.deepEqual(await readdir(folder), []);
  });

  it('needs its key pinned', () => {
    assert.throws(() => createPayrollFile({ system: 'payroll', baseUrl: `sftp://127.0.0.1:${server.port}/`, credentials: server.credentials, limits, options: {}, log }), /host key pinned/);
  });

  it('that refuses our login is a matter of configuration', async () => {
    const failure = await failureOf(portOf({ credentials: { ...server.credentials, password: 'wrong' } }).send(document, context));
    assert.deepEqual([failure.kind, failure.code], ['configuration', 'CREDENTIALS_REFUSED']);
    assert.ok(!JSON.stringify(failure).includes('wrong'));
  });

  it('that is not there, or may not be written to, is told apart', async () => {
    const gone = await startSftpServer(folder);
    await gone.close();
    assert.equal((await failureOf(portOf({ port: gone.port, hostKey: gone.hostKey, credentials: gone.credentials }).send(document, context))).kind, 'transient');
    server.refuse('OPEN');
    assert.equal((await failureOf(portOf().send(document, context))).code, 'PAYROLL_FOLDER_REFUSED');
  });

  it('that stops answering does not hold the step', async () => {
    server.hang('STAT');
    const failure = await failureOf(portOf({ timeoutSeconds: 0.5 }).send(document, context));
    assert.equal(failure.kind, 'transient');
  });

  for (const [request, of] of [['WRITE', /\.csv/], ['RENAME', /\.csv/], ['WRITE', /manifest/], ['RENAME', /manifest/]] as const) {
    for (const after of [false, true]) {
      it(`that is lost ${after ? 'after' : 'before'} the ${request} of the ${of.source.includes('csv') ? 'hours' : 'manifest'} has both files once the step is tried again`, async () => {
        server.cut(request, { after, of });
        const failure = await failureOf(portOf().send(document, context));
        assert.deepEqual([failure.kind, failure.written], ['in_doubt', 'unknown']);
        const { files, checksum } = await portOf().send(document, context);
        assert.deepEqual((await readdir(join(folder, 'upload', 'outgoing'))).toSorted(), [...files].toSorted());
        assert.equal(createHash('sha256').update(await readFile(join(folder, 'upload', 'outgoing', files[0] ?? ''))).digest('hex'), checksum);
      });
    }
  }

  it('is left when the step is cancelled', async () => {
    const controller = new AbortController();
    server.hang('STAT');
    const sending = failureOf(portOf({ timeoutSeconds: 3600 }).send(document, { ...context, signal: controller.signal }));
    setTimeout(() => controller.abort(), 200);
    assert.equal((await sending).kind, 'transient', 'long before its own time is over');
  });
});

describe('The CSV file of the hours', () => {
  it('is RFC 4180 that any reader takes apart again, and no spreadsheet runs as a formula', () => {
    const names = fc.constantFrom('=cmd', '+sum', '-x', "'quoted", 'plain');
    fc.assert(fc.property(fc.array(fc.record({ name: names, hundredths: fc.integer({ min: -2400, max: 2400 }).filter((value) => value !== 0) }), { minLength: 1, maxLength: 20 }), (people) => {
      const safe = people.map(({ name, hundredths }) => ({ person: `${name.startsWith('=') ? 'a' : ''}${name.replace('=', '')}@firm.example`, hours: String(hundredths / 100) }));
      const document = aPayrollExport(safe);
      const text = hoursCsv(document).toString('utf8');
      const [header = [], ...records] = parse(text, { record_delimiter: '\r\n' });
      assert.deepEqual(header.slice(0, 2), ['export_id', 'line']);
      assert.ok(text.endsWith('\r\n'));
      assert.deepEqual(records.map((record) => [record[5]?.replace(/^'/, ''), record[9]]), safe.map(({ person, hours }) => [person, document.lines.find((line) => line.person === person && line.hours === hours)?.hours]));
      for (const record of records) {
        assert.doesNotMatch(record[5] ?? '', /^[=+\-@\t\r]/);
        assert.match(record[9] ?? '', /^-?\d+(\.\d+)?$/, 'hours stay numbers');
      }
    }));
  });

  it('is the same, byte by byte, for the same export', () => {
    assert.deepEqual(hoursCsv(aPayrollExport()), hoursCsv(aPayrollExport()));
  });
});

describe('The address of a payroll bureau', () => {
  it('is a folder of the data folder, a path, or an SFTP server', () => {
    assert.deepEqual(placeOf('folder:payroll', '/data'), { transport: 'folder', folder: '/data/payroll' });
    assert.deepEqual(placeOf('file:///srv/pay%20roll', '/data'), { transport: 'folder', folder: '/srv/pay roll' });
    assert.deepEqual(placeOf('sftp://bureau.example/upload/', '/data'), { transport: 'sftp', host: 'bureau.example', port: 22, folder: 'upload' });
    assert.deepEqual(placeOf('sftp://bureau.example:2222//srv/in', '/data'), { transport: 'sftp', host: 'bureau.example', port: 2222, folder: '/srv/in' });
  });
  for (const wrong of ['folder:../elsewhere', 'folder:/etc', 'https://bureau.example', 'payroll', 'sftp://q2c:hunter2@bureau.example/']) {
    it(`is not "${wrong}"`, () => {
      assert.throws(() => placeOf(wrong, '/data'), (error: Error) => !error.message.includes('hunter2'));
    });
  }
});
