/** Stripe's API v1 as far as billing for a professional-services firm needs it. https://docs.stripe.com/api */
import type { FastifyRequest } from 'fastify';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { UnreadableBody } from '../kit/bodies.ts';
import type { FaultAnswers, SandboxContext, SandboxDefinition } from '../kit/sandbox.ts';
import { openAccount } from './account.ts';
import { installCreditNotes } from './credit-notes.ts';
import { installCustomers } from './customers.ts';
import { keyInUse, locked, noKey, noRoute, Refusal, serverError, tooMany, wrongKey } from './errors.ts';
import { announcing, installEvents } from './events.ts';
import { newRequestId, type Service } from './http.ts';
import { installInvoiceLines } from './invoice-lines.ts';
import { createInvoice, installInvoices } from './invoices.ts';
import { StripeOptions } from './options.ts';
import { installPayments, receive, settleRefund } from './payments.ts';

const parts = new WeakMap<SandboxContext, { readonly options: StripeOptions; readonly service: Service }>();

const faultAnswers: FaultAnswers = ({ status }) => {
  const refusals: Readonly<Record<number, () => Refusal>> = { 401: wrongKey, 409: keyInUse, 423: locked, 429: tooMany };
  const refusal = (refusals[status] ?? (status >= 500 ? serverError : () => new Refusal(status, { type: 'invalid_request_error', message: 'Error' })))();
  return { status: refusal.status === 500 ? status : refusal.status, headers: refusal.headers, body: refusal.body };
};

const SeededPayment = z.object({ invoice: z.string(), amount: z.int().positive(), method: z.string().default('customer_balance') });
const SeededRefund = z.object({ id: z.string(), status: z.string().min(1) });
const SeededHistory = z.object({ customer: z.string(), currency: z.string().default('usd'), amount: z.int().positive() });

export const stripe: SandboxDefinition = {
  name: 'stripe',
  title: 'Stripe (sandbox)',
  faultAnswers,

  register(context) {
    const { app } = context;
    const { options, service } = partsOf(context);
    app.setErrorHandler((error, _request, reply) => {
      const refusal = refusalFor(error);
      return reply.code(refusal.status).headers(refusal.headers).send(refusal.body);
    });
    app.setNotFoundHandler((request) => {
      throw noRoute(request.method, request.url.split('?', 1)[0] ?? '');
    });
    const gate = gateOf(options, context);
    context.onReset(gate.reset);
    app.addHook('onRequest', async (request, reply) => {
      void reply.header('request-id', newRequestId()).header('stripe-version', request.headers['stripe-version'] ?? '2025-03-31.basil');
      gate.admit(request);
      if (options.latencyMs > 0) await sleep(options.latencyMs);
    });
    installCustomers(app, service, options.searchLagMs);
    for (const install of [installInvoices, installInvoiceLines, installCreditNotes, installPayments, installEvents]) install(app, service);
  },

  /** `payments`: money that came in for an invoice; `refunds`: what became of one; `paid_invoices`: an invoice that was issued and paid. */
  seed(context, collection, record) {
    const { service } = partsOf(context);
    const { account } = service;
    switch (collection) {
      case 'payments': {
        const { invoice, amount, method } = SeededPayment.parse(record);
        return receive(service, account.invoices.need(invoice), amount, method).id;
      }
      case 'refunds': {
        const { id, status } = SeededRefund.parse(record);
        return settleRefund(service, account.refunds.need(id), status).id;
      }
      case 'paid_invoices': {
        const { customer, currency, amount } = SeededHistory.parse(record);
        const draft = createInvoice(service, { customer, currency });
        account.lines.insert((head) => ({ ...head, invoice: draft.id, invoiceItem: account.nextId('ii'), amount, currency, description: 'Work', discountable: false, period: { start: head.created, end: head.created }, metadata: {}, taxes: [] }));
        const open = account.invoices.update(draft, { status: 'open', number: `SEEDED-${draft.id.slice(-6)}` });
        return receive(service, open, amount, 'customer_balance').id;
      }
      default:
        throw new Error(`Stripe keeps no '${collection}' that can be seeded; it has payments, refunds and paid_invoices`);
    }
  },
};

/** The key, then the limit, before anything else. */
function gateOf(options: StripeOptions, { now }: Pick<SandboxContext, 'now'>) {
  let second = 0;
  let used = 0;
  return {
    admit({ headers }: FastifyRequest): void {
      const [scheme, credential = ''] = (headers.authorization ?? '').split(' ');
      const key = scheme?.toLowerCase() === 'basic' ? (Buffer.from(credential, 'base64').toString('utf8').split(':')[0] ?? '') : credential;
      if (key === '') throw noKey();
      if (key !== options.secretKey) throw wrongKey();
      const version = headers['stripe-version'];
      if (version !== undefined && !/^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$/.test(String(version))) throw new Refusal(400, { type: 'invalid_request_error', message: `Invalid Stripe API version: ${String(version)}` }, { executed: false });
      const at = Math.floor(now().getTime() / 1000);
      if (at !== second) [second, used] = [at, 0];
      if (options.requestsPerSecond !== null && used >= options.requestsPerSecond) throw tooMany();
      used += 1;
    },
    reset() {
      [second, used] = [0, 0];
    },
  };
}

function partsOf(context: SandboxContext): { readonly options: StripeOptions; readonly service: Service } {
  const known = parts.get(context);
  if (known !== undefined) return known;
  const options = StripeOptions.parse(context.options);
  const account = openAccount(context);
  const made = { options, service: { account, announce: announcing(context, account, options.webhookSecret) } };
  parts.set(context, made);
  return made;
}

function refusalFor(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof UnreadableBody) return new Refusal(400, { type: 'invalid_request_error', message: 'Invalid request body: send a form.' }, { executed: false });
  return new Refusal(500, { type: 'api_error', message: error instanceof Error ? error.message : String(error) });
}
