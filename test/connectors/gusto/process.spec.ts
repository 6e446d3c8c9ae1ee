import assert from 'node:assert/strict';
import type { PayPeriod } from '../../../domain/model/time/periods.ts';
import { startPayrollLine, type PayrollLine } from '../../payroll/line.ts';
import { ADA, BEN } from '../../payroll/builders.ts';
import { stopTemporalServer } from '../../support/temporal.ts';
import { startCompany, type TestCompany } from './company.ts';

describe('The payroll of a pay period, with Gusto as the bureau', function () {
  this.timeout(120_000);
  let company: TestCompany;
  let line: PayrollLine;
  before(async () => {
    line = await startPayrollLine(() => company.connect());
  });
  beforeEach(async () => {
    company = await startCompany();
    await company.hire([ADA, BEN]);
  });
  afterEach(() => company?.close());
  after(async () => {
    await line.stop();
    await stopTemporalServer();
  });

  /** Gusto's payroll of the same days. */
  const inGusto = async ({ from, to, payDate }: PayPeriod): Promise<string> => (await company.admin.seed({ payrolls: [{ start_date: from, end_date: to, check_date: payDate }] }))['payrolls']?.[0] ?? '';

  it('brings the hours into Gusto and ends when somebody there has run the payroll', async () => {
    const period = await line.period();
    const payroll = await inGusto(period);
    await line.plan(period, [{ hours: '8' }, { hours: '7.25' }, { person: BEN, hours: '7.5' }, { payCode: 'OT15', multiplier: '1.5', hours: '2' }]);
    await line.start(period);
    await line.until('Gusto has the hours', async () => Object.keys(await company.hours(period.from)).length === 3);
    await company.change(payroll, { processed: true });
    const outcome = await line.outcome(period);
    assert.deepEqual(outcome.exports.map(({ hours, state }) => [hours, state]), [['24.75', 'accepted']]);
    assert.deepEqual(await company.hours(period.from), { [`${ADA} OT15`]: '2', [`${ADA} REG`]: '15.25', [`${BEN} REG`]: '7.5' });
    assert.deepEqual(await line.cases(period), []);
  });

  it('leaves to people what Gusto cannot take, and ends when they have paid it by hand', async () => {
    const period = await line.period();
    await inGusto(period);
    await line.plan(period, [{ hours: '-4' }]);
    await line.start(period);
    const refused = await line.openCase('PAYROLL_EXPORT_REFUSED', period);
    assert.match(JSON.stringify(refused), /negative/);
    await line.resolve(refused, { action: 'confirm_done', reason: 'taken off the next paycheck', externalId: 'off-cycle 2026-11-25' });
    assert.equal((await line.outcome(period)).outcome, 'exported');
    assert.deepEqual(await company.hours(period.from), {});
  });
});
