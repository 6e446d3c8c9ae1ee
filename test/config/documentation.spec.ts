import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readAcknowledgement } from '../../connectors/payroll-file/acknowledgement.ts';
import { checksumOf, manifestSchema } from '../../connectors/payroll-file/manifest.ts';
import { addDays } from '../../domain/dates.ts';
import { timePersonSchema, timesheetContextSchema } from '../../domain/model/time/context.ts';
import { expenseReportSchema } from '../../domain/model/time/expense-report.ts';
import { timesheetSchema } from '../../domain/model/time/timesheet.ts';
import { policyFor } from '../../domain/rules/exceptions/policy.ts';
import { validateTimesheet } from '../../domain/rules/timesheet/validate.ts';
import { readReferenceFile } from '../../starters/q2c/reference-file.ts';
import { CONFIG_DIR, theFirm } from '../builders/firm.ts';
import { aTimeContext } from '../builders/time.ts';

const ROOT = join(CONFIG_DIR, '..');
/** Findings made beside the rules: what the books do not take, what the rules fail over. */
const BESIDE_THE_RULES = join(ROOT, 'activities', 'time', 'outcomes.ts');

interface Line {
  readonly name: string;
  readonly folder: string;
  /** Its tables in docs/configuration.md, the findings first. */
  readonly sections: readonly string[];
  /** A file with findings that are made elsewhere. */
  readonly beside: string | null;
  readonly passable: number;
}

const LINES: readonly Line[] = [
  { name: 'deals', folder: 'closed-won/rules', sections: ['## Findings of deals'], beside: null, passable: 10 },
  { name: 'timesheets', folder: 'timesheet', sections: ['## Findings of time', '### Held', '### Remarks'], beside: BESIDE_THE_RULES, passable: 10 },
  { name: 'expense reports', folder: 'expenses', sections: ['## Findings of expenses', '### Held', '### Remarks'], beside: null, passable: 15 },
];

async function textsOf(folder: string): Promise<string[]> {
  const files = await readdir(join(ROOT, 'domain', 'rules', folder), { recursive: true });
  return await Promise.all(files.filter((file) => file.endsWith('.ts')).map((file) => readFile(join(ROOT, 'domain', 'rules', folder, file), 'utf8')));
}

/** Every code that a rule can give, whatever it is: a finding, a reason to hold, a remark. */
function codesIn(texts: readonly string[]): string[] {
  const found = texts.flatMap((text) => [...text.matchAll(/'([A-Z]{2,}(?:_[A-Z]+)+)'/g)].map((match) => match[1] ?? ''));
  return [...new Set(found)].filter((code) => !code.startsWith('WAIVED_')).toSorted();
}

