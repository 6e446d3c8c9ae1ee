import assert from 'node:assert/strict';
import { createNetSuite } from '../../../connectors/netsuite/index.ts';
import { isUnsupported, type Unsupported } from '../../../connectors/ports.ts';
import { generateCredentials } from '../../../sandbox/credentials.ts';
import { startSandbox } from '../../../sandbox/kit/sandbox.ts';
import { netsuite } from '../../../sandbox/netsuite/sandbox.ts';
import { sandboxAdmin } from '../conformance/admin.ts';
import { callContext, DE01, dealOf, silent, uniqueTag } from '../conformance/documents.ts';
import { recordExchanges, type Exchange } from '../conformance/exchanges.ts';
import { laborLine } from '../conformance/labor-documents.ts';
import { creditOf, invoiceOf } from '../conformance/receivables-documents.ts';
import { expenses, PERSON, PROJECT, reversalOf } from './expense-documents.ts';

const NOW = Date.parse('2026-11-21T09:00:00Z');
const TODAY = '2026-11-21';
const OPTIONS = { subsidiaries: { US01: '2', DE01: '5' }, currencies: { USD: '1', EUR: '4' }, items: { TECHNOLOGY: '12' }, taxes: { 'DE-VAT': { type: '1', code: '1' } }, badDebtItem: '12' };

function offered<Port extends object>(port: Port | Unsupported): Port {
  assert.ok(!isUnsupported(port));
  return port;
}

/** Lets the connector do all that it can do once, and tells every request and answer. */
export async function everything(): Promise<readonly Exchange[]> {
  const { privateKeyPem, ...accepted } = generateCredentials().netsuite;
  const sandbox = await startSandbox(netsuite, { port: 0, options: { ...accepted, asyncDelayMs: 5 }, now: () => new Date(NOW) });
  const recorder = await recordExchanges(sandbox.url, { keepHost: true });
  try {
    const admin = sandboxAdmin(() => sandbox.url);
    const connect = (options: object = {}) => createNetSuite({ system: 'netsuite', baseUrl: recorder.url, credentials: { ...accepted, privateKeyPem }, options: { ...OPTIONS, ...options }, log: silent, limits: { concurrency: 10, requestsPerSecond: null, timeoutSeconds: 20 } }, () => NOW);
    const erp = connect();
    const references = { customers: {}, contracts: {}, projects: {} };

    const customers: Record<string, string> = {};
    const projects: Record<string, string> = {};
    const known = { ...references, customers, projects };
    for (const billingMethod of ['time_and_materials', 'milestone', 'fixed_fee'] as const) {
      const { customer, contract, project } = dealOf(uniqueTag(), { billingMethod, legalEntity: DE01, customer: { legalEntities: ['DE01', 'US01'], currencies: ['EUR', 'USD'] } });
      const wanted = { document: customer, references };
      const made = await erp.customer.write(wanted, null, callContext());
      customers[customer.id] = made.externalId;
      await erp.customer.write({ ...wanted, document: { ...customer, name: 'Acme and Sons' } }, made, callContext());
      await offered(erp.contract).write({ document: contract, references: known }, null, callContext());
      const job = await erp.project.write({ document: project, references: known }, null, callContext());
      projects[project.id] = job.externalId;
      await erp.project.write({ document: project, references: known }, job, callContext());
      await offered(erp.rateCard).write({ document: { project, rateCard: project.rateCard }, references: known }, null, callContext());
      await offered(erp.billingSchedule).write({ document: { project, schedule: project.billingSchedule }, references: known }, null, callContext());
      await erp.setProjectStatus({ document: project, externalId: job.externalId }, 'active', callContext());
    }

    const place = { system: 'netsuite', legalEntity: 'DE01', currency: 'EUR', costCenter: 'DE01-TECH', task: '2-1', people: [PERSON], projects: [PROJECT] };
    await admin.seed({ employee: [{ firstName: 'Ada', lastName: 'Lovelace', email: PERSON, subsidiary: { id: '5' } }] });
    const [customer = ''] = (await admin.seed({ customer: [{ companyName: 'Contoso', subsidiary: { id: '5' }, currency: { id: '4' } }] }))['customer'] ?? [];
    await admin.seed({ job: [{ externalId: PROJECT, entityId: PROJECT, companyName: 'Cloud migration', parent: { id: customer }, subsidiary: { id: '5' }, currency: { id: '4' }, jobItem: { id: '12' }, jobBillingType: { id: 'CB' } }] });
    await admin.seed({ projectTask: [{ title: '2-1 Design', project: { externalId: PROJECT } }] });
    for (const billableLines of ['time_bills', 'charges']) {
      const answers = await offered(connect({ billableLines }).labor).post([laborLine(place), laborLine(place, { hours: '0.25' })], callContext());
      assert.deepEqual(answers.map(({ outcome }) => outcome), ['posted', 'posted']);
    }

    const report = expenses();
    const port = offered(erp.expenses);
    await port.write(report, null, callContext());
    await port.write(reversalOf(report), null, callContext());

    const receivables = offered(erp.receivables);
    const [customerId = ''] = Object.keys(customers);
    const bills = [invoiceOf(uniqueTag(), { today: TODAY, customerId }), invoiceOf(uniqueTag(), { today: TODAY, customerId }), invoiceOf(uniqueTag(), { today: TODAY, customerId })] as const;
    const [credited, written, undone] = bills;
    const found = await Promise.all(bills.map((document) => receivables.invoice.write({ document, references: known }, null, callContext())));
    for (const [index, document] of bills.entries()) assert.equal((await receivables.issue({ document, externalId: found[index]?.externalId ?? '' }, callContext())).status, 'issued');
    await receivables.invoice.write({ document: creditOf(credited, uniqueTag(), 'first line'), references: known }, null, callContext());
    const paid = { customer: { id: customers[customerId] }, subsidiary: { id: '5' }, currency: { id: '4' }, payment: 10, apply: { items: [{ doc: { id: found[0]?.externalId }, apply: true, amount: 10 }] } };
    const [payment = ''] = (await admin.seed({ customerPayment: [{ ...paid, payment: 15 }] }))['customerPayment'] ?? [];
    await admin.seed({ customerRefund: [{ customer: paid.customer, subsidiary: paid.subsidiary, currency: paid.currency, apply: { items: [{ doc: { id: payment }, apply: true, amount: 5 }] } }] });
    await offered(receivables.writeOff)({ document: written, externalId: found[1]?.externalId ?? '' }, callContext());
    assert.equal((await receivables.invoice.undo({ document: { document: undone, references: known }, externalId: found[2]?.externalId ?? '', created: true }, callContext())).how, 'cancelled');
    let told = 0;
    for await (const _ of offered(receivables.payments)('2026-11-21T00:00:00.000Z', callContext())) told += 1;
    assert.equal(told, 2);
    return [...recorder.exchanges];
  } finally {
    recorder.close();
    await sandbox.close();
  }
}
