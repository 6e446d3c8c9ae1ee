import assert from 'node:assert/strict';
import { isUnsupported } from '../../../connectors/ports.ts';
import { prepareTrytonForTime } from '../../../scripts/tryton/time-setup.ts';
import { uniqueTag } from '../conformance/documents.ts';
import { describeLaborPort } from '../conformance/labor.ts';
import { partOf, useTryton } from './harness.ts';
import { AFTER_A_WRITE } from './relay.ts';

describe('The labor of Tryton, the real one', function () {
  this.timeout(180_000);
  const tryton = useTryton();
  const tag = uniqueTag();
  const people = [0, 1, 2, 3].map((index) => `person${index}.${tag}@northwind-consulting.example`);
  const projects = [0, 1, 2].map((index) => `US01-TECH-${tag.toUpperCase()}${index}`);
  const hire = async (emails: readonly string[]) => prepareTrytonForTime(tryton.server(), { people: emails.map((email) => ({ email, name: email, legalEntity: 'US01' })), projects: projects.map((number) => ({ number, name: 'Cloud migration', legalEntity: 'US01' })) });
  before(async () => {
    await hire(people);
  });
  const linesOf = (key: string) => tryton.rows('timesheet.line', [['description', 'like', `%[q2c ${key.replaceAll('_', '\\_')}]`]], ['date', 'duration', 'description', 'employee.party.contact_mechanisms', 'work.rec_name']);

  describeLaborPort({
    name: 'The labor of Tryton',
    badAnswers: { find: { 'numbers-as-text': 'refused' }, totals: { 'numbers-as-text': 'refused' } },
    port: () => {
      const { labor } = tryton.erp();
      assert.ok(!isUnsupported(labor));
      return labor;
    },
    place: () => ({ system: 'tryton', legalEntity: 'US01', currency: 'USD', costCenter: 'US01-TECH', people, projects, task: '1' }),
    count: async (key) => (await linesOf(key)).length,
    check: async (posting) => {
      const [line] = await linesOf(posting.key);
      const text = String(line?.['description']);
      const { year, month, day } = Object(line?.['date']) as Record<string, number>;
      assert.deepEqual([year, month, day], posting.workDate.split('-').map(Number));
      const notes = posting.notes.replaceAll(/\s+/g, ' ').trim();
      assert.ok(text.includes(notes === '' ? posting.laborCategory : `${notes} · ${posting.laborCategory}`), text);
      assert.ok(String(partOf(line?.['work.'], 'rec_name')).startsWith(posting.projectNumber));
      const hours = Number(partOf(line?.['duration'], 'seconds')) / 3600;
      const takenBack = /was (\S+) h, taken back/.exec(text)?.[1];
      if (posting.kind === 'reversal') assert.deepEqual([hours, text.includes(`Takes back posting ${posting.reverses ?? ''} (${posting.hours} h)`)], [0, true]);
      else assert.equal(takenBack ?? String(hours), String(Number(posting.hours)));
      if (posting.kind === 'original' && posting.billing.status === 'actuals') assert.ok(text.includes(`to be billed by hand: ${posting.billing.amount.amount} ${posting.billing.amount.currency}`), text);
    },
    write: { method: 'POST', path: '' },
    after: { method: 'POST', path: AFTER_A_WRITE },
    currencies: [{ currency: 'USD', amount: '0.01', rate: '0.01' }, { currency: 'JPY', amount: '31250', rate: '31250' }, { currency: 'KWD', amount: '81.125', rate: '81.125' }],
    hire: async (email) => void (await hire([email])),
  }, tryton.faults);
});
