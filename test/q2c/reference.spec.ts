import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { timesheetProcessId } from '../../domain/process/time-process.ts';
import { readReferenceFile } from '../../starters/q2c/reference-file.ts';
import { sampleMonth } from '../../starters/month-end/sample/index.ts';
import { openCases } from '../../store/cases.ts';
import type { Store } from '../../store/database.ts';
import { putReference, referenceRows, referenceVersion } from '../../store/time/reference.ts';
import { ADA, anAssignment, anEntry, aPerson, aProject, aTimesheet } from '../builders/time.ts';
import { freshStore } from '../store/support.ts';
import { stopTemporalServer, theTemporalServer } from '../support/temporal.ts';
import { startTimeLine, type TimeLine } from '../support/time-line.ts';

const PERSON = { kind: 'person', key: ADA, scope: ADA, document: aPerson() };
const PROJECT = { kind: 'project', key: 'US01-TECH-A', scope: 'US01-TECH-A', document: aProject() };
const assignment = (parts: Parameters<typeof anAssignment>[0] = {}) => {
  const document = anAssignment(parts);
  return { kind: 'assignment', key: `${document.person}|${document.projectNumber}|${document.from}`, scope: document.person, document };
};
const ndjson = (...rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const bytes = (text: string) => new TextEncoder().encode(text);

describe('A file of reference data', () => {
  it('is taken with or without byte order mark, blank lines, and line ends of any kind', () => {
    const read = readReferenceFile(bytes(`\ufeff${JSON.stringify(PERSON)}\r\n\r\n${JSON.stringify(PROJECT)}`));
    assert.deepEqual(read.ok && read.rows.map(({ kind, key }) => [kind, key]), [['person', ADA], ['project', 'US01-TECH-A']]);
  });

  it('has every mistake named at once, each with its line', () => {
    const read = readReferenceFile(bytes(`{"cut\n${ndjson({ ...PERSON, kind: 'people' }, { ...PERSON, document: { ...PERSON.document, email: 'ada', calendar: ['8'] } }, PERSON, { ...PROJECT, key: 'US01-TECH-B', scope: 'US01' }, PERSON, { ...PROJECT, source: 'me' }, 7)}`));
    assert.ok(!read.ok);
    const named = (line: number) => read.mistakes.filter((mistake) => mistake.line === line).map(({ message }) => message);
    assert.match(named(1).join(), /^no JSON/);
    assert.match(named(2).join(), /"people" is none of person, project/);
    assert.deepEqual(named(3).map((message) => message.split(':')[0]), ['document.email', 'document.calendar']);
    assert.deepEqual(named(4), []);
    assert.deepEqual(named(5), ['key: "US01-TECH-B" is not the key of this project, which is "US01-TECH-A"', 'scope: "US01" is not the scope of this project, which is "US01-TECH-A"']);
    assert.deepEqual(named(6), [`person ${ADA} stands in line 4 already`]);
    assert.match(named(7).join(), /source/);
    assert.match(named(8).join(), /expected object/);
  });

  it('that is no text is refused as a whole', () => {
    const read = readReferenceFile(Uint8Array.from([0x7b, 0xff, 0xfe]));
    assert.deepEqual(read, { ok: false, mistakes: [{ line: 1, message: 'the file is not UTF-8 text' }] });
  });

  it('may be that of a whole firm', () => {
    const rows = [...sampleMonth({ consultants: 60 }).reference()];
    const read = readReferenceFile(bytes(ndjson(...rows)));
    assert.deepEqual(read.ok ? [] : read.mistakes.slice(0, 5), []);
    assert.equal(read.ok && read.rows.length, rows.length);
  });

  it('may give a person several labor categories on one project', () => {
    const second = anAssignment({ laborCategory: 'ANALYST' });
    const read = readReferenceFile(bytes(ndjson(assignment(), { ...assignment(), key: `${ADA}|US01-TECH-A|ANALYST|${second.from}`, document: second })));
    assert.equal(read.ok, true);
  });
});

function q2cOver(store: Store, dataDir: string, temporal: Readonly<Record<string, string>> = {}) {
  return (...args: readonly string[]): Promise<{ code: number; text: string; errors: string }> => {
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(TEMPORAL_|Q2C_)/.test(name)));
    return new Promise((resolve) => {
      execFile(process.execPath, ['starters/q2c/main.ts', ...args], { env: { ...env, ...temporal, Q2C_DATA_DIR: dataDir, DATABASE_URL: store.url } }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, text: stdout, errors: stderr });
      });
    });
  };
}

