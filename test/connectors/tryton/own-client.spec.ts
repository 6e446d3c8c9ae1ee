import assert from 'node:assert/strict';
import { isUnsupported } from '../../../connectors/ports.ts';
import { laborPostingSchema, type LaborPosting } from '../../../domain/model/time/labor-posting.ts';
import { prepareTrytonForTime } from '../../../scripts/tryton/time-setup.ts';
import { callContext, uniqueTag } from '../conformance/documents.ts';
import { useTryton } from './harness.ts';
import { askWithProteus } from './own-client.ts';

describe("Tryton's own client, proteus", function () {
  this.timeout(240_000);
  const tryton = useTryton();

  it('sees what was sold and worked as the connector wrote it', async () => {
    const { deal, projectId } = await tryton.withProject();
    await tryton.erp().setProjectStatus({ document: deal.project, externalId: projectId }, 'active', callContext());
    const tag = uniqueTag();
    const person = `ada.${tag}@northwind-consulting.example`;
    await prepareTrytonForTime(tryton.server(), { people: [{ email: person, name: `Ada ${tag}`, legalEntity: 'US01' }], projects: [] });
    const posting = (id: string, change: Partial<LaborPosting>): LaborPosting => laborPostingSchema.parse({
      key: `posting-${tag}-${id}`, kind: 'original', reverses: null, purpose: 'labor_and_billing', system: 'tryton', legalEntity: 'US01', projectEntity: 'US01', employer: 'US01',
      entry: { system: 'harvest', id, version: 1 }, timesheet: { id: `sheet-${tag}`, version: 1 }, person, workDate: '2026-12-02', hours: '7.25',
      projectNumber: deal.project.number, task: null, laborCategory: 'SENIOR_CONSULTANT', costCenter: 'US01-TECH', accountingPeriod: '2026-12',
      billing: { status: 'none', rate: null, amount: { amount: '0.00', currency: 'USD' }, writtenOff: { amount: '0.00', currency: 'USD' } }, cost: null, transfer: null, notes: 'Interviews', ...change,
    });
    const { labor } = tryton.erp();
    assert.ok(!isUnsupported(labor));
    const postings = [posting('1', {}), posting('2', { workDate: '2026-12-03', hours: '0.333', notes: 'Besprechung in Zürich, 会議' })];
    assert.deepEqual((await labor.post(postings, callContext())).map(({ outcome }) => outcome), ['posted', 'posted']);

    const seen = await askWithProteus(tryton.server(), { company: 'US01', customer: deal.customer.id, project: deal.project.number, person });
    const { city, postalCode, country } = deal.customer.billingAddress;
    assert.deepEqual(seen.customer, { name: deal.customer.name, identifiers: deal.customer.taxRegistrationNumber === null ? [] : [deal.customer.taxRegistrationNumber], addresses: [{ city, postalCode, country }] });
    const top = deal.project.wbs.filter(({ parentCode }) => parentCode === null).map(({ code, name }) => `${code} ${name}`).toSorted();
    assert.deepEqual(seen.projects, [{ name: `${deal.project.number} ${deal.project.name}`, customer: deal.customer.id, company: 'US01', tasks: top }]);
    assert.deepEqual(seen.lines.map(({ date, seconds }) => [date, seconds]), [['2026-12-02', 26_100], ['2026-12-03', 1198.8]]);
    for (const [index, { description, work }] of seen.lines.entries()) {
      assert.match(description, new RegExp(`${index === 0 ? 'Interviews' : 'Besprechung in Zürich, 会議'}[\\s\\S]*posting-${tag}-${index + 1}`, 'u'));
      assert.match(work, new RegExp(deal.project.number));
    }
  });
});
