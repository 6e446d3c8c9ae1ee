import { z } from 'zod';
import type { Customer } from '../../domain/model/customer.ts';
import type { Currency } from '../../domain/money.ts';
import { isRefused } from './classify.ts';
import type { About, Harvest } from './client.ts';
import { readNotes } from './notes.ts';
import type { HarvestOptions } from './options.ts';

const clientRow = z.object({ id: z.number().int(), name: z.string(), currency: z.string().regex(/^[A-Z]{3}$/), is_active: z.boolean(), address: z.string().nullable().default(null) });
export type Client = z.infer<typeof clientRow>;
export const projectRow = z.object({ id: z.number().int(), name: z.string(), code: z.string().nullable(), is_active: z.boolean(), notes: z.string().nullable().default(null), client: z.object({ id: z.number().int() }) });
export type HarvestProject = z.infer<typeof projectRow>;

export interface EnsuredClient {
  readonly id: number;
  /** True where this connector made it, so that it may go with its last project. */
  readonly ours: boolean;
  readonly projects: readonly HarvestProject[];
}

/**
 * Clients, by name and currency: a Harvest client bills in one currency, so a customer that is billed in several has a client for each,
 * the later ones called "Acme (EUR)".
 */
export function createClients(harvest: Harvest, options: HarvestOptions) {
  const fixedId = (customer: Customer): number | null => {
    const id = options.clientIds[customer.id];
    return id === undefined ? null : Number(id);
  };
  const projectsOf = (clientId: number, about: About) => harvest.list('/projects', 'projects', projectRow, about, { client_id: String(clientId) });
  const namesOf = (customer: Customer, currency: Currency) => [customer.name, `${customer.name} (${currency})`].map(folded);

  /** Null where the customer has no client for the currency. */
  const find = async (customer: Customer, currency: Currency, about: About): Promise<Client | 'fixed' | null> => {
    if (fixedId(customer) !== null) return 'fixed';
    if (options.projectLookUp === 'none') {
      throw harvest.failure(about, { kind: 'configuration', code: 'HARVEST_CLIENT_NOT_MAPPED', message: `Harvest cannot be asked for the client of ${customer.name}, which ${about.object} needs.`, mend: `Add the ID of its client as clientIds."${customer.id}" to the options of ${harvest.system} in config/systems.yaml, then retry.` });
    }
    const clients = await harvest.list('/clients', 'clients', clientRow, about);
    return clients.find((client) => client.currency === currency && namesOf(customer, currency).includes(folded(client.name))) ?? null;
  };

  const make = async (customer: Customer, currency: Currency, about: About): Promise<Client> => {
    const values = { address: addressOf(customer), currency };
    try {
      return await harvest.create('/clients', { name: customer.name, ...values }, clientRow, about);
    } catch (error) {
      if (!isRefused(error)) throw error;
    }
    // The name is taken: by another deal that made the client at this moment, or by the client for another currency.
    const found = await find(customer, currency, about);
    return found === null || found === 'fixed' ? harvest.create('/clients', { name: `${customer.name} (${currency})`, ...values }, clientRow, about) : found;
  };

  return {
    projectsOf,
    /** IDs of the clients under which the customer's project may be. */
    async idOf(customer: Customer, currency: Currency, about: About): Promise<number | null> {
      const found = await find(customer, currency, about);
      return found === 'fixed' ? fixedId(customer) : (found?.id ?? null);
    },
    async ensure(customer: Customer, currency: Currency, about: About): Promise<EnsuredClient> {
      const found = await find(customer, currency, about);
      if (found === 'fixed') {
        const id = fixedId(customer) ?? 0;
        return { id, ours: false, projects: options.projectLookUp === 'none' ? [] : await projectsOf(id, about) };
      }
      if (found === null) return { id: (await make(customer, currency, about)).id, ours: true, projects: [] };
      if (!found.is_active) await harvest.update(`/clients/${found.id}`, { is_active: true }, about);
      const projects = await projectsOf(found.id, about);
      const leftByLostAnswer = projects.length === 0 && found.address !== null && found.address === addressOf(customer);
      return { id: found.id, ours: leftByLostAnswer || projects.some((project) => readNotes(project.notes).clientMade), projects };
    },
    /** Deletes a client of ours that has no project left. */
    async removeIfEmpty(clientId: number, about: About): Promise<boolean> {
      if ((await projectsOf(clientId, about)).length > 0) return false;
      try {
        return await harvest.remove(`/clients/${clientId}`, about);
      } catch (error) {
        if (isRefused(error)) return false;
        throw error;
      }
    },
  };
}
export type Clients = ReturnType<typeof createClients>;

function addressOf(customer: Customer): string | null {
  const { street, postalCode, city, region, country } = customer.billingAddress;
  const place = [postalCode, city, region].filter((part) => part !== null && part !== '').join(' ');
  const lines = [street, place, country].filter((part) => part !== null && part !== '');
  return lines.length === 0 ? null : lines.join('\n');
}

export function folded(name: string): string {
  return name.normalize('NFC').trim().toLowerCase();
}
