import { z } from 'zod';
import type { BillingItem, BillingSchedule } from '../../domain/model/billing.ts';
import type { Project } from '../../domain/model/project.ts';
import { exactNumber } from '../exact-number.ts';
import type { RecordPort, WithReferences } from '../ports.ts';
import type { Change } from './batch.ts';
import type { About, Dataverse } from './client.ts';
import { CONTRACT_LINES, contractLineIdOf } from './contract.ts';
import { idOf, isOurs } from './ids.ts';
import type { Names } from './names.ts';
import { cut, noon, reference } from './odata.ts';
import { shifted } from './rate-card.ts';

type Document = { readonly project: Project; readonly schedule: BillingSchedule };

const MILESTONES = 'msdyn_contractlinescheduleofvalues';
const RUNS = 'msdyn_contractlineinvoiceschedules';
/** From here on a milestone is on an invoice, a run has been made. */
const ON_INVOICE = 192_350_002;
const NOT_RUN = 192_350_000;
const milestoneRow = z.object({ msdyn_contractlinescheduleofvalueid: z.string(), msdyn_invoicestatus: z.coerce.number().nullish() });
const runRow = z.object({ msdyn_contractlineinvoicescheduleid: z.string(), msdyn_invoicerunstatus: z.coerce.number().nullish() });

interface Entry {
  readonly set: string;
  readonly id: string;
  readonly isDone: boolean;
}

const label = ({ project }: Document) => `billing schedule of ${project.number}`;

/**
 * Amounts are milestones of the contract line (fixed price); billing by the hour is a run of invoicing, the day after the last day of the work that it bills. What is
 * on an invoice already stays as it is. The schedule is known by the contract line it belongs to.
 */
export function createBillingSchedulePort(dataverse: Dataverse, names: Names): RecordPort<WithReferences<Document>> {
  const lineOf = ({ project }: Document) => contractLineIdOf(project.contractId, project.number);

  async function entriesOf(line: string, about: About): Promise<Entry[]> {
    const milestones = await dataverse.list(MILESTONES, { filter: `_msdyn_contractlineid_value eq ${line}`, select: ['msdyn_contractlinescheduleofvalueid', 'msdyn_invoicestatus'] }, milestoneRow, about);
    const runs = await dataverse.list(RUNS, { filter: `_msdyn_contractlineid_value eq ${line}`, select: ['msdyn_contractlineinvoicescheduleid', 'msdyn_invoicerunstatus'] }, runRow, about);
    return [
      ...milestones.map((row) => ({ set: MILESTONES, id: row.msdyn_contractlinescheduleofvalueid.toLowerCase(), isDone: Number(row.msdyn_invoicestatus ?? 0) >= ON_INVOICE })),
      ...runs.map((row) => ({ set: RUNS, id: row.msdyn_contractlineinvoicescheduleid.toLowerCase(), isDone: Number(row.msdyn_invoicerunstatus ?? NOT_RUN) !== NOT_RUN })),
    ].filter(({ id }) => isOurs(id));
  }

  const found = (line: string) => names.found('salesorderdetail', line);

  return {
    lookUp: 'key',
    async find({ document }, context) {
      const line = lineOf(document);
      return (await entriesOf(line, { object: label(document), context })).length === 0 ? null : found(line);
    },
    async write({ document, references: known }, _existing, context) {
      const about: About = { object: label(document), context };
      const { project, schedule } = document;
      const contract = names.known(known.contracts, project.contractId, 'contract', about.object);
      const projectId = names.known(known.projects, project.id, 'project', about.object);
      const line = lineOf(document);
      const before = await entriesOf(line, about);
      const currency = reference('transactioncurrencies', await names.currency(schedule.currency, about));
      const changes: Change[] = [];
      for (const item of schedule.items) {
        const set = item.amount === null ? RUNS : MILESTONES;
        const id = idOf(item.amount === null ? 'invoice-run' : 'milestone', line, String(item.sequence));
        const stands = before.find((entry) => entry.id === id);
        if (stands?.isDone === true) continue;
        const body = item.amount === null ? runOf(item) : milestoneOf(item, item.amount.amount);
        const links = { 'msdyn_ContractLineId@odata.bind': reference(CONTRACT_LINES, line), ...(set === RUNS ? {} : { 'msdyn_contract@odata.bind': reference('salesorders', contract), 'msdyn_project@odata.bind': reference('msdyn_projects', projectId), 'transactioncurrencyid@odata.bind': currency }) };
        changes.push(stands === undefined ? { kind: 'create', set, id, body: { ...body, ...links } } : { kind: 'update', set, id, body });
      }
      const wanted = new Set(schedule.items.map((item) => idOf(item.amount === null ? 'invoice-run' : 'milestone', line, String(item.sequence))));
      changes.push(...before.filter((entry) => !wanted.has(entry.id) && !entry.isDone).map(({ set, id }): Change => ({ kind: 'delete', set, id })));
      await dataverse.change(changes, about);
      return { ...found(line), created: before.length === 0 };
    },
    async undo({ document: { document }, externalId, created }, context) {
      const about: About = { object: label(document), context };
      if (!created) return { how: 'kept', detail: `the ${about.object} stood before this deal` };
      const entries = await entriesOf(externalId, about);
      if (entries.length === 0) return { how: 'not_found', detail: `the ${about.object} is not in Project Operations` };
      const open = entries.filter((entry) => !entry.isDone);
      await dataverse.change(open.map(({ set, id }): Change => ({ kind: 'delete', set, id })), about);
      return open.length === entries.length
        ? { how: 'deleted', detail: `the ${about.object} was deleted from Project Operations` }
        : { how: 'cancelled', detail: `what is not invoiced of the ${about.object} was deleted from Project Operations; ${entries.length - open.length} entries are on invoices and stay` };
    },
  };
}

function milestoneOf(item: BillingItem, amount: string): object {
  return { msdyn_name: cut(item.description, 100), msdyn_description: cut(item.description, 100), msdyn_amount: exactNumber(amount), msdyn_invoicedate: noon(item.billOn) };
}

function runOf(item: BillingItem): object {
  return { msdyn_name: cut(item.description, 100), msdyn_transactioncutoffdate: noon(item.billOn), msdyn_invoicerundate: noon(shifted(item.billOn, 1)) };
}
