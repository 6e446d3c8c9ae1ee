import assert from 'node:assert/strict';
import { differences } from '../../bench/month-end/check-month.ts';
import { codeOf, sampleMonth } from '../../starters/month-end/sample/index.ts';

describe('The check of a measured month', () => {
  const sheets = [...sampleMonth({ seed: 3, consultants: 100, dirtyPercent: 25 }).timesheets()];
  type Decided = Parameters<typeof differences>[1][number];

  function decided(): Decided[] {
    const seen = new Set<string>();
    return sheets.flatMap(({ sheet, expected, dirt }) => {
      const content = JSON.stringify(sheet);
      if (seen.has(content)) return [];
      seen.add(content);
      const codes = expected.map((outcome) => (dirt === null || outcome === 'accepted' || outcome === 'repeat' ? '' : codeOf(dirt)));
      return [{ name: `${sheet.id} version ${sheet.version} ${sheet.approval.status}`, outcomes: [...expected], codes }];
    });
  }

  it('finds nothing where every entry is what it was made for', () => {
    assert.deepEqual(differences(sheets, decided()), []);
  });

  it('names two entries with the outcomes of each other, though the totals agree', () => {
    const all = decided();
    const refused = all.find(({ outcomes }) => outcomes[0] === 'rejected');
    const clean = all.find(({ outcomes }) => outcomes.every((outcome) => outcome === 'accepted'));
    assert.ok(refused !== undefined && clean !== undefined);
    refused.outcomes[0] = 'accepted';
    clean.outcomes[0] = 'rejected';
    const wrong = differences(sheets, all);
    assert.equal(wrong.length, 2);
    assert.ok(wrong.some((one) => one.includes(`entry 0 of timesheet ${refused.name}`) && one.endsWith('is accepted ' + (refused.codes[0] ?? '') + ', rejected expected')), wrong.join('\n'));
    assert.ok(wrong.some((one) => one.includes(`entry 0 of timesheet ${clean.name} (clean) is rejected`)));
  });

  it('names an entry with the code of another kind, a timesheet that was lost, one decided twice and one from nowhere', () => {
    const all = decided();
    const refused = all.find(({ outcomes }) => outcomes[0] === 'rejected');
    assert.ok(refused);
    refused.codes[0] = 'SOMETHING_ELSE';
    assert.equal(differences(sheets, all).length, 1);
    const [first, ...others] = decided();
    assert.ok(first);
    assert.deepEqual(differences(sheets, others), [`timesheet ${first.name} was decided 0 times`]);
    assert.deepEqual(differences(sheets, [first, first, ...others]), [`timesheet ${first.name} was decided 2 times`]);
    assert.deepEqual(differences(sheets, [...decided(), { ...first, name: 'X-1 version 1 approved' }]), ['timesheet X-1 version 1 approved was decided and never sent']);
  });
});
