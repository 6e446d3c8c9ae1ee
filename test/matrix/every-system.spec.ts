import assert from 'node:assert/strict';
import { addDecimal, decimalText } from '../../domain/money.ts';
import { closedWonId } from '../../domain/process/deal-process.ts';
import { identitiesOf } from '../../store/identity-map.ts';
import { ledgerTotals } from '../../store/time/month.ts';
import { CRMS, PERSON, startMatrixLine, type MatrixLine } from '../support/matrix.ts';
import { ERPS, type ErpName } from '../support/matrix-erp.ts';
import { sweep, TIME_DESKS, TIME_SYSTEMS } from '../support/matrix-time.ts';
import { startMatrixTryton, type MatrixTryton } from '../support/matrix-tryton.ts';
import { stopTemporalServer } from '../support/temporal.ts';

const WEEK = { monday: '2026-11-09', days: [{ date: '2026-11-09', hours: 7.5 }, { date: '2026-11-10', hours: 8 }, { date: '2026-11-12', hours: 6.25 }] };
const HOURS = '21.75';
const LABOR_OF = { from: WEEK.monday, to: '2026-11-15' };
/** At the rate she was sold for, 280 an hour. */
const WORTH = '6090 USD';
/** Why an ERP's connector tells hours of its labor and no money; all others tell what is to be billed, and are held to the ledger by it. */
const TELLS_NO_MONEY: Readonly<Partial<Record<ErpName, string>>> = {
  dynamics: 'it keeps a price with the hours and makes the amount when it bills',
  sap: 'it prices hours when it bills them',
  oracle: 'it prices hours when it bills them',
  tryton: 'its timesheet lines have no amount',
};
const NO_LABOR = { lines: 0, hours: '0' };

/** Every pair of an ERP and a time system once, with the CRMs in turn, so that every ERP and every time system also meets every CRM. */
const COMBINATIONS = ERPS.flatMap((erp, row) => TIME_SYSTEMS.map((time, column) => ({ erp, time, crm: CRMS[(row + column) % CRMS.length] ?? CRMS[0] })));

describe('The whole line runs on every system, chosen by configuration alone', function () {
  this.timeout(90_000);
  /** One for all its pairs: it takes seconds to start. */
  let tryton: Awaited<ReturnType<typeof startMatrixTryton>> | undefined;
  /** Sandboxes that begin anew hand out the same IDs again, and a Temporal server remembers the processes of those. */
  afterEach(() => stopTemporalServer());
  after(async () => {
    if (tryton !== undefined && 'close' in tryton) await tryton.close();
  });

  async function trytonOrSkip(test: Mocha.Context): Promise<MatrixTryton> {
    tryton ??= await startMatrixTryton();
    if (!('skipped' in tryton)) return tryton;
    console.log(`      skipped: ${tryton.skipped}`);
    return test.skip();
  }

  for (const { crm, erp, time } of COMBINATIONS) {
    it(`carries a deal won in ${crm} into ${erp} and ${time}, and the time worked on it from ${time} into ${erp}, ${TELLS_NO_MONEY[erp] === undefined ? 'in hours and in money' : `in hours alone: ${TELLS_NO_MONEY[erp]}`}`, async function () {
      let matrix: MatrixLine | undefined;
      try {
        if (erp === 'tryton') this.timeout(300_000); // it is installed at the first time
        matrix = await startMatrixLine(erp, time, erp === 'tryton' ? await trytonOrSkip(this) : undefined);
        const { line } = matrix;
        const sold = await matrix.sell(crm);
        await line.ended(sold.deal, 'activated');

        assert.deepEqual(await matrix.held(sold.clientName), { customers: 1, contracts: 1, projects: 1 }, `what ${erp} holds`);
        const links = (await identitiesOf(line.store.db, closedWonId(sold.deal))).map(({ system, object_type: what }) => `${system} ${what}`);
        for (const link of [`${erp} customer`, `${erp} contract`, `${erp} project`, `${time} project`]) assert.equal(links.filter((each) => each === link).length, 1, `${link} in the identity map`);
        const project = await matrix.project();
        assert.equal(project.status, 'active');
        assert.equal(TIME_DESKS[time].openProjects(await matrix.time.state(), project.number).length, 1, `projects open for time in ${time}`);
        assert.deepEqual(await matrix.told(sold), { status: 'activated', projects: project.number }, `what ${crm} was told`);

        await matrix.hire();
        // One Tryton serves all its pairs, so that the hours of those before are in it.
        const before = erp === 'tryton' ? await matrix.labor(LABOR_OF) : NO_LABOR;
        await TIME_DESKS[time].bookAndApprove(matrix.time, { ...WEEK, person: PERSON, projectNumber: project.number, work: 'Project Manager' });
        if (!TIME_DESKS[time].tells) assert.equal((await sweep(line, time)).unreadable, 0);
        await matrix.posted(WEEK.days.length);
        const posted = { lines: before.lines + WEEK.days.length, hours: addDecimal(before.hours, HOURS) };
        const { hours, lines, billed } = await matrix.labor(LABOR_OF);
        assert.deepEqual({ lines, hours }, posted, `what ${erp} says of its labor`);
        const ledger = (await ledgerTotals(line.store.db)).map(({ amount, currency }) => `${decimalText(amount)} ${currency}`);
        assert.deepEqual(ledger, [WORTH], 'what the ledger says is to be billed');
        const inErp = (sums: typeof billed) => sums.map(({ amount, currency }) => `${decimalText(amount)} ${currency}`);
        assert.deepEqual(inErp(billed), TELLS_NO_MONEY[erp] === undefined ? ledger : [], `what ${erp} says is to be billed`);

        assert.equal((await sweep(line, time)).received, 0, 'what the next sweep finds is known');
        await matrix.posted(WEEK.days.length);
        const again = await matrix.labor(LABOR_OF);
        assert.deepEqual([again.hours, inErp(again.billed)], [posted.hours, inErp(billed)], 'after another sweep');
      } finally {
        await matrix?.stop();
      }
    });
  }
});
