/**
 * The tables of SuiteQL: most are one record type, `transaction` has all transactions, and `nexttransactionlinelink` what pays what.
 * The link's columns as queries of others use them (previousDoc the invoice, nextDoc the payment, foreignAmount, linkType 'Payment').
 */
import type { Account } from './account.ts';
import type { RecordType, RecordTypeName, StoredRecord } from './field-types.ts';
import { appliedBy } from './receivable-rules.ts';
import { RECORD_TYPES } from './record-types.ts';
import { columnsOf, constant, type Column, type Columns } from './suiteql-columns.ts';

export interface Table {
  readonly columns: Columns;
  /** At least those rows for which each column is one of the wanted values, if any are. */
  records(wanted: (column: string) => readonly string[] | undefined): StoredRecord[];
}

const TABLES: Readonly<Record<string, RecordTypeName>> = {
  customer: 'customer',
  job: 'job',
  projecttask: 'projectTask',
  employee: 'employee',
  department: 'department',
  timebill: 'timeBill',
  charge: 'charge',
  expensecategory: 'expenseCategory',
  account: 'account',
  billingschedule: 'billingSchedule',
  customersubsidiaryrelationship: 'customerSubsidiaryRelationship',
  customrecord_q2c_rate_card: 'customrecord_q2c_rate_card',
  customrecord_q2c_rate_line: 'customrecord_q2c_rate_line',
  subsidiary: 'subsidiary',
  currency: 'currency',
  item: 'serviceSaleItem',
  term: 'term',
};

const TRANSACTIONS = [
  ['salesOrder', 'SalesOrd'],
  ['invoice', 'CustInvc'],
  ['creditMemo', 'CustCred'],
  ['customerPayment', 'CustPymt'],
  ['customerRefund', 'CustRfnd'],
  ['expenseReport', 'ExpRept'],
  ['journalEntry', 'Journal'],
] as const satisfies readonly (readonly [RecordTypeName, string])[];

export function tableOf(account: Account, name: string): Table | undefined {
  if (name === 'transaction') return transactions(account);
  if (name === 'nexttransactionlinelink') return links(account);
  const typeName = TABLES[name];
  if (typeName === undefined) return undefined;
  const type = RECORD_TYPES[typeName];
  return { columns: columnsOf(type), records: (wanted) => candidatesOf(account, type, wanted) };
}

function transactions(account: Account): Table {
  const codes = new WeakMap<StoredRecord, string>();
  const columns = new Map<string, Column>([...TRANSACTIONS].reverse().flatMap(([name]) => [...columnsOf(RECORD_TYPES[name])]));
  columns.set('type', constant((record) => codes.get(record)));
  return {
    columns,
    records(wanted) {
      const types = wanted('type');
      return TRANSACTIONS.filter(([, code]) => types === undefined || types.includes(code)).flatMap(([name, code]) => {
        const records = candidatesOf(account, RECORD_TYPES[name], wanted);
        for (const record of records) codes.set(record, code);
        return records;
      });
    },
  };
}

const LINK_COLUMNS = ['previousdoc', 'previoustype', 'nextdoc', 'nexttype', 'linktype', 'foreignamount'] as const;

function links(account: Account): Table {
  const column = (name: string): Column => ({ value: (record) => record.fields[name], text: (record) => String(record.fields[name] ?? '') });
  return {
    columns: new Map(LINK_COLUMNS.map((name) => [name, column(name)])),
    records(wanted) {
      const ids = wanted('nextdoc');
      return (['customerPayment', 'creditMemo'] as const).flatMap((name) => {
        const paying = ids === undefined ? account.records(name).all() : ids.flatMap((id) => account.records(name).get(id) ?? []);
        return paying.flatMap((record) =>
          [...appliedBy(record.fields)].map(([invoice, amount]): StoredRecord => ({
            id: `${record.id}-${invoice}`,
            fields: { previousdoc: invoice, previoustype: 'CustInvc', nextdoc: record.id, nexttype: name === 'creditMemo' ? 'CustCred' : 'CustPymt', linktype: 'Payment', foreignamount: amount.toNumber() },
          })),
        );
      });
    },
  };
}

/** What must be equal to the ID, the external ID, a unique or indexed text, or an indexed reference is answered by index. */
function candidatesOf(account: Account, type: RecordType, wanted: (column: string) => readonly string[] | undefined): StoredRecord[] {
  const { uniqueField, indexedField } = type;
  const byText = (field: string | undefined, look: (value: string) => StoredRecord[]) => {
    const values = field === undefined ? undefined : wanted(field.toLowerCase());
    return values === undefined ? undefined : unlike(values.flatMap(look));
  };
  const byReference = () => {
    for (const field of Object.keys(type.fields)) {
      const values = account.isIndexed(type.name, field) ? wanted(field.toLowerCase()) : undefined;
      if (values !== undefined) return unlike(values.flatMap((value) => account.referring(type.name, field, value)));
    }
    return undefined;
  };
  const one = (record: StoredRecord | undefined) => (record === undefined ? [] : [record]);
  return (
    byText('id', (id) => one(account.records(type.name).get(id))) ??
    byText('externalId', (id) => one(account.byExternalId(type.name, id))) ??
    byText(uniqueField, (value) => account.byUniqueField(type, value)) ??
    byText(indexedField, (value) => account.byIndexedField(type, value)) ??
    byReference() ??
    account.records(type.name).all()
  );
}

const unlike = (records: readonly StoredRecord[]): StoredRecord[] => [...new Set(records)];
