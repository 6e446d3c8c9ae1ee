import { SystemFailure } from '../../domain/failure.ts';
import type { ProjectStatus } from '../../domain/model/project.ts';
import { decimalText, minorDigits, type Money } from '../../domain/money.ts';
import { exactNumber } from '../exact-number.ts';
import type { Found } from '../ports.ts';
import type { RecordName } from './client.ts';
import type { NetSuiteOptions } from './options.ts';

/** References of NetSuite records, from the options and the identity map. All throw SystemFailure where one is missing. */
export interface NetSuiteReferences {
  subsidiary(legalEntity: string, object: string): Ref;
  currency(code: string, object: string): Ref;
  item(serviceLine: string, object: string): Ref;
  /** Undefined where the options name none for so many days. */
  term(days: number): Ref | undefined;
  status(status: ProjectStatus): Ref;
  /** A record made before, by the identity map. */
  known(references: Readonly<Record<string, string>>, canonicalId: string, what: string, object: string): Ref;
  found(record: RecordName, id: string): Found;
  /** An amount as NetSuite keeps it: its currencies have no or two decimals. */
  amount(value: Money, object: string): unknown;
}

export interface Ref {
  readonly id: string;
}

const PAGES: Readonly<Partial<Record<RecordName, string>>> = {
  customer: '/app/common/entity/custjob.nl',
  job: '/app/accounting/project/project.nl',
  salesOrder: '/app/accounting/transactions/salesord.nl',
  expenseReport: '/app/accounting/transactions/exprept.nl',
  journalEntry: '/app/accounting/transactions/journal.nl',
  timeBill: '/app/accounting/transactions/timebill.nl',
  invoice: '/app/accounting/transactions/custinvc.nl',
  creditMemo: '/app/accounting/transactions/custcred.nl',
  billingSchedule: '/app/accounting/otherlists/billingschedule.nl',
};

export function createReferences(system: string, options: NetSuiteOptions, peopleUrl: string): NetSuiteReferences {
  const mapped = (group: 'subsidiaries' | 'currencies' | 'items', code: string, what: string, object: string): Ref => {
    const id = options[group][code];
    if (id !== undefined) return { id };
    throw new SystemFailure({
      kind: 'configuration', code: 'NETSUITE_MAPPING_MISSING', system, object, written: 'no',
      message: `The options of ${system} name no NetSuite ${what} for ${code}, which ${object} needs.`,
      mend: `Add its internal ID as ${group}.${code} to the options of ${system} in config/systems.yaml, then retry.`,
    });
  };
  return {
    subsidiary: (legalEntity, object) => mapped('subsidiaries', legalEntity, 'subsidiary', object),
    currency: (code, object) => mapped('currencies', code, 'currency', object),
    item: (serviceLine, object) => mapped('items', serviceLine, 'service item', object),
    term: (days) => {
      const id = options.paymentTerms[String(days)];
      return id === undefined ? undefined : { id };
    },
    status: (status) => ({ id: options.projectStatuses[status] }),
    known(references, canonicalId, what, object) {
      const id = references[canonicalId];
      if (id !== undefined) return { id };
      throw new SystemFailure({ kind: 'contract', code: 'NETSUITE_REFERENCE_MISSING', system, object, written: 'no', message: `The ${what} ${canonicalId} of ${object} has no ID in NetSuite.`, mend: `Run the step that makes the ${what} first, then retry.` });
    },
    found(record, id) {
      const page = PAGES[record];
      return { externalId: id, url: page === undefined ? null : `${peopleUrl}${page}?id=${id}` };
    },
    amount(value, object) {
      const exact = decimalText(value.amount);
      const decimals = exact.split('.')[1]?.length ?? 0;
      if (decimals <= Math.min(minorDigits(value.currency), 2)) return exactNumber(exact);
      throw new SystemFailure({
        kind: 'business_rule', code: 'NETSUITE_PRECISION', system, object, written: 'no',
        message: `NetSuite keeps at most ${Math.min(minorDigits(value.currency), 2)} decimals of ${value.currency}, so ${value.amount} of ${object} would be rounded.`,
        mend: 'Agree amounts that NetSuite can keep, or route this legal entity to another ERP, then retry.',
      });
    },
  };
}

/** Cuts a text to what a field takes; the whole text then stands in the comments. */
export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
