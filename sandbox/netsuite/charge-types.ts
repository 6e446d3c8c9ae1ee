/**
 * The charge of charge-based billing: one amount that a client has to pay.
 * REST: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_159310901448.html (`stage` by its enumeration, `chargeType` by its internal ID).
 * Fields, and that billTo, chargeDate and chargeType are required: SOAP schema, Browser2020_1/schema/record/charge.html; that rate and quantity are as well:
 * SuiteScript, Browser2016_1/script/record/charge.html. Columns in SuiteQL: the same and `subsidiary`, as CData lists them (pg_SuiteQLtable-charge.htm).
 */
import { choice, date, datetime, number, readOnly, reference, text, type RecordType } from './field-types.ts';

/** READY_FOR_BILLING is in Oracle's sample; the IDs of the others, whose names are those of SOAP's ChargeStage, are (unverified). */
export const CHARGE_STAGES = { HOLD: 'Hold', NON_BILLABLE: 'Non-Billable', READY_FOR_BILLING: 'Ready', PROCESSED: 'Processed' } as const;

/** -19 is in Oracle's sample, without a name; the others as scripts of NetSuite's users have them. */
const CHARGE_TYPES = { '-10': 'Fixed Date', '-13': 'Time-Based', '-19': 'Charge', '-98': 'Expense-Based' } as const;

export const charge: RecordType = {
  name: 'charge',
  label: 'charge',
  sequence: 'charge',
  firstId: 1,
  required: ['billTo', 'stage', 'chargeDate', 'chargeType', 'rate', 'quantity'],
  nameField: 'description',
  fields: {
    createdDate: readOnly(datetime('Date Created')),
    externalId: text('External ID', 255, 'externalId'),
    billTo: reference('Customer:Project', 'job', 'customer'),
    stage: choice('Stage', CHARGE_STAGES),
    use: choice('Use', { Actual: 'Actual', Forecast: 'Forecast' }),
    chargeDate: date('Date'),
    chargeType: choice('Charge Type', CHARGE_TYPES),
    billingItem: reference('Item', 'serviceSaleItem'),
    projectTask: reference('Project Task', 'projectTask'),
    timeRecord: reference('Time Entry', 'timeBill'),
    salesOrder: reference('Sales Order', 'salesOrder'),
    description: text('Description', 4000),
    quantity: number('Quantity'),
    rate: number('Rate'),
    amount: number('Amount'),
    currency: reference('Currency', 'currency'),
    department: reference('Department', 'department'),
    subsidiary: readOnly(reference('Subsidiary', 'subsidiary')),
    invoice: readOnly(reference('Invoice', 'invoice')),
    invoiceLine: readOnly(text('Invoice Line', 20)),
    runId: readOnly(text('Charge Run ID', 40)),
  },
};
