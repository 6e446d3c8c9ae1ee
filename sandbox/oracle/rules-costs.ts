import { z } from 'zod';
import type { Database, Row, Values } from './database.ts';
import { badRequest, invalid } from './errors.ts';

const FLEXFIELDS = 'ProjectStandardCostCollectionFlexfields';
const collected = z.looseObject({ _EXPENDITURE_ITEM_DATE: z.string().nullish(), _PROJECT_ID_Display: z.string().nullish(), _TASK_ID_Display: z.string().nullish(), _EXPENDITURE_TYPE_ID_Display: z.string().nullish(), _ORGANIZATION_ID_Display: z.string().nullish() });

/** The attributes that a cost shows come from its standard cost collection. @throws Refusal */
export function deriveCost(values: Values, children: ReadonlyMap<string, readonly unknown[]>): Values {
  const items = children.get(FLEXFIELDS) ?? [];
  if (items.length !== 1) throw badRequest(`You must provide one ${FLEXFIELDS} with project, task, date, expenditure type and organization.`);
  const parsed = collected.safeParse(items[0]);
  if (!parsed.success) throw badRequest(`The ${FLEXFIELDS} can't be read.`);
  const { data } = parsed;
  return {
    ...values, StatusCode: 'P',
    ProjectNumber: data._PROJECT_ID_Display ?? null, TaskNumber: data._TASK_ID_Display ?? null, ExpenditureItemDate: data._EXPENDITURE_ITEM_DATE ?? null,
    ExpenditureType: data._EXPENDITURE_TYPE_ID_Display ?? null, ExpenditureOrganization: data._ORGANIZATION_ID_Display ?? null,
  };
}

/** @throws Refusal */
export function checkCost({ database }: { readonly database: Database }, values: Values): void {
  const source = database.setUp('transactionSources', values['TransactionSource'] ?? null);
  const document = database.setUp('documents', `${String(values['TransactionSource'])}/${String(values['Document'])}/${String(values['DocumentEntry'])}`);
  if (source === undefined || document === undefined) throw invalid(`The value of the attribute DocumentEntry isn't valid: ${String(values['DocumentEntry'])}.`, 'DocumentEntry');
  const hasCost = (values['RawCostInTransactionCurrency'] ?? null) !== null;
  if (document['costed'] !== hasCost) throw invalid(hasCost ? 'You must not provide raw costs: the document entry is uncosted.' : 'You must provide raw costs: the document entry is costed.', 'RawCostInTransactionCurrency');
  const email = values['Email'] ?? null;
  if (database.having('projectEnterpriseResources', 'ResourceEmail', email).length === 0) throw invalid(`The value of the attribute Email isn't valid: ${String(email)}.`, 'Email');
  const [project] = database.having('projects', 'ProjectNumber', values['ProjectNumber'] ?? null);
  if (project === undefined) throw invalid(`The value of the attribute _PROJECT_ID_Display isn't valid: ${String(values['ProjectNumber'])}.`, '_PROJECT_ID_Display');
  const status = database.setUp('projectStatuses', project.values['ProjectStatusCode'] ?? null);
  if (status?.['takesCosts'] !== true) throw badRequest(`You can't create costs for the project ${String(values['ProjectNumber'])} in the status ${String(project.values['ProjectStatusCode'])}.`);
  checkTask(database, project, values);
}

function checkTask(database: Database, project: Row, values: Values): void {
  const task = database.childrenOf('projects.Tasks', project.id).find((row) => row.values['TaskNumber'] === values['TaskNumber']);
  if (task === undefined) throw invalid(`The value of the attribute _TASK_ID_Display isn't valid: ${String(values['TaskNumber'])}.`, '_TASK_ID_Display');
  if (task.values['ChargeableFlag'] !== true) throw badRequest(`You can't create costs for the task ${String(values['TaskNumber'])}: it isn't chargeable.`);
}
