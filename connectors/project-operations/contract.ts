import { Decimal } from 'decimal.js';
import { z } from 'zod';
import type { StatementOfWork } from '../../domain/model/statement-of-work.ts';
import { SystemFailure } from '../../domain/failure.ts';
import { decimalText } from '../../domain/money.ts';
import { exactNumber } from '../exact-number.ts';
import type { RecordPort, WithReferences } from '../ports.ts';
import type { Change } from './batch.ts';
import { isInUse } from './classify.ts';
import type { About, Dataverse } from './client.ts';
import { idOf, isOurs } from './ids.ts';
import type { Names } from './names.ts';
import { cut, noon, reference } from './odata.ts';

export const CONTRACTS = 'salesorders';
export const CONTRACT_LINES = 'salesorderdetails';
const WORK_BASED = 192_350_001;
const PROJECT_LINE = 690_970_000;
const WRITE_IN = { isproductoverridden: true, producttypecode: 5 };
/** msdyn_psastate from here on: active, closed. Such a contract can no longer be edited. */
const CONFIRMED = 192_350_002;
export const BILLING_METHOD = { timeAndMaterial: 192_350_000, fixedPrice: 192_350_001 } as const;

const contractRow = z.object({ salesorderid: z.string(), msdyn_psastate: z.coerce.number().nullish() });
const amountOf = z.union([z.number(), z.string()]).nullish().transform((value) => new Decimal(value ?? 0));
const lineRow = z.object({ salesorderdetailid: z.string(), priceperunit: amountOf, msdyn_billingmethod: z.coerce.number().nullish() });
type LineRow = z.infer<typeof lineRow>;
const LINE_COLUMNS = ['salesorderdetailid', 'priceperunit', 'msdyn_billingmethod'];

const label = (contract: StatementOfWork) => `contract ${contract.number}`;
export const contractIdOf = (canonicalId: string): string => idOf('contract', canonicalId);
/** Project Operations bills a project by one line of its contract for each kind of transaction: so there is one line for each project. */
export const contractLineIdOf = (contractId: string, projectNumber: string): string => idOf('contract-line', contractId, projectNumber);

export function billingMethodOf(method: StatementOfWork['lines'][number]['billingMethod']): number {
  return method === 'time_and_materials' || method === 'capped' ? BILLING_METHOD.timeAndMaterial : BILLING_METHOD.fixedPrice;
}

interface SoldProject {
  readonly id: string;
  readonly amount: Decimal;
  readonly billingMethod: number;
  readonly lines: StatementOfWork['lines'];
  readonly number: string;
}

/**
 * Statements of work are project contracts (orders of the type "Work based") in the state of a draft: people confirm them, since one that is confirmed takes no
 * change. Where it is confirmed and says what the document says, there is nothing to do; else the write is refused, in words.
 */