describe('q2c reference', function () {
  this.timeout(60_000);
  let store: Store;
  let dataDir: string;
  let q2c: ReturnType<typeof q2cOver>;
  beforeEach(async () => {
    store = await freshStore();
    dataDir = await mkdtemp(path.join(tmpdir(), 'q2c-reference-'));
    q2c = q2cOver(store, dataDir);
  });
  afterEach(async () => {
    await store.close();
    await rm(dataDir, { recursive: true });
  });

  async function file(...rows: readonly unknown[]): Promise<string> {
    const name = path.join(dataDir, 'people.ndjson');
    await writeFile(name, ndjson(...rows));
    return name;
  }

  it('loads people and projects, shows who gave them, and exports what it loads', async () => {
    const loaded = await q2c('reference', 'load', await file(PERSON, PROJECT, assignment()), '--by', 'hanna');
    assert.equal(loaded.code, 0, loaded.errors);
    assert.equal(loaded.text, '3 rows, 3 new or changed.\n');
    const shown = await q2c('reference', 'show', 'person', ADA);
    assert.match(shown.text, new RegExp(`^person ${ADA}, given by hanna on `));
    assert.ok(shown.text.includes('"laborCategory": "ENGINEER"'));
    const before = await referenceVersion(store.db);
    const { text } = await q2c('reference', 'export');
    await writeFile(path.join(dataDir, 'all.ndjson'), text);
    assert.equal((await q2c('reference', 'load', path.join(dataDir, 'all.ndjson'), '--by', 'otto')).text, '3 rows, 0 new or changed.\n');
    assert.equal(await referenceVersion(store.db), before);
    assert.ok((await referenceRows(store.db)).every(({ source }) => source === 'hanna'));
  });

  it('loads nothing of a file with one mistake, and says which', async () => {
    const name = await file(PERSON, { ...PROJECT, document: { ...PROJECT.document, status: 'open' } });
    const { code, text } = await q2c('reference', 'load', name);
    assert.equal(code, 1);
    assert.ok(text.startsWith(`Nothing was loaded.\n${name}:2 document.status: `), text);
    assert.deepEqual(await referenceRows(store.db), []);
  });

  it('refuses a kind and a key it does not know, with what to do', async () => {
    assert.match((await q2c('reference', 'show', 'people', 'x')).errors, /"people" is no kind of reference data: person/);
    assert.match((await q2c('reference', 'show', 'person', 'x@y.example')).errors, /there is no person x@y\.example: npm run q2c -- reference show person lists them/);
    await putReference(store.db, 'hr', [PERSON]);
    assert.match((await q2c('reference', 'show', 'person')).text, new RegExp(`${ADA} +hr`));
  });
});

describe('A timesheet of somebody nobody knows', function () {
  this.timeout(60_000);
  let line: TimeLine;
  let dataDir: string;
  before(async () => {
    line = await startTimeLine();
    dataDir = await mkdtemp(path.join(tmpdir(), 'q2c-reference-'));
  });
  after(async () => {
    await line.stop();
    await rm(dataDir, { recursive: true });
    await stopTemporalServer();
  });

  it('is posted by itself once the person is loaded', async () => {
    const email = 'new@northwind-consulting.example';
    const id = `TS-${randomUUID().slice(0, 8)}`;
    await line.submit(aTimesheet([anEntry({ id: `E-${id}`, person: email })], { id, person: email }));
    await line.until('its case is open', async () => (await openCases(line.store.db)).some(({ code }) => code === 'PERSON_UNKNOWN'));
    const file = path.join(dataDir, 'new.ndjson');
    await writeFile(file, ndjson({ ...PERSON, key: email, scope: email, document: aPerson({ email }) }, assignment({ person: email })));
    const { address, namespace } = await theTemporalServer();
    const { text, errors } = await q2cOver(line.store, dataDir, { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace ?? 'default' })('reference', 'load', file);
    assert.equal(text, `2 rows, 2 new or changed.\nThese look again: ${timesheetProcessId({ system: 'harvest', id, version: 1 })}\n`, errors);
    await line.until('it is posted', async () => Promise.resolve([...line.fakes.laborLines.values()].some(({ line: { person } }) => person === email)));
    await line.until('its case is closed', async () => (await openCases(line.store.db)).length === 0);
  });
});
