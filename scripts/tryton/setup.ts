import { z } from 'zod';
import type { FirmConfig } from '../../domain/config/schema.ts';
import { decimal, openTryton, type TrytonLogin, type TrytonSession } from './rpc.ts';

type Firm = Pick<FirmConfig, 'legalEntities' | 'laborCategories'>;

const currencyDigits = (code: string): number => new Intl.NumberFormat('en', { style: 'currency', currency: code }).resolvedOptions().maximumFractionDigits ?? 2;
const nameOf = (kind: 'currency' | 'region', code: string): string => new Intl.DisplayNames('en', { type: kind }).of(code) ?? code;

/**
 * What an administrator sets up before the first project is booked: countries, currencies, a company for each legal entity (its
 * party has the entity's code), work statuses, a service product per labor category, an employee. What is there already stays as
 * it is, so it can be run at every start.
 */
export async function setUpTryton(address: TrytonLogin, firm: Firm): Promise<Readonly<Record<string, number>>> {
  const tryton = await openTryton(address);
  for (const country of countriesOf(firm)) await tryton.ensure('country.country', [['code', '=', country]], { code: country, name: nameOf('region', country) });
  const currencies = await ensureCurrencies(tryton, firm);

  const companies: Record<string, number> = {};
  for (const entity of firm.legalEntities) {
    const party = await tryton.ensure('party.party', [['code', '=', entity.code]], { code: entity.code, name: entity.name });
    companies[entity.code] = await tryton.ensure('company.company', [['party', '=', party]], { party, currency: currencies.get(entity.functionalCurrency), timezone: entity.timeZone });
  }
  const all = Object.values(companies);
  const first = all[0];
  if (first === undefined) return companies;
  await tryton.call('res.user.write', [[await userId(tryton, address.user)], { companies: [['add', all]], company: first, company_filter: 'all' }]);

  for (const name of ['Pending', 'Cancelled']) await tryton.ensure('project.work.status', [['name', '=', name]], { name, types: ['project', 'task'] });
  await ensureHourProducts(tryton, firm, first);
  const person = await tryton.ensure('party.party', [['code', '=', 'Q2C-OFFICE']], { code: 'Q2C-OFFICE', name: 'Project office' });
  await tryton.ensure('company.employee', [['party', '=', person]], { party: person, company: first }, first);
  return companies;
}

function countriesOf(firm: Firm): string[] {
  const clients = ['US', 'CA', 'MX', 'GB', 'IE', 'DE', 'FR', 'NL', 'ES', 'IT', 'CH', 'AT', 'PL', 'SE', 'AU', 'NZ', 'SG', 'JP', 'IN'];
  return [...new Set([...firm.legalEntities.map(({ country }) => country), ...clients])];
}

async function ensureCurrencies(tryton: TrytonSession, firm: Firm): Promise<ReadonlyMap<string, number>> {
  const codes = new Set(firm.legalEntities.flatMap((entity) => [entity.functionalCurrency, ...entity.billingCurrencies]));
  const found = new Map<string, number>();
  for (const code of codes) {
    const digits = currencyDigits(code);
    const rounding = decimal(digits === 0 ? '1' : `0.${'0'.repeat(digits - 1)}1`);
    // Every rate is 1: nothing in this line converts in the ERP, but Tryton refuses a currency without a rate.
    found.set(code, await tryton.ensure('currency.currency', [['code', '=', code]], { code, name: nameOf('currency', code), symbol: code, digits, rounding, rates: [['create', [{ rate: decimal('1') }]]] }));
  }
  return found;
}

async function ensureHourProducts(tryton: TrytonSession, firm: Firm, company: number): Promise<void> {
  const [hour] = z.array(z.int()).parse(await tryton.call('product.uom.search', [[['symbol', '=', 'h']], 0, 1, null]));
  for (const { code, name } of firm.laborCategories) {
    const known = z.array(z.int()).parse(await tryton.call('product.product.search', [[['code', '=', code]], 0, 1, null], company));
    if (known.length > 0) continue;
    await tryton.call('product.template.create', [[{ name, type: 'service', default_uom: hour, salable: true, sale_uom: hour, products: [['create', [{ suffix_code: code }]]] }]], company);
  }
}

async function userId(tryton: TrytonSession, login: string): Promise<number> {
  const [id] = z.array(z.int()).parse(await tryton.call('res.user.search', [[['login', '=', login]], 0, 1, null]));
  if (id === undefined) throw new Error(`Tryton has no user ${login}`);
  return id;
}
