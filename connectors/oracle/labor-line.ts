import type { LaborPosting } from '../../domain/model/time/labor-posting.ts';
import { exactNumber } from '../exact-number.ts';
import type { OracleOptions } from './options.ts';
import { cut } from './references.ts';

/** What a line refers to, as Oracle names it. */
export interface LineReferences {
  readonly businessUnit: string;
  readonly organization: string;
  readonly email: string;
  readonly project: string;
  readonly task: string;
}

const COMMENT_LENGTH = 240;

/** The reference a line is found by, before and after the import of costs: the legal entity tells apart those that share a business unit. */
export function referenceOf(posting: Pick<LaborPosting, 'legalEntity' | 'key'>): string {
  return `${posting.legalEntity}:${posting.key}`;
}

/**
 * An unprocessed cost: hours of a person. Oracle prices them: cost by its cost rates unless `costed`, billing by the bill plan of the contract.
 * https://docs.oracle.com/en/cloud/saas/project-management/26c/fapap/api-unprocessed-project-costs.html
 */
export function unprocessedCostOf(posting: LaborPosting, references: LineReferences, options: OracleOptions): object {
  const { labor } = options;
  const { laborCategory } = posting;
  const role = options.roles[laborCategory] ?? laborCategory;
  const isBillable = posting.billing.status === 'actuals' && posting.purpose !== 'labor';
  return {
    ExpenditureBatch: `${options.sourceName} ${posting.legalEntity} ${mondayOf(posting.workDate)}`,
    BusinessUnit: references.businessUnit,
    TransactionSource: labor.transactionSource,
    Document: labor.document,
    DocumentEntry: labor.documentEntry,
    OriginalTransactionReference: referenceOf(posting),
    ...(posting.reverses === null ? {} : { ReversedOriginalTransactionReference: referenceOf({ legalEntity: posting.legalEntity, key: posting.reverses }) }),
    Email: references.email,
    ...(options.rates.scheduleType === 'JOB' ? { Job: role } : { ProjectRoleName: role }),
    Quantity: exactNumber(posting.hours),
    TransactionCurrencyCode: posting.cost?.currency ?? posting.billing.amount.currency,
    ...(labor.costed && posting.cost !== null ? { RawCostInTransactionCurrency: exactNumber(posting.cost.amount) } : {}),
    ...(labor.workTypes === undefined ? {} : { WorkTypeId: exactNumber(isBillable ? labor.workTypes.billable : labor.workTypes.nonBillable) }),
    ...(posting.notes === '' ? {} : { Comment: cut(posting.notes, COMMENT_LENGTH) }),
    ProjectStandardCostCollectionFlexfields: [
      {
        _EXPENDITURE_ITEM_DATE: posting.workDate,
        _PROJECT_ID_Display: references.project,
        _TASK_ID_Display: references.task,
        _EXPENDITURE_TYPE_ID_Display: labor.expenditureTypes[laborCategory] ?? labor.expenditureType,
        _ORGANIZATION_ID_Display: references.organization,
      },
    ],
  };
}

/** The Monday of a day's week; the day as it is where it is none. */
function mondayOf(workDate: string): string {
  const day = new Date(`${workDate}T00:00:00Z`);
  if (Number.isNaN(day.getTime())) return workDate;
  day.setUTCDate(day.getUTCDate() - ((day.getUTCDay() + 6) % 7));
  return day.toISOString().slice(0, 10);
}
