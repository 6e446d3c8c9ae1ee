import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { changeOrderId, closedWonId, type DealReference } from '../../../domain/process/deal-process.ts';
import { abortUpdate } from '../../../workflows/contracts/deal-process.ts';
import { LINE_QUEUE } from '../../../domain/process/task-queues.ts';
import { aLine, anAccount, anOpportunity } from '../../builders/opportunity.ts';
import { theFirm } from '../../builders/firm.ts';
import { withEntity } from '../../support/firm-changes.ts';
import { HISTORIES, historyText } from '../../support/histories.ts';
import { startTestLine, type TestLine } from '../../support/line.ts';
import { startDeal } from '../../support/saga.ts';
import { stopTemporalServer } from '../../support/temporal.ts';

const FIRST = '2026-11-20T09:00:00.000Z';
const SECOND = '2026-11-22T09:00:00.000Z';

// Run by scripts/record-histories.ts deals; no test of anything.
describe('Histories of representative runs are recorded:', function () {
  this.timeout(120_000);
  let line: TestLine;
  before(async () => {
    line = await startTestLine();
  });
  after(async () => {
    await line.stop();
    await stopTemporalServer();
  });

  async function record(name: string, workflowId: string): Promise<void> {
    const handle = line.client.workflow.getHandle(workflowId);
    await handle.result();
    await writeFile(join(HISTORIES, `${name}${process.env['Q2C_RECORD_SUFFIX'] ?? ''}.json`), await historyText(handle));
  }

  async function activated(): Promise<DealReference> {
    const deal = line.deal(anOpportunity());
    await startDeal(line, deal, FIRST);
    await line.outcome(closedWonId(deal));
    return deal;
  }

  it('a deal that goes through', async () => {
    await record('closed-won', closedWonId(await activated()));
  });

  it('a sweep for missed events', async () => {
    const { workflowId } = await line.client.workflow.start('missedEventSweep', { workflowId: `missed-event-sweep/salesforce-${randomUUID()}`, taskQueue: LINE_QUEUE, args: [{ crm: 'salesforce' }] });
    await record('missed-event-sweep', workflowId);
  });

  it('a deal of two legal entities', async () => {
    const deal = line.deal(anOpportunity({ currency: 'EUR', accounts: [anAccount({ currency: 'EUR' })], lines: [aLine({ id: 'L1', legalEntity: 'DE01', currency: 'EUR', unitPrice: '210' }), aLine({ id: 'L2', legalEntity: 'GB01', currency: 'EUR', unitPrice: '210' })] }));
    await startDeal(line, deal);
    await record('closed-won-two-entities', closedWonId(deal));
  });

  it('a deal told of twice and amended while it runs', async () => {
    const deal = line.deal(anOpportunity());
    line.fakes.fail('harvest.project', { kind: 'transient', times: 2, deal: deal.opportunityId });
    await Promise.all([startDeal(line, deal, FIRST), startDeal(line, deal, FIRST)]);
    await line.until('the project is in the ERP', async () => Promise.resolve(line.fakes.recordsOf(deal.opportunityId).some((made) => made.at === 'netsuite.project')));
    line.amend(deal, { version: SECOND, lines: [aLine({ quantity: '80' })] });
    await startDeal(line, deal, SECOND);
    await record('closed-won-told-twice-and-amended', closedWonId(deal));
  });

  it('a deal that two persons let pass, after one was refused', async () => {
    const deal = line.deal(anOpportunity({ lines: [aLine({ unitPrice: '120', quantity: '1000' })] }));
    await startDeal(line, deal);
    const open = await line.openCase('RATE_BELOW_CARD', deal);
    await line.client.workflow.getHandle(open.case_id).signal('resolve', { action: 'override', by: 'mallory', reason: 'because' });
    await line.resolve(open.case_id, { action: 'override', by: 'fiona', reason: 'agreed with the client' });
    await line.resolve(open.case_id, { action: 'override', by: 'carla', reason: 'agreed as well' });
    await record('closed-won-overridden', closedWonId(deal));
    await record('exception-case-two-persons', open.case_id);
  });

  it('a deal woken by a corrected configuration', async () => {
    const deal = line.deal(anOpportunity({ legalEntity: 'NZ01' }));
    await startDeal(line, deal);
    const open = await line.openCase('LEGAL_ENTITY_UNKNOWN', deal);
    const { config } = await theFirm();
    await line.activate(withEntity(config, 'NZ01'));
    await record('closed-won-woken-by-configuration', closedWonId(deal));
    await record('exception-case-closed', open.case_id);
  });

  it('a deal that is rerouted to another ERP', async () => {
    const deal = line.deal(anOpportunity());
    line.fakes.fail('netsuite.project', { kind: 'business_rule', times: 1, deal: deal.opportunityId });
    await startDeal(line, deal);
    await line.resolve((await line.openCase('ORDERED_FAILURE', deal)).case_id, { action: 'reroute', by: 'ines', reason: 'NetSuite is being migrated', system: 'tryton' });
    await record('closed-won-rerouted', closedWonId(deal));
  });

  it('a deal that is aborted, and of which one record is undone by hand', async () => {
    const deal = line.deal(anOpportunity());
    line.fakes.fail('harvest-assignments.assignments', { kind: 'business_rule', times: 1, deal: deal.opportunityId });
    line.fakes.fail('undo harvest.project', { kind: 'business_rule', times: 1, deal: deal.opportunityId });
    await startDeal(line, deal);
    await line.resolve((await line.openCase('ORDERED_FAILURE', deal)).case_id, { action: 'abort', by: 'fiona', reason: 'the client withdrew' });
    await line.resolve((await line.openCase('UNDO_FAILED', deal)).case_id, { action: 'confirm_done', by: 'ines', reason: 'removed by hand', externalId: 'project-1' });
    await record('closed-won-aborted', closedWonId(deal));
  });

  it('a change order, and one that is aborted', async () => {
    const changed = await activated();
    line.amend(changed, { version: SECOND, lines: [aLine({ quantity: '80' })] });
    await startDeal(line, changed, SECOND);
    await record('change-order', changeOrderId(changed));

    const withdrawn = await activated();
    line.fakes.fail('netsuite.rateCard', { kind: 'business_rule', times: 1, deal: withdrawn.opportunityId });
    line.amend(withdrawn, { version: SECOND, lines: [aLine({ quantity: '80' })] });
    await startDeal(line, withdrawn, SECOND);
    await line.openCase('ORDERED_FAILURE', withdrawn);
    await line.client.workflow.getHandle(changeOrderId(withdrawn)).executeUpdate(abortUpdate, { args: [{ by: 'jane', reason: 'the change was withdrawn' }] });
    await record('change-order-aborted', changeOrderId(withdrawn));
  });
});
