import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';
import { legacy } from '../../../sandbox/legacy/sandbox.ts';
import { sandboxAdmin } from '../../connectors/conformance/admin.ts';

const CUSTOMERS = 'external_key,name,parent_key,street,city,region,postal_code,country,tax_number,currencies,companies,keep';
const STATUS = 'external_key,status';
const MANIFEST = 'batch,table,file,encoding,records,control_total,bytes,sha256';

const csv = (...lines: readonly string[]) => Buffer.from(lines.map((line) => `${line}\r\n`).join(''));
const acme = (key: string, name = 'Acme') => `${key},${name},,,,,,US,,USD,US01,`;

interface Sent {
  readonly records?: number;
  readonly total?: string;
  readonly encoding?: string;
  readonly sha256?: string;
}

describe('The import job of the legacy ERP', function () {
  this.timeout(20_000);
  let folder: string;
  let running: RunningSandbox;
  const admin = sandboxAdmin(() => running.url);
  let counter = 0;

  const start = () => startSandbox(legacy, { port: 0, dataFile: join(folder, 'erp.sqlite'), options: { folder, lookEveryMs: 4, extractEveryMs: 0 } });
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'q2c-legacy-'));
    await mkdir(join(folder, 'in'));
    running = await start();
  });
  after(async () => {
    await running?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const fresh = (table: string) => `${table}.by-hand.${(counter += 1)}`;
  /** As a programmer with a text editor would send it, from docs/legacy-erp.md. */
  async function send(table: string, content: Buffer, { records, total = '0', encoding = 'utf-8', sha256 }: Sent = {}, batch = fresh(table)): Promise<string> {
    const file = `${batch}.${table}.csv`;
    const checksum = sha256 ?? createHash('sha256').update(content).digest('hex');
    const count = records ?? content.toString('latin1').split('\r\n').length - 2;
    await writeFile(join(folder, 'in', file), content);
    await put(`in/${batch}.manifest.csv`, csv(MANIFEST, [batch, table, file, encoding, count, total, content.length, checksum].join()));
    return batch;
  }
  async function put(path: string, content: Buffer): Promise<void> {
    await writeFile(join(folder, `${path}.tmp`), content);
    await rename(join(folder, `${path}.tmp`), join(folder, path));
  }
  async function acknowledgement(batch: string): Promise<string[][]> {
    for (;;) {
      const text = await readFile(join(folder, 'out', `${batch}.ack.csv`), 'utf8').catch(() => undefined);
      if (text !== undefined) return parse(text);
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
  }
  const refusalOf = async (batch: string) => {
    const [, head = []] = await acknowledgement(batch);
    return [head[2], head[6]];
  };
  const outcomes = async (batch: string) => (await acknowledgement(batch)).filter(([kind]) => kind === 'R').map((record) => [record[1], record[2], record[6]]);

  it('answers each record with its number and echoes the checksum of the manifest', async () => {
    const batch = await send('customers', csv(CUSTOMERS, acme('a-1'), acme('a-2', '"Smith, ""Sons"" & Co"')));
    const [header, head = [], first = [], , last] = await acknowledgement(batch);
    const manifest = await readFile(join(folder, 'done', `${batch}.manifest.csv`)).catch(() => readFile(join(folder, 'in', `${batch}.manifest.csv`)));
    assert.deepEqual(header, ['kind', 'external_key', 'outcome', 'number', 'status', 'change', 'code', 'message']);
    assert.deepEqual(head.slice(0, 4), ['B', batch, 'TAKEN', createHash('sha256').update(manifest).digest('hex')]);
    assert.deepEqual([first[1], first[2], /^C\d{6}$/.test(first[3] ?? ''), first[4]], ['a-1', 'CREATED', true, 'ACTIVE']);
    assert.deepEqual(last?.slice(0, 2), ['T', '2']);
  });

  for (const [what, code, content, told] of [
    ['fields in another order', 'FORMAT', csv(CUSTOMERS.replace('name,parent_key', 'parent_key,name'), acme('b-1')), {}],
    ['a field too many', 'FORMAT', csv(CUSTOMERS, `${acme('b-2')},x`), {}],
    ['a name that is too long', 'FORMAT', csv(CUSTOMERS, acme('b-3', 'x'.repeat(61))), {}],
    ['a name that is missing', 'FORMAT', csv(CUSTOMERS, acme('b-4', '')), {}],
    ['a line break in a field', 'FORMAT', csv(CUSTOMERS, acme('b-5', '"two\nlines"')), {}],
    ['line feeds alone', 'FORMAT', Buffer.from(`${CUSTOMERS}\n${acme('b-6')}\n`), { records: 1 }],
    ['bytes that are no UTF-8', 'ENCODING', Buffer.from(csv(CUSTOMERS, acme('b-7', 'Müller')).toString(), 'latin1'), {}],
    ['another character set', 'ENCODING', csv(CUSTOMERS, acme('b-8')), { encoding: 'iso-8859-1' }],
    ['fewer records than told', 'CONTROL_TOTAL', csv(CUSTOMERS, acme('b-9')), { records: 2 }],
    ['another control total', 'CONTROL_TOTAL', csv(CUSTOMERS, acme('b-10')), { total: '5' }],
    ['other bytes than told', 'TORN', csv(CUSTOMERS, acme('b-11')), { sha256: 'f'.repeat(64) }],
  ] as const) {
    it(`refuses a batch with ${what} as a whole, and puts it aside`, async () => {
      const batch = await send('customers', content, told);
      assert.deepEqual(await refusalOf(batch), ['REFUSED', code]);
      while ((await readdir(join(folder, 'in'))).length > 0) await new Promise((resolve) => setTimeout(resolve, 3));
      assert.ok((await readdir(join(folder, 'failed'))).includes(`${batch}.manifest.csv`));
      assert.deepEqual((await admin.state())['customers']?.filter(({ id }) => String(id).startsWith('b-')), []);
    });
  }

  it('refuses a project that comes without its WBS', async () => {
    assert.deepEqual(await refusalOf(await send('projects', csv('external_key'))), ['REFUSED', 'FORMAT']);
  });

  it('does not touch files that have no manifest yet', async () => {
    await writeFile(join(folder, 'in', 'customers.half.1.customers.csv'), csv(CUSTOMERS, acme('c-1')));
    await acknowledgement(await send('customers', csv(CUSTOMERS, acme('c-2'))));
    assert.ok((await readdir(join(folder, 'in'))).includes('customers.half.1.customers.csv'));
    await rm(join(folder, 'in', 'customers.half.1.customers.csv'));
  });

  it('refuses what it does not know record by record, and takes the others', async () => {
    const batch = await send('customers', csv(CUSTOMERS, acme('d-1'), 'd-2,Acme,,,,,,US,,USD,XX99,', 'd-3,Acme,,,,,,US,,XXX,US01,', acme('d-1')));
    assert.deepEqual(await outcomes(batch), [['d-1', 'CREATED', ''], ['d-2', 'REFUSED', 'COMPANY_UNKNOWN'], ['d-3', 'REFUSED', 'CURRENCY_UNKNOWN'], ['d-1', 'REFUSED', 'DUPLICATE_IN_BATCH']]);
    assert.deepEqual(await outcomes(await send('project_status', csv(STATUS, 'nobody,ACTIVE'))), [['nobody', 'REFUSED', 'PROJECT_UNKNOWN']]);
    assert.deepEqual(await outcomes(await send('cancellations', csv('external_key,record', 'nobody,CUSTOMER', 'd-1,CUSTOMER', 'd-1,LABOR'))), [['nobody', 'NOT_FOUND', ''], ['d-1', 'DELETED', ''], ['d-1', 'REFUSED', 'DUPLICATE_IN_BATCH']]);
  });

  it('says that a record is there already where nothing changes, and changes it where something does', async () => {
    const numbers = new Set<string | undefined>();
    for (const [line, outcome] of [[acme('e-1'), 'CREATED'], [acme('e-1'), 'PRESENT'], [acme('e-1', 'Acme Ltd'), 'CHANGED']] as const) {
      const [, , record = []] = await acknowledgement(await send('customers', csv(CUSTOMERS, line)));
      assert.equal(record[2], outcome);
      numbers.add(record[3]);
    }
    assert.equal(numbers.size, 1);
  });

  it('answers a batch of a name it has dealt with as before, and imports it no second time', async () => {
    const batch = await send('customers', csv(CUSTOMERS, acme('f-1')));
    const before = await acknowledgement(batch);
    while ((await readdir(join(folder, 'in'))).length > 0) await new Promise((resolve) => setTimeout(resolve, 3));
    await acknowledgement(await send('cancellations', csv('external_key,record', 'f-1,CUSTOMER')));
    await rm(join(folder, 'out', `${batch}.ack.csv`));
    await send('customers', csv(CUSTOMERS, acme('f-1')), {}, batch);
    assert.deepEqual(await acknowledgement(batch), before);
    assert.equal((await admin.state())['customers']?.some(({ id }) => id === 'f-1'), false);
  });

  it('goes on after a restart with what it had not answered', async () => {
    await fetch(`${running.url}/__admin/mode`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"mode":"stopped"}' });
    const batch = await send('customers', csv(CUSTOMERS, acme('g-1')));
    await running.close();
    running = await start();
    await fetch(`${running.url}/__admin/mode`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"mode":"default"}' });
    assert.deepEqual(await outcomes(batch), [['g-1', 'CREATED', '']]);
  });

  it('writes an extract on request, and acknowledgements out of the way once two extracts cover them', async () => {
    const batch = await send('customers', csv(CUSTOMERS, acme('h-1')));
    await acknowledgement(batch);
    const numbers: string[] = [];
    for (let index = 0; index < 4; index += 1) {
      const [, , record = []] = await acknowledgement(await send('requests', csv('external_key,request,batch', `extract-${index},EXTRACT,`)));
      numbers.push(record[3] ?? '');
      const lies = (await readdir(join(folder, index === 0 ? 'out' : 'out/old'))).includes(`${batch}.ack.csv`);
      if (index < 2) assert.ok(lies, `after ${index + 1} extracts`);
    }
    const out = await readdir(join(folder, 'out'));
    assert.deepEqual(out.filter((name) => /^extract-\d+\.manifest/.test(name)).toSorted(), numbers.slice(-3).map((number) => `extract-${number.padStart(8, '0')}.manifest.csv`));
    const manifest: Record<string, string>[] = parse(await readFile(join(folder, 'out', `extract-${numbers.at(-1)?.padStart(8, '0')}.manifest.csv`)), { columns: true });
    const customers = manifest.find(({ table }) => table === 'customers');
    const content = await readFile(join(folder, 'out', customers?.['file'] ?? ''));
    assert.deepEqual([createHash('sha256').update(content).digest('hex'), String(content.length)], [customers?.['sha256'], customers?.['bytes']]);
    assert.ok(content.toString().includes('\r\nh-1,C'));
  });

  it('writes an acknowledgement again on request, unless it never had the batch', async () => {
    const batch = await send('customers', csv(CUSTOMERS, acme('i-1')));
    const before = await acknowledgement(batch);
    await rm(join(folder, 'out', `${batch}.ack.csv`));
    assert.deepEqual(await outcomes(await send('requests', csv('external_key,request,batch', `r-1,ACKNOWLEDGEMENT,${batch}`, 'r-2,ACKNOWLEDGEMENT,customers.never.1'))), [['r-1', 'DONE', ''], ['r-2', 'REFUSED', 'BATCH_UNKNOWN']]);
    assert.deepEqual(await acknowledgement(batch), before);
  });
});
