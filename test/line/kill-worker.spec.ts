import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, describe, it } from 'mocha';
import { closedWonId, type DealReference } from '../../domain/process/deal-process.ts';
import { activateFirmConfig } from '../../starters/config/activate.ts';
import type { SampleDeal } from '../../starters/story/sample-deals.ts';
import { sealAuditTrail } from '../../store/audit-chain.ts';
import { verifyAuditTrail } from '../../store/audit-verify.ts';
import { dealProcess } from '../../store/deal-processes.ts';
import { inboxDepth } from '../../store/inbox-relay.ts';
import { canonicalJson, sha256 } from '../../store/json.ts';
import { postingsOf } from '../../store/posting-settlement.ts';
import { theFirm } from '../builders/firm.ts';
import { assertOneOfEverything } from '../support/one-of-everything.ts';
import { aSale } from '../support/sales.ts';
import { withoutLimits } from '../support/sandbox-line.ts';
import { startLine, type PartName, type StartedLine } from '../support/started-line.ts';

const DEALS = 20;

describe('Processes killed at any moment', function () {
  this.timeout(240_000);
  let line: StartedLine;
  before(async () => {
    line = await startLine();
    const config = withoutLimits((await theFirm()).config);
    await activateFirmConfig({ store: await line.store(), client: await line.temporal(), config, hash: sha256(canonicalJson(config)), files: [], by: 'test' });
    await line.kill('worker');
  });
  after(() => line.stop());

  async function until(what: string, look: () => Promise<boolean>, limitMs: number): Promise<void> {
    const end = Date.now() + limitMs;
    while (!(await look())) {
      if (Date.now() > end) throw new Error(`waited ${limitMs} ms in vain until ${what}\n${line.output()}`);
      await delay(20);
    }
  }

  it(`leave exactly one of everything for each of ${DEALS} deals`, async () => {
    const { db } = await line.store();
    const sales: SampleDeal[] = Array.from({ length: DEALS }, (_, index) => aSale({ crm: index % 5 === 4 ? 'hubspot' : 'salesforce' }));
    const deals: { readonly sale: SampleDeal; readonly deal: DealReference }[] = [];
    let sold = false;
    const selling = (async () => {
      for (const sale of sales) deals.push({ sale, deal: await line.sell(sale) });
      sold = true;
    })();
    const written = async () => (await Promise.all(deals.map(({ deal }) => postingsOf(db, closedWonId(deal))))).flat();
    const activated = async () => (await Promise.all(deals.map(async ({ deal }) => (await dealProcess(db, deal))?.state === 'activated'))).filter(Boolean).length;
    const timesSaid = (what: string) => line.output().split(what).length - 1;
    const killInMidWrite = async (part: PartName) => {
      const runsAgain = timesSaid(`${part} runs again`) + 1;
      const since = new Date().toISOString();
      await until(`something is being written when the ${part} is killed`, async () => (await written()).some((posting) => posting.state === 'intent' && posting.updated_at > since), 60_000);
      await delay(randomInt(40));
      assert.ok(await line.kill(part), `the ${part} was running`);
      await until(`the ${part} runs again`, () => Promise.resolve(timesSaid(`${part} runs again`) >= runsAgain), 60_000);
    };

    await until('an event has been acknowledged and waits in the inbox', async () => sold || (deals.length > 2 && (await inboxDepth(db)).received > 0), 60_000);
    await line.kill('gateway');
    await selling;
    await killInMidWrite('worker');
    await killInMidWrite('sandbox');
    await killInMidWrite('worker');

    await until('every deal is activated', async () => (await activated()) === DEALS, 150_000);

    const inventories = await line.inventory(sales.map((sale) => sale.client.name));
    for (const [index, sale] of sales.entries()) {
      const inventory = inventories[index];
      assert.ok(inventory !== undefined);
      assertOneOfEverything(sale, inventory);
    }
    assert.deepEqual((await written()).filter((posting) => posting.state !== 'done').map((posting) => `${posting.key}: ${posting.state}`), []);
    await sealAuditTrail(db);
    assert.equal((await verifyAuditTrail(db)).ok, true, 'the audit trail is whole');
  });
});
