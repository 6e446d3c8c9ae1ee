/** What `POST TimeSheetEntryCollection` does: https://help.sap.com/saphelp_470/helpdata/en/05/4ff9426d0811d38e610000e81de309/content.htm (statuses), SAP note 3744148. */
import type { EntityType } from './field-specs.ts';
import { refused } from './errors.ts';
import { RELEASED } from './project-rules.ts';
import { CONFIGURED } from './reference-data.ts';
import { textOf, type Row, type System, type Value, type Values } from './system.ts';
import { initialValues, valuesIn } from './values.ts';
import { Decimal } from 'decimal.js';

const STATUS = { inProcess: '10', released: '20', approved: '30', cancelled: '60' } as const;

/** The record as the answer shows it; one that was not kept has no number. @throws Refusal */
export function recordTime(system: System, type: EntityType, body: Readonly<Record<string, unknown>>): Row {
  const given = valuesIn(type, body, 'create');
  const initial = initialValues(type);
  const values: Record<string, Value> = { ...initial, ...given, TimeSheetDataFields: { ...asObject(initial['TimeSheetDataFields']), ...asObject(given['TimeSheetDataFields']) } };
  const operation = textOf(values['TimeSheetOperation']);
  // Without an operation SAP answers 201 and does nothing.
  if (operation === '') return unkept(values);
  if (!['C', 'U', 'D'].includes(operation)) throw refused('CATS_XSS/010', `Operation ${operation} is not valid`);
  checkPerson(system, values);
  if (operation === 'C') {
    checkEntry(system, values);
    const number = String(system.nextNumber('time-record')).padStart(12, '0');
    const status = values['TimeSheetIsReleasedOnSave'] !== true ? STATUS.inProcess : system.timeApproval ? STATUS.released : STATUS.approved;
    if (values['TimeSheetIsExecutedInTestRun'] === true) return unkept(values);
    return system.put(type.set, undefined, { ...values, TimeSheetRecord: number, TimeSheetStatus: status, TimeSheetOperation: '' });
  }
  const row = system.byKey(type.set, values);
  if (row === undefined || row.values['TimeSheetStatus'] === STATUS.cancelled) throw refused('LR/013', `Time sheet record ${textOf(values['TimeSheetRecord'])} does not exist`);
  if (values['TimeSheetIsExecutedInTestRun'] === true) return row;
  if (operation === 'U') throw refused('CATS_XSS/011', 'The sandbox does not change entries: nothing of ours does');
  if (row.values['TimeSheetStatus'] === STATUS.approved) return system.put(type.set, row, { ...row.values, TimeSheetStatus: STATUS.cancelled });
  system.remove(type.set, row);
  return row;
}

function unkept(values: Values): Row {
  return { id: '0', version: 1, values: { ...values, TimeSheetRecord: '' } };
}

function checkPerson(system: System, values: Values): void {
  if (system.byKey('YY1_Q2CPEOPLE', values) === undefined) throw refused('CATS_XSS/001', `Person work agreement ${textOf(values['PersonWorkAgreementExternalID'])} does not exist in company code ${textOf(values['CompanyCode'])}`);
}

function checkEntry(system: System, values: Values): void {
  const fields = asObject(values['TimeSheetDataFields']);
  if (values['TimeSheetDate'] === null) throw refused('CATS_XSS/002', 'Enter a date: field TimeSheetDate is required');
  if (!CONFIGURED.activityTypes.has(textOf(fields['ActivityType']))) throw refused('KL/023', `Activity type ${textOf(fields['ActivityType'])} does not exist in controlling area ${textOf(fields['ControllingArea'])}`);
  if (!CONFIGURED.billingControlCategories.has(textOf(fields['BillingControlCategory']))) throw refused('CATS_XSS/004', `Billing control category ${textOf(fields['BillingControlCategory'])} does not exist`);
  const hours = new Decimal(textOf(fields['RecordedHours']) || '0');
  if (hours.lessThanOrEqualTo(0) || hours.greaterThan(24)) throw refused('LR/021', `${hours.toFixed()} hours cannot be recorded: enter more than 0 and at most 24`);
  const element = textOf(fields['WBSElement']);
  const [row] = system.having('A_EnterpriseProjectElement', 'ProjectElement', element);
  if (row === undefined) throw refused('CJ/021', `WBS element ${element} does not exist`);
  const project = system.byKey('A_EnterpriseProject', { ProjectUUID: row.values['ProjectUUID'] ?? '' });
  if (project?.values['ProcessingStatus'] !== RELEASED) throw refused('BS/013', `Time recording is not allowed on ${element} in the processing status ${textOf(project?.values['ProcessingStatus'])}`);
}

function asObject(value: Value | undefined): { readonly [field: string]: Value } {
  return typeof value === 'object' && value !== null ? value : {};
}
