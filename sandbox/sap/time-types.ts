import { code, decimal, field, text, type EntityType, type FieldSpec } from './field-specs.ts';

const NO_FILTER = { update: false, filter: false } as const;
const DATA_FIELDS: Readonly<Record<string, FieldSpec>> = {
  ControllingArea: code(4, NO_FILTER), SenderCostCenter: code(10, NO_FILTER), ReceiverCostCenter: code(10, NO_FILTER), InternalOrder: code(12, NO_FILTER), ActivityType: code(6, NO_FILTER), WBSElement: code(24, NO_FILTER), WorkItem: code(10, NO_FILTER),
  BillingControlCategory: code(8, NO_FILTER), PurchaseOrder: code(10, NO_FILTER), PurchaseOrderItem: code(5, NO_FILTER), TimeSheetTaskType: code(4, NO_FILTER), TimeSheetTaskLevel: code(8, NO_FILTER), TimeSheetTaskComponent: code(8, NO_FILTER), TimeSheetNote: text(100_000, NO_FILTER),
  RecordedHours: decimal(4, 2, NO_FILTER), RecordedQuantity: decimal(15, 3, NO_FILTER), HoursUnitOfMeasure: code(3, NO_FILTER), RejectionReason: code(4, NO_FILTER), TimeSheetWrkLocCode: code(4, NO_FILTER), TimeSheetOvertimeCategory: code(4, NO_FILTER),
};

/** API_MANAGE_WORKFORCE_TIMESHEET: the only operation is POST, whose `TimeSheetOperation` says what is meant. */
export const TIME_TYPES: readonly EntityType[] = [
  {
    set: 'TimeSheetEntryCollection', name: 'TimeSheetEntry', keys: ['PersonWorkAgreementExternalID', 'CompanyCode', 'TimeSheetRecord'], update: false, remove: false, indexed: ['PersonWorkAgreementExternalID', 'CompanyCode'],
    fields: {
      TimeSheetDataFields: { kind: 'complex', fields: DATA_FIELDS, filter: false, update: false }, PersonWorkAgreementExternalID: code(20, { update: false }), CompanyCode: code(4, { update: false }), TimeSheetRecord: code(12, { update: false }),
      PersonWorkAgreement: code(8, { update: false }), TimeSheetDate: field('date', { update: false }), TimeSheetIsReleasedOnSave: field('boolean', NO_FILTER), TimeSheetPredecessorRecord: code(12, NO_FILTER), TimeSheetStatus: code(2, { update: false }),
      TimeSheetIsExecutedInTestRun: field('boolean', NO_FILTER), TimeSheetOperation: code(1, NO_FILTER),
    },
  },
];
