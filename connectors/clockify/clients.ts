import { z } from 'zod';
import type { Customer } from '../../domain/model/customer.ts';
import type { Currency } from '../../domain/money.ts';
import { keptForAMinute } from '../kept-for-a-minute.ts';
import { afterFirstWrite } from '../partial-write.ts';
import { isRefused } from './classify.ts';
import { madeAnswer, type About, type Clockify } from './client.ts';
import { cut, folded } from './names.ts';
import { CLIENT_MADE } from './notes.ts';
import type { ClockifyOptions } from './options.ts';

const LONGEST_NAME = 100;
const clientRow = z.object({ id: z.string(), name: z.string(), archived: z.boolean(), address: z.string().nullish(), email: z.string().nullish(), note: z.string().nullish(), currencyId: z.string().nullish(), currencyCode: z.string().nullish() });
type Client = z.infer<typeof clientRow>;
const workspaceRow = z.object({ currencies: z.array(z.object({ id: z.string(), code: z.string(), isDefault: z.boolean() })) });

export interface EnsuredClient {
  readonly id: string;
  /** Made by this call: nothing leads back to it yet. */
  readonly fresh: boolean;
}

/** Clients, found by name and currency: a Clockify client bills in one, so a second currency of a customer gets a client of its own, "Acme (EUR)". */
export function createClients(clockify: Clockify, options: ClockifyOptions) {
  const workspace = keptForAMinute((about: About) => clockify.read('', workspaceRow, about));

  const named = async (name: string, about: About): Promise<Client[]> => (await clockify.list('/clients', clientRow, about, { name })).filter((client) => folded(client.name) === folded(name));

  const find = async (customer: Customer, currency: Currency, about: About): Promise<Client | null> => {
    for (const name of namesOf(customer, currency)) {
      const found = (await named(name, about)).find((client) => (client.currencyCode ?? currency) === currency);
      if (found !== undefined) return found;
    }
    return null;
  };

  /** An update replaces what it leaves out. */
  const put = (client: Client, changes: Partial<Client>, about: About) => {
    const { id, name, archived, address, email, note, currencyId } = { ...client, ...changes };
    return clockify.send('PUT', `/clients/${id}`, { name, archived, ...(address == null ? {} : { address }), ...(email == null ? {} : { email }), ...(note == null ? {} : { note }), ...(currencyId == null ? {} : { currencyId }) }, madeAnswer, about);
  };

  /** Whether it is one of ours that no project is for. */
  const isLeftOver = async (client: Client, about: About): Promise<boolean> => {
    if (!(client.note ?? '').split('\n').includes(CLIENT_MADE)) return false;
    const { items } = await clockify.page('/projects', madeAnswer, about, { clients: client.id, page: '1', 'page-size': '1' });
    return items.length === 0;
  };

  const currencyId = async (currency: Currency, about: About): Promise<string> => {
    const known = (await workspace.get(about))?.currencies.find(({ code }) => code === currency);
    if (known !== undefined) return known.id;
    workspace.forget();
    throw clockify.failure(about, { kind: 'configuration', code: 'CLOCKIFY_CURRENCY_UNKNOWN', message: `The Clockify workspace has no currency ${currency}, which ${about.object} is billed in.`, mend: `Add ${currency} in Clockify (Workspace settings > Currencies), then retry.` });
  };

  return {
    async ensure(customer: Customer, currency: Currency, about: About): Promise<EnsuredClient> {
      const fixed = options.clientIds[customer.id];
      if (fixed !== undefined) return { id: fixed, fresh: false };
      const found = await find(customer, currency, about);
      if (found !== null) {
        if (found.archived) await put(found, { archived: false }, about);
        return { id: found.id, fresh: false };
      }
      const wanted = await currencyId(currency, about);
      const [plain, withCurrency] = namesOf(customer, currency);
      const same = await named(plain, about);
      // Made by a call whose answer was lost before its currency was set.
      for (const client of same) {
        if (!(await isLeftOver(client, about))) continue;
        await put(client, { archived: false, currencyId: wanted }, about);
        return { id: client.id, fresh: true };
      }
      const name = same.length === 0 ? plain : withCurrency;
      const made = await clockify.send('POST', '/clients', { name, address: addressOf(customer), note: CLIENT_MADE }, clientRow, about);
      // A new client has the workspace's own currency, whatever is asked for; only an update sets another.
      if (made.currencyId !== wanted) await afterFirstWrite(() => put(made, { currencyId: wanted }, about));
      return { id: made.id, fresh: true };
    },

    /** Deletes a client of ours that has no project left. */
    async removeIfEmpty(clientId: string, about: About): Promise<boolean> {
      const client = await clockify.read(`/clients/${clientId}`, clientRow, about);
      if (client === null || !(await isLeftOver(client, about))) return false;
      try {
        await put(client, { archived: true }, about);
        await clockify.remove(`/clients/${clientId}`, about);
        return true;
      } catch (error) {
        if (isRefused(error)) return false;
        throw error;
      }
    },
  };
}
export type Clients = ReturnType<typeof createClients>;

function namesOf(customer: Customer, currency: Currency): [string, string] {
  const suffix = ` (${currency})`;
  const within = (most: number) => cut(customer.name.trim(), most);
  return [within(LONGEST_NAME), `${within(LONGEST_NAME - suffix.length)}${suffix}`];
}

function addressOf(customer: Customer): string {
  const { street, postalCode, city, region, country } = customer.billingAddress;
  const place = [postalCode, city, region].filter((part) => part !== null && part !== '').join(' ');
  return [street, place, country].filter((part) => part !== null && part !== '').join('\n');
}
