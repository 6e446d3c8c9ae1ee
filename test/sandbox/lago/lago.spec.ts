import assert from 'node:assert/strict';
import { startOrganization, type LagoOrganization } from '../../connectors/lago/organization.ts';

describe("Lago's sandbox", () => {
  let organization: LagoOrganization;

  before(async () => {
    organization = await startOrganization();
    await organization.call('POST', '/customers', { customer: { external_id: 'acme', name: 'Acme', currency: 'EUR', net_payment_term: 30 } });
  });
  after(async () => organization?.sandbox.close());

  async function refusal(method: string, path: string, body?: object, authorization = `Bearer ${organization.credentials.apiKey}`): Promise<{ status: number; body: unknown }> {
    const answer = await fetch(`${organization.sandbox.url}/api/v1${path}`, { method, headers: { authorization, 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    assert.ok(!answer.ok, `${method} ${path} went through`);
    return { status: answer.status, body: await answer.json() };
  }
  const invoice = (changes: object = {}) => ({ invoice: { external_customer_id: 'acme', currency: 'EUR', fees: [{ add_on_code: 'labor', unit_amount_cents: 13, tax_codes: ['vat_19'] }], ...changes } });

  it('refuses as Lago does: with status, error, code and details', async () => {
    assert.deepEqual(await refusal('GET', '/customers/acme', undefined, 'Bearer wrong'), { status: 401, body: { status: 401, error: 'Unauthorized' } });
    assert.deepEqual(await refusal('GET', '/customers/nobody'), { status: 404, body: { status: 404, error: 'Not Found', code: 'customer_not_found' } });
    assert.deepEqual(await refusal('POST', '/invoices', { wrong: {} }), { status: 400, body: { status: 400, error: 'BadRequest: param is missing or the value is empty: invoice' } });
    assert.deepEqual(await refusal('POST', '/invoices', invoice({ currency: 'XXX' })), { status: 422, body: { status: 422, error: 'Unprocessable Entity', code: 'validation_errors', error_details: { currency: ['value_is_invalid'] } } });
    assert.deepEqual((await refusal('POST', '/invoices', invoice({ fees: [{ add_on_code: 'nothing' }] }))).body, { status: 404, error: 'Not Found', code: 'add_on_not_found' });
    assert.deepEqual((await refusal('POST', '/events/batch', { events: Array.from({ length: 101 }, () => ({})) })).body, { status: 422, error: 'Unprocessable Entity', code: 'validation_errors', error_details: { events: ['too_many_events'] } });
  });

  it('adds a tax up over all fees and rounds once, and dates an invoice itself', async () => {
    const fee = { add_on_code: 'labor', unit_amount_cents: 13, tax_codes: ['vat_19'] };
    const { invoice: made } = await organization.call('POST', '/invoices', invoice({ fees: [fee, fee, fee] }));
    const row = made as Record<string, unknown>;
    assert.deepEqual([row['taxes_amount_cents'], row['total_amount_cents'], row['status'], row['issuing_date'], row['payment_due_date']], [7, 46, 'finalized', '2026-11-21', '2026-12-21']);
  });

  it('makes or updates a customer by its external ID, leaving what is not named', async () => {
    await organization.call('POST', '/customers', { customer: { external_id: 'beta', name: 'Beta', city: 'Berlin' } });
    const { customer } = await organization.call('POST', '/customers', { customer: { external_id: 'beta', name: 'Beta AG' } });
    const row = customer as Record<string, unknown>;
    assert.deepEqual([row['name'], row['city']], ['Beta AG', 'Berlin']);
  });

  it('voids what is finalized and not paid, and changes nothing of it afterwards', async () => {
    const { invoice: made } = await organization.call('POST', '/invoices', invoice());
    const id = String((made as Record<string, unknown>)['lago_id']);
    await organization.call('POST', `/invoices/${id}/void`, {});
    assert.equal((await refusal('POST', `/invoices/${id}/void`, {})).status, 405);
    assert.deepEqual((await refusal('PUT', `/invoices/${id}`, { invoice: { metadata: [] } })).body, { status: 405, error: 'Method Not Allowed', code: 'update_on_voided_invoice' });
  });

  it('finds invoices by metadata, and with an empty value those that have none', async () => {
    await organization.call('POST', '/customers', { customer: { external_id: 'gamma', name: 'Gamma' } });
    const ids: string[] = [];
    for (const marked of [true, false]) {
      const { invoice: made } = await organization.call('POST', '/invoices', invoice({ external_customer_id: 'gamma' }));
      const id = String((made as Record<string, unknown>)['lago_id']);
      ids.push(id);
      if (marked) await organization.call('PUT', `/invoices/${id}`, { invoice: { metadata: [{ key: 'ours', value: 'A-1' }] } });
    }
    const listed = async (filter: string) => ((await organization.call('GET', `/invoices?external_customer_id=gamma&${filter}`))['invoices'] as { lago_id: string }[]).map((row) => row.lago_id);
    assert.deepEqual(await listed('metadata[ours]=A-1'), [ids[0]]);
    assert.deepEqual(await listed('metadata[ours]='), [ids[1]]);
    assert.deepEqual(await listed('metadata[ours]=A-2'), []);
    assert.equal((await refusal('PUT', `/invoices/${ids[0] ?? ''}`, { invoice: { metadata: Array.from({ length: 6 }, (_, index) => ({ key: `k${index}`, value: 'v' })) } })).status, 422);
  });

  it('pages as Lago does', async () => {
    const page = await organization.call('GET', '/invoices?per_page=1&page=2');
    assert.deepEqual(Object.keys(page['meta'] as object), ['current_page', 'next_page', 'prev_page', 'total_pages', 'total_count']);
    assert.equal((page['invoices'] as unknown[]).length, 1);
  });

  it('takes a batch of events wholly or not at all', async () => {
    const event = (key: string) => ({ transaction_id: key, external_subscription_id: 'sub', code: 'hours', properties: { quantity: '1' } });
    await organization.call('POST', '/events/batch', { events: [event('a')] });
    assert.deepEqual((await refusal('POST', '/events/batch', { events: [event('b'), event('a')] })).body, { status: 422, error: 'Unprocessable Entity', code: 'validation_errors', error_details: { 1: { transaction_id: ['value_already_exist'] } } });
    assert.deepEqual(((await organization.admin.state())['events'] ?? []).map((row) => row['transaction_id']), ['a']);
  });
});
