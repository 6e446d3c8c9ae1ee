import assert from 'node:assert/strict';
import { z } from 'zod';
import { createLago } from '../../../connectors/lago/index.ts';
import { lagoOptionsSchema } from '../../../connectors/lago/options.ts';
import { connectorOptionSchemas } from '../../../connectors/options.ts';
import { createStripe } from '../../../connectors/stripe/index.ts';
import { stripeOptionsSchema } from '../../../connectors/stripe/options.ts';
import { startSandboxes } from '../../../sandbox/all.ts';
import { loadFirmConfig } from '../../../starters/config/load.ts';
import { CONFIG_DIR } from '../../builders/firm.ts';
import { sandboxAdmin } from '../conformance/admin.ts';
import { callContext, DE01, dealOf, silent, uniqueTag } from '../conformance/documents.ts';
import { invoiceOf } from '../conformance/receivables-documents.ts';

describe('Billing by configuration alone', function () {
  this.timeout(20_000);

  async function firm() {
    const loaded = await loadFirmConfig(CONFIG_DIR, { overlays: ['stripe', 'lago'], optionSchemas: connectorOptionSchemas });
    assert.ok(loaded.ok, JSON.stringify(loaded));
    const system = (id: string) => {
      const found = loaded.config.systems.find((each) => each.id === id);
      assert.ok(found !== undefined);
      return { ...found, log: silent };
    };
    return { rules: loaded.config.taxRules, stripe: system('stripe'), lago: system('lago') };
  }

  it('is the overlays stripe and lago, sound and with the credentials that npm start makes: a German invoice is issued by either', async () => {
    const { stripe, lago } = await firm();
    const sandboxes = await startSandboxes({ only: ['stripe', 'lago'] });
    try {
      const ports = [
        createStripe({ ...stripe, system: 'stripe', baseUrl: sandboxes.url('stripe'), credentials: sandboxes.credentials.stripe }),
        createLago({ ...lago, system: 'lago', baseUrl: sandboxes.url('lago'), credentials: sandboxes.credentials.lago }),
      ];
      for (const port of ports) {
        const { customer } = dealOf(uniqueTag(), { legalEntity: DE01 });
        const { externalId } = await port.customer.write({ document: customer, references: { customers: {}, contracts: {}, projects: {} } }, null, callContext());
        const document = invoiceOf(uniqueTag(), { today: new Date().toISOString().slice(0, 10), customerId: customer.id, taxRule: 'DE-STANDARD', taxRate: '19' });
        const written = await port.invoice.write({ document, references: { customers: { [customer.id]: externalId }, contracts: {}, projects: {} } }, null, callContext());
        const { status, total } = await port.issue({ document, externalId: written.externalId }, callContext());
        assert.deepEqual([status, total], ['issued', document.total], port.system);
      }
    } finally {
      await sandboxes.close();
    }
  });

  it("knows every tax rule of the firm, in Lago by taxes that add up to the rule's rate", async () => {
    const { rules, stripe, lago } = await firm();
    const codes = rules.map((rule) => rule.code).toSorted();
    assert.deepEqual(Object.keys(stripeOptionsSchema.parse(stripe.options).taxes).toSorted(), codes);
    const { taxCodes } = lagoOptionsSchema.parse(lago.options);
    assert.deepEqual(Object.keys(taxCodes).toSorted(), codes);
    const sandboxes = await startSandboxes({ only: ['lago'] });
    try {
      const taxes = new Map(z.array(z.looseObject({ code: z.string(), rate: z.number() })).parse((await sandboxAdmin(() => sandboxes.url('lago')).state())['taxes']).map((tax) => [tax.code, tax.rate]));
      for (const rule of rules) assert.equal((taxCodes[rule.code] ?? []).reduce((sum, code) => sum + (taxes.get(code) ?? Number.NaN), 0), Number(rule.ratePercent), rule.code);
    } finally {
      await sandboxes.close();
    }
  });

  it('is refused with every mistake named', () => {
    assert.deepEqual(stripeOptionsSchema.safeParse({ taxes: { X: { name: '' } }, invoiceNumbers: 'theirs', recentHours: 1, timeZone: 'Mars/Olympus' }).error?.issues.map(({ path }) => path.join('.')), ['taxes.X.name', 'invoiceNumbers', 'recentHours', 'timeZone']);
    assert.deepEqual(lagoOptionsSchema.safeParse({ addOns: { travel: 'x' }, taxCodes: { X: [] } }).error?.issues.map(({ path }) => path.join('.')), ['addOns', 'taxCodes.X']);
  });
});
