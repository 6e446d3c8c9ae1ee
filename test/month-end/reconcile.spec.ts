import assert from 'node:assert/strict';
import { reconcile, type Side, type SideSum } from '../../starters/month-end/reconcile.ts';
import { reconciliationTable } from '../../starters/month-end/reconciliation-table.ts';

function sum(side: Side, entries: number, hours: string, money: string, parts: Partial<SideSum> = {}): SideSum {
  return { legalEntity: 'US01', currency: 'USD', side, entries, hours, money, ...parts };
}

const GERMAN = { legalEntity: 'DE01', currency: 'EUR' };
const SOUND = [
  sum('received', 100, '412.75', '90805.10'),
  sum('posted', 90, '371.5', '81730.10'),
  sum('rejected', 6, '24.25', '5335.00'),
  sum('held', 3, '12', '2640.00'),
  sum('repeated', 1, '5', '1100.00'),
  sum('received', 2, '16', '2880.00', GERMAN),
  sum('posted', 2, '16', '2880.00', GERMAN),
];

describe('the reconciliation of a month', () => {
  it('holds where everything received was posted, rejected, held or repeated', () => {
    const result = reconcile(SOUND);
    assert.equal(result.reconciles, true);
    assert.deepEqual(result.differences, []);
    assert.equal(result.lines.length, 6);
    assert.ok(result.lines.every(({ difference }) => difference === '0'));
  });

  it('names a cent that is missing, and where', () => {
    const result = reconcile([...SOUND.slice(1), sum('received', 100, '412.75', '90805.11')]);
    assert.equal(result.reconciles, false);
    assert.deepEqual(result.differences, ['US01: 0.01 USD of the 90805.11 received became nothing (posted 81730.1 + rejected 5335 + held 2640 + repeated 1100 + unbooked 0 + unreadable 0).']);
  });

  it('names entries and hours that came from nowhere, each by itself', () => {
    const result = reconcile([...SOUND, sum('posted', 1, '0.25', '0')]);
    assert.deepEqual(result.differences, [
      'US01 (USD): 1 entries more than the 100 received became something (posted 91 + rejected 6 + held 3 + repeated 1 + unbooked 0 + unreadable 0).',
      'US01 (USD): 0.25 hours more than the 412.75 received became something (posted 371.75 + rejected 24.25 + held 12 + repeated 5 + unbooked 0 + unreadable 0).',
    ]);
  });

  it('does not let one legal entity, or one currency, make up for another', () => {
    const swapped = reconcile([sum('received', 1, '8', '100'), sum('posted', 1, '8', '100', GERMAN)]);
    assert.equal(swapped.reconciles, false);
    assert.equal(swapped.differences.length, 6);
    const currencies = reconcile([sum('received', 1, '8', '100'), sum('posted', 1, '8', '100', { currency: 'CAD' })]);
    assert.equal(currencies.differences.length, 6);
  });

  it('is exact where floating point is not', () => {
    const tenths = Array.from({ length: 10 }, () => sum('received', 1, '0.1', '0.1'));
    assert.equal(reconcile([...tenths, sum('posted', 10, '1', '1')]).reconciles, true);
    const large = [sum('received', 1, '1', '90071992547409931.01'), sum('posted', 1, '1', '90071992547409931.02')];
    assert.match(reconcile(large).differences[0] ?? '', /0\.01 USD more/);
  });

  it('takes entries that are not as they should be in their ERP for a difference, and names the first of them', () => {
    const [first, ...others] = Array.from({ length: 30 }, (_, nth) => `entry ${nth} is in no ERP.`);
    assert.deepEqual(reconcile(SOUND, [first ?? '']).differences, ['entry 0 is in no ERP.']);
    const { reconciles, differences } = reconcile(SOUND, others);
    assert.deepEqual([reconciles, differences.length, differences.at(-1)], [false, 21, '9 more entries are not in their ERP as they were accepted.']);
  });

  it('counts what was refused at the door, and what is rightly in no ERP, on sides of their own', () => {
    assert.equal(reconcile([...SOUND, sum('received', 3, '9', '0'), sum('unreadable', 1, '8', '0'), sum('unbooked', 2, '1', '0')]).reconciles, true);
  });

  it('takes money that corrections made negative', () => {
    assert.equal(reconcile([sum('received', 2, '0', '-50.25'), sum('posted', 1, '-8', '-150.25'), sum('held', 1, '8', '100')]).reconciles, true);
  });

  it('gives the same answer in whatever order the sums come', () => {
    assert.deepEqual(reconcile(SOUND.toReversed()), reconcile(SOUND));
  });

  it('adds entries and hours over all currencies, but money only within one', () => {
    assert.deepEqual(
      reconcile(SOUND).totals.map(({ currency, measure, sides }) => [currency, measure, sides.received]),
      [['*', 'entries', '102'], ['*', 'hours', '428.75'], ['EUR', 'money', '2880'], ['USD', 'money', '90805.1']],
    );
  });

  it('refuses sums that are no numbers', () => {
    assert.throws(() => reconcile([sum('posted', Number.NaN, '0', '0')]), /US01 USD posted: NaN is no number of entries/);
    assert.throws(() => reconcile([sum('posted', 1, '', '0')]), /no exact decimal number of hours/);
    assert.throws(() => reconcile([sum('posted', 1, '1', '1e5')]), /no exact decimal number of money/);
  });

  it('shows a table with every amount in full, and its verdict', () => {
    const text = reconciliationTable(reconcile([...SOUND, sum('received', 4, '30', '1234567', { legalEntity: 'JP01', currency: 'JPY' }), sum('posted', 4, '30', '1234567', { legalEntity: 'JP01', currency: 'JPY' })]));
    const lines = text.split('\n');
    assert.match(lines[0] ?? '', /^Legal entity  Currency  Measure +Received +Posted +Rejected +Held +Repeated +Not booked +Unreadable +Difference$/);
    assert.ok(lines.some((line) => /^DE01 +EUR +entries +2 +2 +0 +0 +0 +0 +0 +0$/.test(line)));
    assert.ok(lines.some((line) => /^ +money +90,805\.10 +81,730\.10 +5,335\.00 +2,640\.00 +1,100\.00 +0\.00 +0\.00 +0\.00$/.test(line)));
    assert.ok(lines.some((line) => /^ +money +1,234,567 +1,234,567 +0 +0 +0 +0 +0 +0$/.test(line)));
    assert.ok(lines.some((line) => /^All +entries +106 +96 +6 +3 +1 +0 +0 +0$/.test(line)));
    assert.match(text, /Reconciles: received = posted \+ rejected \+ held \+ repeated \+ not booked \+ unreadable, to the cent/);
  });

  it('shows what does not add up in words, below the table', () => {
    const text = reconciliationTable(reconcile([sum('received', 1, '8', '100')]));
    assert.match(text, /Does not reconcile:\n {2}US01 \(USD\): 1 entries of the 1 received became nothing/);
  });
});
