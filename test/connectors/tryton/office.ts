import { z } from 'zod';

export interface TrytonAddress {
  readonly url: string;
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

const decimal = (text: string) => ({ __class__: 'Decimal', decimal: text });
const ids = z.array(z.number().int());

/** Tryton's own API as an administrator uses it, apart from the connector: to set up what the tests need and to see what is there. */
export interface Office {
  call(method: string, args: readonly unknown[], company?: number): Promise<unknown>;
  rows(model: string, domain: readonly unknown[], fields: readonly string[], company?: number): Promise<Record<string, unknown>[]>;
  ensure(model: string, domain: readonly unknown[], values: object, company?: number): Promise<number>;
}

export async function openOffice(address: TrytonAddress): Promise<Office> {
  const url = `${address.url}/${address.database}/rpc/`;
  const send = async (body: object, headers: Record<string, string> = {}): Promise<unknown> => {
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
    const answer = z.object({ result: z.unknown().optional(), error: z.unknown().optional() }).parse(await response.json());
    if (answer.error !== undefined) throw new Error(`Tryton: ${JSON.stringify(answer.error)}`);
    return answer.result;
  };
  const [id, session] = z.tuple([z.number(), z.string()], z.unknown()).parse(await send({ id: 0, method: 'common.db.login', params: [address.user, { password: address.password }, 'en'] }));
  const authorization = `Session ${Buffer.from(`${address.user}:${id}:${session}`).toString('base64')}`;
  const call: Office['call'] = (method, args, company) => send({ id: 1, method: `model.${method}`, params: [...args, company === undefined ? {} : { company }] }, { authorization });
  return {
    call,
    rows: async (model, domain, fields, company) => z.array(z.record(z.string(), z.unknown())).parse(await call(`${model}.search_read`, [domain, 0, null, [['id', 'ASC']], fields], company)),
    async ensure(model, domain, values, company) {
      const [known] = ids.parse(await call(`${model}.search`, [domain, 0, 1, null], company));
      if (known !== undefined) return known;
      const [made = 0] = ids.parse(await call(`${model}.create`, [[values]], company));
      return made;
    },
  };
}

const COMPANIES = [
  { code: 'US01', name: 'Northwind Consulting Inc.', currency: 'USD' },
  { code: 'DE01', name: 'Northwind Consulting GmbH', currency: 'EUR' },
  { code: 'JP01', name: 'Northwind Consulting KK', currency: 'JPY' },
  { code: 'KW01', name: 'Northwind Consulting WLL', currency: 'KWD' },
];
const CURRENCIES = [
  { code: 'USD', name: 'US Dollar', digits: 2, rounding: decimal('0.01') },
  { code: 'EUR', name: 'Euro', digits: 2, rounding: decimal('0.01') },
  { code: 'JPY', name: 'Yen', digits: 0, rounding: decimal('1') },
  { code: 'KWD', name: 'Kuwaiti Dinar', digits: 3, rounding: decimal('0.001') },
];

/** What connectors/tryton/README.md asks an administrator to set up; leaves what is already there. */
export async function prepareOffice(office: Office): Promise<Record<string, number>> {
  for (const country of [{ code: 'US', name: 'United States' }, { code: 'DE', name: 'Germany' }, { code: 'JP', name: 'Japan' }]) {
    await office.ensure('country.country', [['code', '=', country.code]], country);
  }
  const us = await office.ensure('country.country', [['code', '=', 'US']], {});
  await office.ensure('country.subdivision', [['code', '=', 'US-IL']], { code: 'US-IL', name: 'Illinois', type: 'state', country: us });
  for (const currency of CURRENCIES) await office.ensure('currency.currency', [['code', '=', currency.code]], { ...currency, symbol: currency.code, rates: [['create', [{ rate: decimal('1') }]]] });
  const companies: Record<string, number> = {};
  for (const company of COMPANIES) {
    const party = await office.ensure('party.party', [['code', '=', company.code]], { code: company.code, name: company.name });
    const currency = await office.ensure('currency.currency', [['code', '=', company.currency]], {});
    companies[company.code] = await office.ensure('company.company', [['party', '=', party]], { party, currency });
  }
  await office.call('res.user.write', [[1], { companies: [['add', Object.values(companies)]], company: companies['US01'], company_filter: 'all' }]);
  for (const name of ['Pending', 'Cancelled']) await office.ensure('project.work.status', [['name', '=', name]], { name, types: ['project', 'task'] });
  const [hour] = await office.rows('product.uom', [['symbol', '=', 'h']], ['name']);
  for (const code of ['PARTNER', 'PRINCIPAL', 'PROJECT_MANAGER', 'SENIOR_CONSULTANT', 'CONSULTANT', 'ENGINEER', 'ANALYST']) {
    const product = { name: code, type: 'service', default_uom: hour?.['id'], salable: true, sale_uom: hour?.['id'], products: [['create', [{ suffix_code: code }]]] };
    if ((await office.rows('product.product', [['code', '=', code]], ['code'], companies['US01'])).length === 0) await office.call('product.template.create', [[product]], companies['US01']);
  }
  return companies;
}
