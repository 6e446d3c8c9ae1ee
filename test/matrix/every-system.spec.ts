import assert from 'node:assert/strict';
import { closedWonId } from '../../domain/process/deal-process.ts';
import { identitiesOf } from '../../store/identity-map.ts';
import { CRMS, PERSON, startMatrixLine, type MatrixLine } from '../support/matrix.ts';
import { ERPS } from '../support/matrix-erp.ts';
import { sweep, TIME_DESKS, TIME_SYSTEMS } from '../support/matrix-time.ts';
import { stopTemporalServer } from '../support/temporal.ts';

const WEEK = { monday: '2026-11-09', days: [{ date: '2026-11-09', hours: 7.5 }, { date: '2026-11-10', hours: 8 }, { date: '2026-11-12', hours: 6.25 }] };
const HOURS = '21.75';

/** Every pair of systems once; Tryton runs on a server of its own and has tests of its own (test/line/tryton*.spec.ts). */
const COMBINATIONS = ERPS.flatMap((erp, row) => TIME_SYSTEMS.map((time, column) => ({ erp, time, crm: CRMS[(row + column) % CRMS.length] ?? CRMS[0] })));

describe('The whole line runs on every system, chosen by configuration alone', function () {
  this.timeout(90_000);
  /** Sandboxes that begin anew hand out the same IDs again, and a Temporal server remembers the processes of those. */
  afterEach(() => stopTemporalServer());

  for (const { crm, erp, time } of COMBINATIONS) {
    it(`carries a deal won in ${crm} into ${erp} and ${time}, and the time worked on it from ${time} into ${erp}`, async () => {
      let matrix: MatrixLine | undefined;
      try {
        matrix = await startMatrixLine(erp, time);
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
        await TIME_DESKS[time].bookAndApprove(matrix.time, { ...WEEK, person: PERSON, projectNumber: project.number, work: 'Project Manager' });
        if (!TIME_DESKS[time].tells) assert.equal((await sweep(line, time)).unreadable, 0);
        await matrix.posted(WEEK.days.length);
        const { hours, lines } = await matrix.labor({ from: WEEK.monday, to: '2026-11-15' });
        assert.deepEqual([lines, hours], [WEEK.days.length, HOURS], `what ${erp} says of its labor`);

        assert.equal((await sweep(line, time)).received, 0, 'what the next sweep finds is known');
        await matrix.posted(WEEK.days.length);
        assert.equal((await matrix.labor({ from: WEEK.monday, to: '2026-11-15' })).hours, HOURS, 'after another sweep');
      } finally {
        await matrix?.stop();
      }
    });
  }
});
