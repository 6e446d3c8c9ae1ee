/** Lago's API v1 as far as billing for a professional-services firm needs it. https://getlago.com/docs/api-reference/intro */
import { createHmac, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { UnreadableBody } from '../kit/bodies.ts';
import type { FaultAnswers, SandboxContext, SandboxDefinition } from '../kit/sandbox.ts';
import { openAccount } from './account.ts';
import { installCreditNotes } from './credit-notes.ts';
import { installCustomers } from './customers.ts';
import { badRequest, notFound, Refusal, serverError, tooMany, unauthorized } from './errors.ts';
import type { Service } from './http.ts';
import { createInvoice, installInvoices } from './invoices.ts';
import { LagoOptions } from './options.ts';
import { installPayments, receive } from './payments.ts';

const POLICY = 'lago-webhooks';
const parts = new WeakMap<SandboxContext, { readonly options: LagoOptions; readonly service: Service }>();

const faultAnswers: FaultAnswers = ({ status }) => {
  const refusal = status === 401 ? unauthorized() : status === 429 ? tooMany() : status >= 500 ? serverError() : new Refusal(status, 'Error');
  return { status, body: { ...refusal.body, status } };
};

/** What the example firm's organization has before any deal. */
const ADD_ONS = ['labor', 'expense', 'milestone', 'instalment', 'adjustment'];
const TAXES = [
  ['zero', 'No tax', 0], ['vat_19', 'MwSt.', 19], ['vat_7', 'MwSt. ermäßigt', 7], ['gb_vat_20', 'VAT', 20], ['us_hi_4', 'Hawaii general excise tax', 4], ['us_nm_4875', 'New Mexico gross receipts tax', 4.875], ['us_sd_42', 'South Dakota sales tax', 4.2],
  ['ca_gst_5', 'GST', 5], ['ca_qst_9975', 'QST', 9.975], ['ca_hst_13', 'HST', 13], ['ca_hst_14', 'HST', 14], ['ca_hst_15', 'HST', 15], ['au_gst_10', 'GST', 10], ['sg_gst_9', 'GST', 9], ['jp_ct_10', 'Consumption tax', 10], ['in_gst_18', 'IGST', 18],
] as const;
const BILLING_ENTITIES = ['default', 'us01', 'ca01', 'gb01', 'de01', 'au01', 'sg01', 'jp01', 'in01'];

const SeededPayment = z.object({ invoice: z.string(), amount: z.int(), type: z.enum(['manual', 'provider']).default('provider') });
const SeededHistory = z.object({ customer: z.string(), currency: z.string().default('EUR'), amount: z.int() });

export const lago: SandboxDefinition = {
  name: 'lago',
  title: 'Lago (sandbox)',
  faultAnswers,

  register(context) {
    const { app } = context;
    const { options, service } = partsOf(context);
    app.setErrorHandler((error, _request, reply) => {
      const refusal = error instanceof Refusal ? error : error instanceof UnreadableBody ? badRequest('the body is not JSON') : serverError(error instanceof Error ? error.message : String(error));
      return reply.code(refusal.status).send(refusal.body);
    });
    app.setNotFoundHandler(() => {
      throw notFound('resource');
    });
    let [second, used] = [0, 0];
    context.onReset(() => void ([second, used] = [0, 0]));
    // https://docs.getlago.com/api-reference/rate-limits: of Lago's cloud, with every answer; a server of one's own has no limit and tells of none.
    app.addHook('onRequest', async ({ headers }, reply) => {
      if (headers.authorization?.split(' ')[1] !== options.apiKey) throw unauthorized();
      const at = Math.floor(context.now().getTime() / 1000);
      if (at !== second) [second, used] = [at, 0];
      const most = options.requestsPerSecond;
      if (most === null) return;
      const refused = used >= most;
      if (!refused) used += 1;
      reply.headers({ 'X-RateLimit-Limit': String(most), 'X-RateLimit-Remaining': String(most - used), 'X-RateLimit-Reset': '1' });
      if (refused) throw tooMany();
    });
    for (const install of [installCustomers, installInvoices, installCreditNotes, installPayments]) install(app, service);
  },

  initialRecords(context) {
    const { account } = partsOf(context).service;
    for (const code of ADD_ONS) account.addOns.put(code, { lago_id: account.newId(), code, name: code });
    for (const [code, name, rate] of TAXES) account.taxes.put(code, { lago_id: account.newId(), code, name, rate });
    for (const code of BILLING_ENTITIES) account.billingEntities.put(code, { code });
  },

  /** `payments`: money that came in for an invoice; `paid_invoices`: an invoice that was issued and paid. */
  seed(context, collection, record) {
    const { service } = partsOf(context);
    switch (collection) {
      case 'payments': {
        const { invoice, amount, type } = SeededPayment.parse(record);
        return receive(service, { invoice, amount, type, reference: 'Transfer 4711' }).lago_id;
      }
      case 'paid_invoices': {
        const { customer, currency, amount } = SeededHistory.parse(record);
        const invoice = createInvoice(service, { external_customer_id: customer, currency, fees: [{ add_on_code: 'labor', unit_amount_cents: amount, tax_codes: ['zero'] }] });
        return receive(service, { invoice: invoice.lago_id, amount, type: 'provider', reference: null }).lago_id;
      }
      default:
        throw new Error(`Lago keeps no '${collection}' that can be seeded; it has payments and paid_invoices`);
    }
  },
};

/** Delivers what happens, signed by the organization's HMAC key; three attempts, as Lago's own setting has it. */
function announcing(context: SandboxContext, hmacKey: string): Service['announce'] {
  context.deliveryPolicy(POLICY, {
    maxBatch: 1,
    windowMs: 10,
    firstRetryMs: 3000,
    maxRetryMs: 18_000,
    giveUpAfterMs: 3_600_000,
    maxAttempts: 3,
    assemble([queued = '']) {
      const { key, body } = z.object({ key: z.string(), body: z.string() }).parse(JSON.parse(queued));
      const signature = createHmac('sha256', hmacKey).update(body).digest('base64');
      return { headers: { 'content-type': 'application/json', 'x-lago-signature': signature, 'x-lago-signature-algorithm': 'hmac', 'x-lago-unique-key': key }, body };
    },
    accepted: (status) => status >= 200 && status < 300,
  });
  return (webhook_type, object_type, object) => {
    const key = randomUUID();
    context.deliver({ id: key, policy: POLICY, body: JSON.stringify({ key, body: JSON.stringify({ webhook_type, object_type, organization_id: '1a901a90-1a90-1a90-1a90-1a901a901a90', [object_type]: object }) }) });
  };
}

function partsOf(context: SandboxContext): { readonly options: LagoOptions; readonly service: Service } {
  const known = parts.get(context);
  if (known !== undefined) return known;
  const options = LagoOptions.parse(context.options);
  const made = { options, service: { account: openAccount(context), premium: options.premium, announce: announcing(context, options.hmacKey) } };
  parts.set(context, made);
  return made;
}