export function createContractPort(dataverse: Dataverse, names: Names): RecordPort<WithReferences<StatementOfWork>> {
  const read = (id: string, about: About) => dataverse.read(CONTRACTS, id, contractRow, ['msdyn_psastate'], about);
  const linesOf = async (id: string, about: About) => (await dataverse.list(CONTRACT_LINES, { filter: `_salesorderid_value eq ${id}`, select: LINE_COLUMNS }, lineRow, about)).filter((line) => isOurs(line.salesorderdetailid));

  const headOf = async (document: StatementOfWork, customer: string, about: About) => ({
    name: cut(`${document.number} (${document.type.replaceAll('_', ' ')})`, 300),
    requestdeliveryby: noon(document.endDate),
    description: cut([`Contract ${document.id} of the CRM, signed on ${document.signedOn}, from ${document.startDate} to ${document.endDate}, payable within ${document.paymentTermsDays} days.`, ...(document.purchaseOrder === null ? [] : [`Purchase order ${document.purchaseOrder}.`])].join('\n'), 2000),
    'customerid_account@odata.bind': reference('accounts', customer),
    'msdyn_ContractOrganizationalUnitId@odata.bind': reference('msdyn_organizationalunits', await names.organizationalUnit(document.legalEntity, about)),
  });
  const firstOf = async (document: StatementOfWork, about: About) => ({
    msdyn_ordertype: WORK_BASED,
    'transactioncurrencyid@odata.bind': reference('transactioncurrencies', await names.currency(document.currency, about)),
  });

  return {
    lookUp: 'key',
    async find({ document }, context) {
      const id = contractIdOf(document.id);
      return (await read(id, { object: label(document), context })) === null ? null : names.found('salesorder', id);
    },
    async write({ document, references: known }, existing, context) {
      const about: About = { object: label(document), context };
      const id = existing?.externalId ?? contractIdOf(document.id);
      const customer = names.known(known.customers, document.customerId, 'customer', about.object);
      const before = await read(id, about);
      const sold = soldProjects(document);
      const found = { ...names.found('salesorder', id), created: before === null };
      const lines = before === null ? [] : await linesOf(id, about);
      if (before !== null && Number(before.msdyn_psastate ?? 0) >= CONFIRMED) {
        if (says(lines, sold)) return found;
        throw confirmedFailure(dataverse.system, about.object);
      }
      const head = await headOf(document, customer, about);
      const changes: Change[] = [
        before === null ? { kind: 'create', set: CONTRACTS, id, body: { ...head, ...(await firstOf(document, about)) } } : { kind: 'update', set: CONTRACTS, id, body: head, version: before.etag },
        ...sold.map((each, index): Change => {
          const body = lineOf(each, index + 1);
          return lines.some((line) => line.salesorderdetailid.toLowerCase() === each.id)
            ? { kind: 'update', set: CONTRACT_LINES, id: each.id, body }
            : { kind: 'create', set: CONTRACT_LINES, id: each.id, body: { ...body, ...WRITE_IN, quantity: 1, msdyn_linetype: PROJECT_LINE, 'salesorderid@odata.bind': reference(CONTRACTS, id) } };
        }),
        ...lines.filter((line) => !sold.some((each) => each.id === line.salesorderdetailid.toLowerCase())).map((line): Change => ({ kind: 'delete', set: CONTRACT_LINES, id: line.salesorderdetailid })),
      ];
      await dataverse.change(changes, about);
      return found;
    },
    async undo({ document: { document }, externalId, created }, context) {
      const about: About = { object: label(document), context };
      if (!created) return { how: 'kept', detail: `${about.object} stood before this deal` };
      const before = await read(externalId, about);
      if (before === null) return { how: 'not_found', detail: `${about.object} is not in Project Operations` };
      const kept = { how: 'kept' as const, detail: `${about.object} is confirmed or used by projects in Project Operations: it stays until people close it as lost` };
      // Asked first: with a contract go its lines, price lists and milestones.
      if (Number(before.msdyn_psastate ?? 0) >= CONFIRMED || (await dataverse.any('msdyn_projects', `_msdyn_salesorderid_value eq ${externalId}`, 'msdyn_projectid', about))) return kept;
      try {
        await dataverse.change([{ kind: 'delete', set: CONTRACTS, id: externalId }], about);
        return { how: 'deleted', detail: `${about.object} was deleted from Project Operations` };
      } catch (error) {
        if (!isInUse(error)) throw error;
        return kept;
      }
    },
  };
}

function soldProjects(document: StatementOfWork): SoldProject[] {
  return [...Map.groupBy(document.lines, (line) => line.projectNumber)].map(([number, lines]) => ({
    id: contractLineIdOf(document.id, number),
    number,
    lines,
    amount: lines.reduce((sum, line) => sum.plus(line.amount.amount), new Decimal(0)),
    billingMethod: billingMethodOf(lines[0]?.billingMethod ?? 'time_and_materials'),
  }));
}

function lineOf({ number, lines, amount, billingMethod }: SoldProject, position: number): object {
  return {
    productdescription: cut(`${number}: ${lines.map((line) => line.description).join('; ')}`, 500),
    description: cut(lines.map((line) => `${line.description}: ${line.quantity} ${line.unit} at ${line.unitPrice}, ${line.amount.amount} ${line.amount.currency}.`).join('\n'), 2000),
    priceperunit: exactNumber(decimalText(amount)),
    lineitemnumber: position,
    msdyn_billingmethod: billingMethod,
    msdyn_includetime: true,
    msdyn_includeexpense: true,
    msdyn_includematerial: false,
    msdyn_includefee: false,
  };
}

/** The contract's lines are those that were sold, at their amounts. */
function says(lines: readonly LineRow[], sold: readonly SoldProject[]): boolean {
  return lines.length === sold.length && sold.every((each) => lines.some((line) => line.salesorderdetailid.toLowerCase() === each.id && line.priceperunit.equals(each.amount) && line.msdyn_billingmethod === each.billingMethod));
}

function confirmedFailure(system: string, object: string): SystemFailure {
  return new SystemFailure({
    kind: 'business_rule', code: 'PROJECT_OPERATIONS_CONTRACT_CONFIRMED', system, object, written: 'no',
    message: `The ${object} is confirmed in Project Operations and says something else than the deal; a confirmed contract takes no changes.`,
    mend: 'Enter what was added as a contract of its own in Project Operations, then override or abort here.',
  });
}
