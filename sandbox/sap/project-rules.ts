import { randomUUID } from 'node:crypto';
import { typeOf } from './entity-types.ts';
import { noSuchRecord, refused } from './errors.ts';
import { among, required } from './partner-rules.ts';
import { companyOfCostCenter, CONFIGURED } from './reference-data.ts';
import type { Rules } from './rules.ts';
import { textOf, type Row, type System, type Value, type Values } from './system.ts';
import { initialValues } from './values.ts';

const NONE = '00000000-0000-0000-0000-000000000000';
export const CREATED = '00';
export const RELEASED = '10';
export const CLOSED = '42';

/** Processing statuses and which follow which are (unverified): connectors/sap/README.md. */
const FOLLOWING: Readonly<Record<string, readonly string[]>> = { [CREATED]: [RELEASED, CLOSED], [RELEASED]: [CLOSED], [CLOSED]: [RELEASED] };

export const PROJECT_RULES: Readonly<Record<string, Rules>> = {
  A_EnterpriseProject: {
    create(system, values, user) {
      const project = required(values, 'Project', 'Project');
      for (const [field, label] of [['ProjectDescription', 'Project description'], ['ProjectStartDate', 'Planned start'], ['ProjectEndDate', 'Planned finish'], ['ResponsibleCostCenter', 'Responsible cost center']] as const) required(values, field, label);
      checkDates(values, 'ProjectStartDate', 'ProjectEndDate');
      among(CONFIGURED.projectProfiles, values, 'ProjectProfileCode', 'Project profile');
      among(CONFIGURED.costCenters, values, 'ResponsibleCostCenter', 'Cost center');
      among(CONFIGURED.profitCenters, values, 'ProfitCenter', 'Profit center');
      among(CONFIGURED.currencies, values, 'ProjectCurrency', 'Currency');
      if (system.having('A_EnterpriseProject', 'Project', project).length > 0) throw refused('/S4PPM/CRUD/101', `Project ${project} already exists`);
      const uuid = randomUUID();
      Object.assign(values, { ProjectUUID: uuid, ProjectInternalID: String(system.nextNumber('project')).padStart(8, '0'), ProcessingStatus: CREATED, CompanyCode: companyOfCostCenter(textOf(values['ResponsibleCostCenter'])), LastChangeDateTime: system.now().toISOString(), LastChangedByUser: user });
      system.put('A_EnterpriseProjectElement', undefined, {
        ...initialValues(typeOf('A_EnterpriseProjectElement')), ProjectElementUUID: uuid, ProjectUUID: uuid, ParentObjectUUID: NONE, ProjectElement: project, ProjectElementDescription: values['ProjectDescription'] ?? '', ProcessingStatus: CREATED, CreatedByUser: user,
        PlannedStartDate: values['ProjectStartDate'] ?? null, PlannedEndDate: values['ProjectEndDate'] ?? null,
      });
    },
    change(_system, values) {
      checkDates(values, 'ProjectStartDate', 'ProjectEndDate');
    },
    remove(system, row) {
      const elements = system.having('A_EnterpriseProjectElement', 'ProjectUUID', row.values['ProjectUUID'] ?? '');
      if (elements.some((element) => isUsed(system, element))) throw refused('/S4PPM/CRUD/210', `Project ${textOf(row.values['Project'])} cannot be deleted: postings or assignments exist`);
      for (const element of elements) system.remove('A_EnterpriseProjectElement', element);
    },
  },
  A_EnterpriseProjectElement: {
    create(system, values, user) {
      const element = required(values, 'ProjectElement', 'Project element');
      required(values, 'ProjectElementDescription', 'Description of the project element');
      checkDates(values, 'PlannedStartDate', 'PlannedEndDate');
      place(system, values);
      if (system.having('A_EnterpriseProjectElement', 'ProjectElement', element).length > 0) throw refused('/S4PPM/CRUD/102', `Project element ${element} already exists`);
      Object.assign(values, { ProjectElementUUID: randomUUID(), ProcessingStatus: CREATED, CreatedByUser: user, CreationDateTime: system.now().toISOString(), WBSElementInternalID: String(system.nextNumber('wbs')).padStart(8, '0') });
    },
    change(_system, values, before) {
      if (isRoot(before)) throw refused('/S4PPM/CRUD/377', 'Use the Project entity to update the project definition.');
      checkDates(values, 'PlannedStartDate', 'PlannedEndDate');
    },
    remove(system, row) {
      if (isRoot(row)) throw refused('/S4PPM/CRUD/377', 'Use the Project entity to update the project definition.');
      removeBelow(system, row);
    },
  },
};

/** Where a new element stands: below its project's own element, or below another. */
function place(system: System, values: Record<string, Value>): void {
  const parent = values['ParentObjectUUID'] ?? values['ProjectUUID'] ?? '';
  const row = system.byKey('A_EnterpriseProjectElement', { ProjectElementUUID: parent });
  if (row === undefined) throw noSuchRecord('A_EnterpriseProjectElementType');
  Object.assign(values, { ParentObjectUUID: parent, ProjectUUID: row.values['ProjectUUID'] ?? null });
}

function removeBelow(system: System, row: Row): void {
  if (isUsed(system, row)) throw refused('/S4PPM/CRUD/211', `Project element ${textOf(row.values['ProjectElement'])} cannot be deleted: postings or assignments exist`);
  for (const child of system.having('A_EnterpriseProjectElement', 'ParentObjectUUID', row.values['ProjectElementUUID'] ?? '')) {
    removeBelow(system, child);
    system.remove('A_EnterpriseProjectElement', child);
  }
}

function isRoot(row: Row): boolean {
  return row.values['ParentObjectUUID'] === NONE;
}

function isUsed(system: System, row: Row): boolean {
  const element = row.values['ProjectElement'] ?? '';
  const isOn = ({ values }: Row) => {
    const fields = values['TimeSheetDataFields'];
    return typeof fields === 'object' && fields !== null && fields['WBSElement'] === element;
  };
  return system.having('A_SalesOrderItem', 'WBSElement', element).length > 0 || system.rows('TimeSheetEntryCollection').find(isOn) !== undefined;
}

function checkDates(values: Values, from: string, to: string): void {
  const [start, end] = [textOf(values[from]), textOf(values[to])];
  if (start !== '' && end !== '' && start > end) throw refused('/S4PPM/CRUD/120', `The start ${start} must not be after the finish ${end}`);
}

/** @throws Refusal where the status does not follow the one before */
export function follow(before: string, status: string): void {
  if (FOLLOWING[status] === undefined) throw refused('/S4PPM/CRUD/130', `Processing status ${status} does not exist`);
  if (before !== status && FOLLOWING[before]?.includes(status) !== true) throw refused('/S4PPM/CRUD/131', `Processing status ${status} must not be set after ${before}`);
}
