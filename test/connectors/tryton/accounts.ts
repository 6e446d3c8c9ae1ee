import { z } from 'zod';
import type { Office } from './office.ts';

const ids = z.array(z.number().int());

/** The least of bookkeeping with which a company of Tryton can invoice hours of a product. */
export async function openAccounts(office: Office, company: number, productCode: string): Promise<void> {
  const create = async (model: string, values: object): Promise<number> => ids.parse(await office.call(`${model}.create`, [[values]], company))[0] ?? 0;
  const groups = await office.rows('res.group', [['name', 'like', 'Account%']], ['id']);
  await office.call('res.user.write', [[1], { groups: [['add', groups.map((group) => group['id'])]] }]);
  const receivable = await create('account.account.type', { name: 'Receivable', company, statement: 'balance', assets: true, receivable: true });
  const revenue = await create('account.account.type', { name: 'Revenue', company, statement: 'income', revenue: true });
  const clients = await create('account.account', { name: 'Clients', company, type: receivable, reconcile: true, party_required: true });
  const fees = await create('account.account', { name: 'Fees', company, type: revenue });
  await office.call('account.configuration.write', [[1], { default_account_receivable: clients, default_category_account_revenue: fees }], company);
  const category = await create('product.category', { name: 'Fees', accounting: true, account_revenue: fees });
  const [product] = await office.rows('product.product', [['code', '=', productCode]], ['template'], company);
  await office.call('product.template.write', [[product?.['template']], { account_category: category }], company);
}
