import assert from 'node:assert/strict';
import { z } from 'zod';
import { createNetSuite } from '../../../../connectors/netsuite/index.ts';
import { isUnsupported, type ErpPort } from '../../../../connectors/ports.ts';
import { startSandboxes, type RunningSandboxes } from '../../../../sandbox/all.ts';
import { aPerson, aProject, anAssignment, anApproval, anEntry, aRate, aTimesheet } from '../../../builders/time.ts';
import { stopTemporalServer } from '../../../support/temporal.ts';
import { startTimeLine, type TimeLine } from '../../../support/time-line.ts';
import { sandboxAdmin } from '../../conformance/admin.ts';
import { callContext, silent, uniqueTag } from '../../conformance/documents.ts';

const DAYS = ['2026-11-09', '2026-11-10', '2026-11-11', '2026-11-12', '2026-11-13'];
const OPTIONS = { subsidiaries: { US01: '2' }, currencies: { USD: '1' }, items: { TECHNOLOGY: '12' }, billableLines: 'charges' };
const recordSchema = z.looseObject({ id: z.string(), externalId: z.string().optional(), fields: z.looseObject({ amount: z.number().default(0), custcol_q2c_hours: z.number().default(0), stage: z.object({ choice: z.string() }).default({ choice: '' }) }) });
const idIn = (value: unknown): unknown => Reflect.get(Object(value), 'id');

describe('Approved time into NetSuite, billed by charges', function () {
  this.timeout(90_000);
  let sandboxes: RunningSandboxes;
  let erp: ErpPort;
  let line: TimeLine;
  let client = '';
  let job = '';
  let person = '';
  let projectNumber = '';
  let id = '';
  const admin = sandboxAdmin(() => sandboxes.url('netsuite'));

  before(async () => {
    sandboxes = await startSandboxes({ only: ['netsuite'], options: { netsuite: { asyncDelayMs: 5 } } });
    erp = createNetSuite({ system: 'netsuite', baseUrl: sandboxes.url('netsuite'), credentials: sandboxes.credentials.netsuite, options: OPTIONS, log: silent, limits: { concurrency: 10, requestsPerSecond: null, timeoutSeconds: 20 } });
    line = await startTimeLine({}, { systems: (inMemory) => ({ ...inMemory, erp: () => erp }) });
    client = (await admin.seed({ customer: [{ companyName: 'Contoso', subsidiary: { id: '2' }, currency: { id: '1' } }] }))['customer']?.[0] ?? '';
  });
  after(async () => {
    await line?.stop();
    await sandboxes?.close();
    await stopTemporalServer();
  });
  beforeEach(async () => {
    const tag = uniqueTag();
    person = `ada.${tag}@northwind-consulting.example`;
    projectNumber = `US01-TECH-${tag.toUpperCase()}`;
    id = `TS-${tag}`;
    await admin.seed({ employee: [{ firstName: 'Ada', entityId: person, email: person, subsidiary: { id: '2' } }] });
    job = (await admin.seed({ job: [{ externalId: projectNumber, entityId: projectNumber, companyName: 'Cloud migration', parent: { id: client }, subsidiary: { id: '2' }, currency: { id: '1' }, jobBillingType: { id: 'CB' } }] }))['job']?.[0] ?? '';
    await line.knows({ people: [aPerson({ email: person })], projects: [aProject({ number: projectNumber })], assignments: [anAssignment({ person, projectNumber })], rates: [aRate({ projectNumber, rate: '200' })] });
  });
  afterEach(async () => admin.clearFaults());

  const aWeek = (hours: string, version = 1) => aTimesheet(
    DAYS.map((workDate, day) => anEntry({ id: `${id}-${day}`, version, replaces: version === 1 ? null : { id: `${id}-${day}`, version: version - 1 }, person, projectNumber, workDate, hours })),
    { id, version, replaces: version === 1 ? null : { id, version: version - 1 }, approval: anApproval({ of: { id, version } }) },
  );
  const rows = async (record: string, field: string) => z.array(recordSchema).parse((await admin.state())[record] ?? []).filter(({ fields }) => idIn(Reflect.get(fields, field)) === job);
  const hours = async () => (await rows('timeBill', 'customer')).map(({ fields }) => fields.custcol_q2c_hours).toSorted((a, b) => a - b);
  const charged = async () => (await rows('charge', 'billTo')).map(({ fields }) => `${fields.stage.choice} ${fields.amount}`).toSorted();
  /** What NetSuite says of these days, beyond what it said before the test. */
  const told = async () => {
    assert.ok(!isUnsupported(erp.labor));
    const { lines, hours: sum, billed } = await erp.labor.totals({ legalEntity: 'US01', from: DAYS[0] ?? '', to: DAYS[4] ?? '' }, callContext());
    return { lines, hours: Number(sum), billed: Number(billed[0]?.amount ?? 0) };
  };
  const more = async (work: () => Promise<void>) => {
    const before = await told();
    await work();
    const after = await told();
    return [after.lines - before.lines, after.hours - before.hours, after.billed - before.billed];
  };
  const carry = async (hoursADay: string, version?: number) => {
    await line.submit(aWeek(hoursADay, version));
    await line.posted();
  };

  it('leaves the time of each day and its charge, once, also where the connection breaks between the two and after the charges', async () => {
    for (const kind of ['cut-before', 'cut-after'] as const) await admin.fault({ kind, method: 'POST', path: '/record/v1/charge$' });
    assert.deepEqual(await more(() => carry('7.75')), [5, 38.75, 7750]);
    assert.deepEqual(await hours(), DAYS.map(() => 7.75));
    assert.deepEqual(await charged(), DAYS.map(() => 'READY_FOR_BILLING 1550'));
  });

  it('bills a correction in place of what it corrects, and neither of it where no invoice has it yet', async () => {
    assert.deepEqual(await more(async () => {
      await carry('8');
      await carry('6', 2);
    }), [15, 30, 6000]);
    assert.deepEqual(await hours(), [-8, -8, -8, -8, -8, 6, 6, 6, 6, 6, 8, 8, 8, 8, 8]);
    assert.deepEqual(await charged(), [...DAYS.map(() => 'NON_BILLABLE 1600'), ...DAYS.map(() => 'READY_FOR_BILLING 1200')]);
  });

  it('takes back on the next invoice what a correction finds invoiced', async () => {
    assert.deepEqual(await more(async () => {
      await carry('8');
      const charges = (await rows('charge', 'billTo')).map((charge) => ({ id: charge.id }));
      await admin.seed({ invoice: [{ entity: { id: client }, item: { items: [{ item: { id: '12' }, amount: 8000, charges: { items: charges } }] } }] });
      await carry('6', 2);
    }), [15, 30, 6000]);
    assert.deepEqual(await charged(), [...DAYS.map(() => 'PROCESSED 1600'), ...DAYS.map(() => 'READY_FOR_BILLING -1600'), ...DAYS.map(() => 'READY_FOR_BILLING 1200')]);
  });
});
