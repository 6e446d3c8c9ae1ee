import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { startSandbox } from '../../sandbox/kit/sandbox.ts';
import { legacy } from '../../sandbox/legacy/sandbox.ts';
import { sandboxAdmin } from '../connectors/conformance/admin.ts';
import { inventoryOf } from './inventory.ts';
import type { Admin, SandboxLineSettings } from './sandbox-line.ts';

/** Those with a sandbox; Tryton itself runs. */
const SANDBOX_ERPS = ['netsuite', 'dynamics', 'project-operations', 'sap', 'oracle', 'legacy'] as const;
export const ERPS = [...SANDBOX_ERPS, 'tryton'] as const;
export type ErpName = (typeof ERPS)[number];
const PERSON_NUMBER = 'E-1001';
const PERSON_ID = '0f6b3a51-6c1e-4d0a-9a37-2f1f3f0b7c11';

type State = Awaited<ReturnType<Admin['state']>>;

/** How many of each an ERP holds for one client. */
export interface Held {
  readonly customers: number;
  readonly contracts: number;
  readonly projects: number;
}

/** What people do in an ERP and what they see there, past the connector. */
export interface ErpDesk {
  /** The ERP's people enter an employee of US01 who joins. */
  hire(email: string): Promise<void>;
  held(clientName: string): Promise<Held>;
}

interface SandboxDesk {
  hired(email: string): Readonly<Record<string, readonly object[]>>;
  held(state: State, clientName: string): Held;
}

const wrapped = z.array(z.looseObject({ id: z.union([z.string(), z.number()]).optional(), parent: z.unknown().optional(), values: z.record(z.string(), z.unknown()) }));
const entries = z.array(z.looseObject({ number: z.string(), fields: z.record(z.string(), z.string()) }));

const SANDBOX_DESKS: Readonly<Record<(typeof SANDBOX_ERPS)[number], SandboxDesk>> = {
  netsuite: {
    hired: (email) => ({ employee: [{ firstName: 'Dana', entityId: email, email, subsidiary: { id: '2' } }] }),
    held(state, clientName) {
      const { customers, orders, jobs } = inventoryOf(state, {}, clientName).netsuite;
      return { customers: customers.length, contracts: orders.length, projects: jobs.length };
    },
  },
  dynamics: {
    hired: (email) => ({ Workers: [{ PersonnelNumber: PERSON_NUMBER, Name: 'Dana Kowalski', PrimaryContactEmail: email }], ProjectResources: [{ ResourceId: PERSON_NUMBER, ResourceCompanyId: 'us01', PersonnelNumber: PERSON_NUMBER }] }),
    held(state, clientName) {
      const table = (name: string) => wrapped.parse(state[name] ?? []).map(({ values }) => values);
      const customers = table('CustTable').filter((row) => row['organizationname'] === clientName);
      const accounts = customers.map((row) => row['customeraccount']);
      const funded = table('ProjFundingSource').filter((row) => accounts.includes(row['customeraccount'])).map((row) => row['projectcontractid']);
      return {
        customers: customers.length,
        contracts: table('ProjInvoiceTable').filter((row) => funded.includes(row['projectcontractid'])).length,
        projects: table('ProjTable').filter((row) => accounts.includes(row['customeraccount'])).length,
      };
    },
  },
  'project-operations': {
    hired: (email) => ({ systemusers: [{ systemuserid: PERSON_ID, fullname: 'Dana Kowalski', internalemailaddress: email }], bookableresources: [{ name: 'Dana Kowalski', resourcetype: 3, 'UserId@odata.bind': `/systemusers(${PERSON_ID})` }] }),
    held(state, clientName) {
      const table = (name: string) => wrapped.parse(state[name] ?? []);
      const accounts = table('accounts').filter(({ values }) => values['name'] === clientName).map(({ id }) => id);
      return {
        customers: accounts.length,
        contracts: table('salesorders').filter(({ values }) => accounts.some((id) => id === values['_customerid_value'])).length,
        projects: table('msdyn_projects').filter(({ values }) => accounts.some((id) => id === values['_msdyn_customer_value'])).length,
      };
    },
  },
  sap: {
    hired: () => ({}), // everybody of the firm is there
    held(state, clientName) {
      const set = (name: string) => wrapped.parse(state[name] ?? []).map(({ values }) => values);
      const partners = set('A_BusinessPartner').filter((row) => row['OrganizationBPName1'] === clientName);
      const orders = set('A_SalesOrder').filter((row) => partners.some((partner) => partner['Customer'] === row['SoldToParty']));
      const items = set('A_SalesOrderItem').filter((row) => orders.some((order) => order['SalesOrder'] === row['SalesOrder']));
      const projects = set('A_EnterpriseProject').filter((row) => items.some((item) => item['PurchaseOrderByShipToParty'] === row['Project']));
      return { customers: partners.length, contracts: orders.length, projects: projects.length };
    },
  },
  oracle: {
    hired: (email) => ({ projectEnterpriseResources: [{ ResourceEmail: email, ResourceDisplayName: 'Dana Kowalski' }] }),
    held(state, clientName) {
      const rows = (name: string) => wrapped.parse(state[name] ?? []);
      const parties = rows('hubOrganizations').filter((row) => row.values['OrganizationName'] === clientName);
      const contracts = rows('contracts').filter((row) => parties.some((party) => party.id === row.values['PrimaryPartyId']));
      const numbers = rows('contracts.ContractLine').filter((row) => contracts.some((contract) => contract.id === row.parent)).map((row) => row.values['ItemNameTxt']);
      return { customers: parties.length, contracts: contracts.length, projects: rows('projects').filter((row) => numbers.includes(row.values['ProjectNumber'])).length };
    },
  },
  legacy: {
    hired: () => ({}), // everybody of the firm is there
    held(state, clientName) {
      const table = (name: string) => entries.parse(state[name] ?? []);
      const customers = table('customers').filter(({ fields }) => fields['name'] === clientName);
      const ofClient = (name: string) => table(name).filter(({ fields }) => customers.some(({ number }) => number === fields['customer_number'])).length;
      return { customers: customers.length, contracts: ofClient('contracts'), projects: ofClient('projects') };
    },
  },
};

export function sandboxDesk(erp: Exclude<ErpName, 'tryton'>, admin: Admin): ErpDesk {
  const desk = SANDBOX_DESKS[erp];
  return {
    async hire(email) {
      await admin.seed(desk.hired(email));
    },
    held: async (clientName) => desk.held(await admin.state(), clientName),
  };
}

/** An ERP that takes files, with an import job that looks for them every few milliseconds, and how the line is told where its folder is. */
export async function startLegacyErp(): Promise<{ readonly admin: Admin; readonly change: NonNullable<SandboxLineSettings['change']>; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'q2c-legacy-'));
  const erp = await startSandbox(legacy, { port: 0, options: { folder, lookEveryMs: 10, extractEveryMs: 500 } });
  const options = { lookEverySeconds: 0.02, waitSeconds: 5, retryAfterSeconds: 0.2, askAgainSeconds: 0.5 };
  return {
    admin: sandboxAdmin(() => erp.url),
    change: (config) => ({ ...config, systems: config.systems.map((system) => (system.id === 'legacy' ? { ...system, address: pathToFileURL(folder).href, options } : system)) }),
    async close() {
      await erp.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
