import assert from 'node:assert/strict';
import type { FirmConfig } from '../../domain/config/schema.ts';
import { closedWonId, type DealReference } from '../../domain/process/deal-process.ts';
import { casesOf } from '../../store/cases.ts';
import { aContract, aLine, anAccount, anOpportunity } from '../builders/opportunity.ts';
import { theFirm } from '../builders/firm.ts';
import { withEntity } from '../support/firm-changes.ts';
import { startTestLine, type TestLine } from '../support/line.ts';
import { standing, startDeal, toldLast } from '../support/saga.ts';
import { stopTemporalServer } from '../support/temporal.ts';

describe('A deal that the configuration does not fit', function () {
  let line: TestLine;
  let firm: FirmConfig;
  before(async function () {
    this.timeout(120_000);
    line = await startTestLine();
    ({ config: firm } = await theFirm());
  });
  after(async () => {
    await line.stop();
    await stopTemporalServer();
  });

  const openCases = async (deal: DealReference) => (await casesOf(line.store.db, closedWonId(deal))).filter((row) => row.state === 'open');
  const activated = async (deal: DealReference) => assert.equal((await line.outcome(closedWonId(deal))).outcome, 'activated');

  async function waitingFor(entity: string): Promise<DealReference> {
    const deal = line.deal(anOpportunity({ legalEntity: entity }));
    await startDeal(line, deal);
    await line.openCase('LEGAL_ENTITY_UNKNOWN', deal);
    return deal;
  }

  it('waits as one case for the owner of the mapping, and goes on by itself when the entity is configured', async () => {
    const deal = await waitingFor('NZ01');
    const run = (await line.client.workflow.getHandle(closedWonId(deal)).describe()).runId;
    const [open, ...more] = await openCases(deal);
    assert.equal(more.length, 0);
    assert.equal(open?.owner, 'finance_operations');
    assert.equal(open?.kind, 'configuration');
    assert.deepEqual(standing(line, deal), []);
    await line.activate(withEntity(firm, 'NZ01'));
    await activated(deal);
    assert.equal((await line.client.workflow.getHandle(closedWonId(deal)).describe()).runId, run);
    await line.until('the case is closed', async () => (await casesOf(line.store.db, closedWonId(deal)))[0]?.state === 'closed');
  });

  it('keeps its one case when another configuration does not help either', async () => {
    const deal = await waitingFor('SE01');
    const [before] = await openCases(deal);
    await line.activate(withEntity(firm, 'NO01'));
    await line.until('it has looked again', async () => (await line.progress(closedWonId(deal))).round === 2 && (await line.progress(closedWonId(deal))).stage === 'waiting');
    const cases = await casesOf(line.store.db, closedWonId(deal));
    assert.deepEqual(cases.map(({ case_id, state }) => [case_id, state]), [[before?.case_id, 'open']]);
    await line.activate(withEntity(firm, 'SE01'));
    await activated(deal);
  });

  it('is woken together with all others that wait', async () => {
    const deals = await Promise.all([waitingFor('DK01'), waitingFor('DK01'), waitingFor('DK01')]);
    await line.activate(withEntity(firm, 'DK01'));
    await Promise.all(deals.map(activated));
  });

  it('is woken although the configuration was corrected while its case was only being opened', async () => {
    const deals = [];
    for (const code of ['PT01', 'ES01', 'IT01']) {
      const deal = line.deal(anOpportunity({ legalEntity: code }));
      deals.push(deal);
      await startDeal(line, deal);
      await line.until('it has been decided', async () => (await line.progress(closedWonId(deal))).openCases.length > 0);
    }
    await line.activate(withEntity(withEntity(withEntity(firm, 'PT01'), 'ES01'), 'IT01'));
    await Promise.all(deals.map(activated));
  });

  it('where a system says so waits for its owner, and goes on when a configuration is activated', async () => {
    const deal = line.deal(anOpportunity());
    line.fakes.fail('netsuite.project', { kind: 'configuration', code: 'NETSUITE_NO_SUBSIDIARY', times: 1, deal: deal.opportunityId });
    await startDeal(line, deal);
    const open = await line.openCase('NETSUITE_NO_SUBSIDIARY', deal);
    assert.equal(open.kind, 'configuration');
    await line.activate(withEntity(firm, 'FI01'));
    await activated(deal);
    assert.deepEqual(standing(line, deal).filter((record) => record.includes('#double')), []);
  });

  it('and breaks every other rule too becomes one case that names each finding, and makes nothing', async () => {
    const yenOnly = firm.legalEntities.map((entity) => (entity.code === 'JP01' ? { ...entity, billingCurrencies: ['JPY'] } : entity));
    await line.activate({ ...firm, legalEntities: yenOnly });
    const deal = line.deal(anOpportunity({
      legalEntity: null,
      accounts: [anAccount({ parentId: 'ACC-2' }), anAccount({ id: 'ACC-2', parentId: 'ACC-3' }), anAccount({ id: 'ACC-3', parentId: 'ACC-2' })],
      rateCard: 'US01-USD-2028',
      startDate: '2028-01-10',
      endDate: '2028-03-31',
      contract: aContract({ endDate: null }),
      lines: [aLine({ id: 'L1', legalEntity: 'FR01' }), aLine({ id: 'L2', legalEntity: 'US01' }), aLine({ id: 'L3', legalEntity: 'JP01' })],
    }));
    await startDeal(line, deal);
    const open = await line.openCase('DEAL_NOT_READY', deal);
    assert.equal((await openCases(deal)).length, 1);
    const codes = new Set(open.findings.map((finding) => (typeof finding === 'object' && finding !== null && 'code' in finding ? String(finding.code) : '')));
    for (const code of ['LEGAL_ENTITY_UNKNOWN', 'RATES_NOT_APPROVED', 'ACCOUNT_HIERARCHY_CYCLE', 'CURRENCY_NOT_BILLED']) assert.ok(codes.has(code), `${code} is among ${[...codes].join(', ')}`);
    assert.deepEqual(standing(line, deal), []);
    await line.until('the seller is told', () => Promise.resolve(toldLast(line, deal)?.status === 'Waiting for a person'));
    const answer = await line.resolve(open.case_id, { action: 'override', by: 'conrad', reason: 'let it pass' });
    assert.equal(answer.accepted, false);
    await line.resolve(open.case_id, { action: 'abort', by: 'sam', reason: 'a joke' });
    await line.outcome(closedWonId(deal));
  });
});