function passableIn(texts: readonly string[]): string[] {
  return texts.flatMap((text) => [...text.matchAll(/mayPass\([^']*'([A-Z_]+)'/g)].map((match) => match[1] ?? ''));
}

/** The codes in the first column of a section's table; a row whose last column is "may pass" lets a person pass it. */
function documentedIn(document: string, heading: string): { readonly codes: string[]; readonly passable: string[] } {
  const level = heading.split(' ')[0] ?? '##';
  const [, after] = document.split(`\n${heading}\n`);
  assert.ok(after !== undefined, `docs/configuration.md has no section "${heading}"`);
  const body = after.split(new RegExp(`\\n#{2,${level.length}} `))[0] ?? '';
  const table = body.split(/\n### /)[0] ?? '';
  const rows = [...table.matchAll(/^\| (`.*?) \|(.*)\|$/gm)].map((row) => ({ codes: [...(row[1] ?? '').matchAll(/`([A-Z_]+)`/g)].map((match) => match[1] ?? ''), passable: row[2]?.split('|').at(-1)?.includes('may pass') === true }));
  return { codes: rows.flatMap(({ codes }) => codes), passable: rows.filter((row) => row.passable).flatMap(({ codes }) => codes) };
}

for (const { name, folder, sections, beside, passable } of LINES) {
  describe(`Every finding that a rule can make about ${name}`, () => {
    it('is explained in docs/configuration.md, and nothing else is', async () => {
      const document = await readFile(join(ROOT, 'docs', 'configuration.md'), 'utf8');
      const codes = new Set(codesIn([...(await textsOf(folder)), ...(beside === null ? [] : [await readFile(beside, 'utf8')])]));
      const [findings, ...others] = sections.map((heading) => documentedIn(document, heading).codes);
      const explained = new Set([...(findings ?? []), ...others.flat().filter((code) => codes.has(code))]);
      assert.deepEqual([...explained].toSorted(), [...codes].toSorted());
    });

    it('is marked in the document where a person may let it pass', async () => {
      const document = await readFile(join(ROOT, 'docs', 'configuration.md'), 'utf8');
      const told = documentedIn(document, sections[0] ?? '').passable;
      assert.deepEqual(told.toSorted(), [...new Set(passableIn(await textsOf(folder)))].toSorted());
    });

    it('has a policy of its own kind, which permits an override wherever the rule does', async () => {
      const { config } = await theFirm();
      const texts = await textsOf(folder);
      const overridable = new Set(passableIn(texts));
      assert.ok(overridable.size > passable, `only ${overridable.size} findings about ${name} may be passed`);
      const document = await readFile(join(ROOT, 'docs', 'configuration.md'), 'utf8');
      for (const code of documentedIn(document, sections[0] ?? '').codes) {
        const policy = policyFor(code, config);
        assert.notEqual(policy.code, '*', `${code} has no policy`);
        if (overridable.has(code)) assert.ok(policy.actions.includes('override'), `${policy.code} does not permit the override of ${code}`);
      }
    });
  });
}

describe('What the documents say of holding and remarks', () => {
  it('is of a rule: no table explains what nothing gives any more', async () => {
    const document = await readFile(join(ROOT, 'docs', 'configuration.md'), 'utf8');
    const codes = new Set(codesIn([...(await textsOf('timesheet')), ...(await textsOf('expenses'))]));
    for (const heading of ['### Held', '### Remarks']) {
      const told = documentedIn(document, heading).codes;
      assert.ok(told.length > 0);
      assert.deepEqual(told.filter((code) => !codes.has(code)), []);
    }
  });
});

async function examplesIn(document: string, language: string): Promise<string[]> {
  const text = await readFile(join(ROOT, 'docs', document), 'utf8');
  return [...text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map((match) => match[1] ?? '');
}

describe('The examples of the documents', () => {
  it('of timesheets and expense reports follow their schemas', async () => {
    const [sheet = '', report = ''] = await examplesIn('time.md', 'json');
    assert.equal(timesheetSchema.parse(JSON.parse(sheet)).entries.length, 1);
    assert.deepEqual(expenseReportSchema.parse(JSON.parse(report)).lines.map(({ kind }) => kind), ['receipt', 'per_diem', 'mileage']);
  });

  it('of reference data can be loaded, and are what the timesheet needs to be accepted', async () => {
    const [rows = ''] = await examplesIn('time.md', 'ndjson');
    const [sheet = ''] = await examplesIn('time.md', 'json');
    const read = readReferenceFile(Buffer.from(rows, 'utf8'));
    assert.ok(read.ok);
    const of = (kind: string) => read.rows.filter((row) => row.kind === kind).map(({ document }) => document);
    const { config } = await theFirm();
    const context = timesheetContextSchema.parse({ ...aTimeContext(config), asOf: '2026-11-21T12:00:00.000Z', people: of('person'), projects: of('project'), assignments: of('assignment'), rates: of('rate') });
    const decision = validateTimesheet(timesheetSchema.parse(JSON.parse(sheet)), context);
    assert.deepEqual([decision.rejected, decision.held, decision.accepted.map(({ billing }) => billing.amount)], [[], [], [{ amount: '1650.00', currency: 'USD' }]]);
  });

  it('of a person who moves can be loaded, as terms of which one follows the other', async () => {
    const [rows = ''] = await examplesIn('configuration.md', 'ndjson');
    const read = readReferenceFile(Buffer.from(rows, 'utf8'));
    assert.ok(read.ok, JSON.stringify(read));
    const [before, now] = read.rows.map(({ document }) => timePersonSchema.parse(document));
    assert.ok(before?.to != null && now !== undefined);
    assert.deepEqual([addDays(before.to, 1), before.email], [now.from, now.email]);
  });

  it('of payroll belong together: the manifest is of the hours, both acknowledgements of the manifest', async () => {
    const [hours = '', csv = ''] = await examplesIn('payroll.md', 'csv');
    const [manifestText = '', json = ''] = await examplesIn('payroll.md', 'json');
    const manifest = manifestSchema.parse(JSON.parse(manifestText));
    const bytes = Buffer.from(hours.replaceAll('\n', '\r\n'), 'utf8');
    assert.deepEqual([manifest.file.sha256, manifest.file.bytes], [checksumOf(bytes), bytes.length]);
    const sent = { exportId: manifest.exportId, checksum: manifest.file.sha256, lines: manifest.totals.lines };
    const told = readAcknowledgement(Buffer.from(json, 'utf8'), 'json', sent);
    assert.deepEqual(told.rejected, [{ line: 3, reason: 'no such employee' }]);
    assert.deepEqual(readAcknowledgement(Buffer.from(csv, 'utf8'), 'csv', sent), told);
  });
});
