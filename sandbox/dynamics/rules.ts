/** What the tables' own rules refuse. Texts of the Infolog: sandbox/dynamics/errors.ts; those that name journals, stages and integration are (unverified). */
import { columnOf, TABLES, type EntityType, type TableName } from './entity-types.ts';
import { folded, type Environment, type Row, type Values } from './environment.ts';
import { deleteRefused, writeRefused } from './errors.ts';

export interface RuleContext {
  readonly environment: Environment;
  readonly integratedCompanies: readonly string[];
}

/** @throws Refusal */
export function checkWrite({ environment, integratedCompanies }: RuleContext, entity: EntityType, values: Values): void {
  const company = String(values['dataareaid'] ?? '');
  if (entity.fields['dataAreaId'] !== undefined && environment.byKey('CompanyInfo', [company]) === undefined) throw writeRefused(entity.dataEntity, [`Error: The company '${company}' does not exist or you do not have access to it`]);
  if (entity.integrated === true && !integratedCompanies.includes(company.toLowerCase())) throw writeRefused(entity.dataEntity, [`Error: Legal entity '${company}' has not turned on Project Operations Integration`]);
  for (const [field, spec] of Object.entries(entity.fields)) {
    const value = values[columnOf(field, spec)] ?? '';
    const label = spec.label ?? field;
    if (spec.required === true && value === '') throw writeRefused(entity.dataEntity, [`Error: Field '${label}' must be filled in`, `Warning: validateField failed on field '${entity.dataEntity}.${field}'`]);
    if (spec.to === undefined || value === '') continue;
    const { keys } = TABLES[spec.to.table];
    if (environment.byKey(spec.to.table, keys.length === 1 ? [value] : [company, value]) === undefined) {
      throw writeRefused(entity.dataEntity, [`Warning: The value '${value}' in field '${label}' is not found in the related table '${spec.to.label}'`, `Warning: validateField failed on field '${entity.dataEntity}.${field}'`]);
    }
  }
  TABLE_RULES[entity.table]?.(environment, entity, values);
}

type Rule = (environment: Environment, entity: EntityType, values: Values) => void;

const TABLE_RULES: Readonly<Partial<Record<TableName, Rule>>> = {
  ProjTasks(environment, entity, values) {
    const parent = values['parenttaskelementid'] ?? '';
    const siblings = environment.having('ProjTasks', 'projectid', values['projectid'] ?? '').filter((row) => row.values['dataareaid'] === values['dataareaid']);
    if (parent !== '' && !siblings.some((row) => row.values['taskelementid'] === parent)) throw writeRefused(entity.dataEntity, [`Error: The parent task ${parent} is not a task of the project`]);
    const twin = environment.having('ProjTasks', 'taskid', values['taskid'] ?? '').find((row) => row.values['dataareaid'] === values['dataareaid'] && row.values['projectid'] !== values['projectid']);
    if (twin !== undefined) throw writeRefused(entity.dataEntity, [`Info: Cannot create a record in ${TABLES.ProjTasks.label}. Activity number: ${values['taskid'] ?? ''}.\nThe record already exists.`]);
  },
  ProjJournalTrans(environment, entity, values) {
    const company = values['dataareaid'] ?? '';
    const journal = environment.byKey('ProjJournalTable', [company, values['journalid'] ?? '']);
    if (journal?.values['posted'] === 'Yes') throw writeRefused(entity.dataEntity, [`Error: Journal ${values['journalid'] ?? ''} has been posted`]);
    const project = environment.byKey('ProjTable', [company, values['projectid'] ?? '']);
    if (project?.values['projectstage'] !== 'InProcess') throw writeRefused(entity.dataEntity, [`Error: Hour journals are not allowed for project ${values['projectid'] ?? ''} in the stage ${project?.values['projectstage'] ?? ''}`]);
    if (environment.byKey('ResourceView', [values['resourceid'] ?? '', values['resourcecompanyid'] ?? '']) === undefined) throw writeRefused(entity.dataEntity, [`Warning: The value '${values['resourceid'] ?? ''}' in field 'Resource' is not found in the related table 'Resources'`]);
    const activity = values['activitynumber'] ?? '';
    if (activity !== '' && environment.byKey('ProjTasks', [company, values['projectid'] ?? '', activity]) === undefined) throw writeRefused(entity.dataEntity, [`Warning: The value '${activity}' in field 'Activity number' is not found in the related table 'Activities'`]);
  },
};

/** @throws Refusal where something refers to the row */
export function checkDelete(environment: Environment, entity: EntityType, row: Row): void {
  const { values } = row;
  const inCompany = (rows: readonly Row[]) => rows.some((other) => folded(other.values['dataareaid'] ?? '') === folded(values['dataareaid'] ?? '') && other.recId !== row.recId);
  const used = (table: TableName, column: string, value: string) => inCompany(environment.having(table, column, values[value] ?? ''));
  const inUse: Readonly<Partial<Record<TableName, () => boolean>>> = {
    CustTable: () => used('ProjTable', 'customeraccount', 'customeraccount') || used('ProjFundingSource', 'customeraccount', 'customeraccount'),
    ProjInvoiceTable: () => used('ProjTable', 'projectcontractid', 'projectcontractid') || used('ProjFundingSource', 'projectcontractid', 'projectcontractid'),
    ProjTable: () => used('ProjJournalTrans', 'projectid', 'projectid') || used('ProjTasks', 'projectid', 'projectid'),
    ProjTasks: () => used('ProjJournalTrans', 'activitynumber', 'taskid') || inCompany(environment.having('ProjTasks', 'projectid', values['projectid'] ?? '').filter((task) => task.values['parenttaskelementid'] === values['taskelementid'])),
    ProjJournalTable: () => values['posted'] === 'Yes',
    ProjJournalTrans: () => environment.byKey('ProjJournalTable', [values['dataareaid'] ?? '', values['journalid'] ?? ''])?.values['posted'] === 'Yes',
  };
  if (inUse[entity.table]?.() === true) throw deleteRefused(entity.dataEntity, TABLES[entity.table].label);
}
