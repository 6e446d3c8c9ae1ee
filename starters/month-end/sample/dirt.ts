/**
 * What goes wrong in a sample month: one kind for each dirty timesheet. "Which": the entries concerned; the others of the timesheet are in order.
 *
 * | kind | finding | which |
 * | --- | --- | --- |
 * | hours_absurd | HOURS_ABSURD | one entry |
 * | hours_too_fine | HOURS_TOO_FINE | one entry |
 * | hours_not_positive | HOURS_NOT_POSITIVE | one entry |
 * | work_date_outside_week | WORK_DATE_OUTSIDE_WEEK | one entry |
 * | work_date_in_future | WORK_DATE_IN_FUTURE | one entry, in the week in which the month is processed |
 * | work_date_absurd | WORK_DATE_ABSURD | one entry |
 * | person_differs | PERSON_DIFFERS | one entry |
 * | notes_unreadable | NOTES_UNREADABLE | all: broken Unicode, which the gateway refuses at the door |
 * | clock_out_of_order | CLOCK_OUT_OF_ORDER | one entry |
 * | hours_differ_from_clock | HOURS_DIFFER_FROM_CLOCK | one entry |
 * | work_date_differs_from_clock | WORK_DATE_DIFFERS_FROM_CLOCK | one entry |
 * | not_a_working_day | NOT_A_WORKING_DAY | one entry, of a part-time calendar |
 * | project_unknown | PROJECT_UNKNOWN | one entry |
 * | project_not_active | PROJECT_NOT_ACTIVE | one entry, past the grace of any region |
 * | project_dates_exceeded | PROJECT_DATES_EXCEEDED | one entry |
 * | project_pending | PROJECT_PENDING | one entry, held |
 * | task_unknown | TASK_UNKNOWN | one entry |
 * | assignment_missing | ASSIGNMENT_MISSING | one entry |
 * | assignment_not_covering_date | ASSIGNMENT_NOT_COVERING_DATE | one entry |
 * | role_not_mapped | ROLE_NOT_MAPPED | one entry |
 * | labor_category_missing | LABOR_CATEGORY_MISSING | one entry |
 * | labor_category_unknown | LABOR_CATEGORY_UNKNOWN | one entry |
 * | labor_category_not_assigned | LABOR_CATEGORY_NOT_ASSIGNED | one entry |
 * | billable_on_internal_project | BILLABLE_ON_INTERNAL_PROJECT | one entry |
 * | billable_on_non_billable_task | BILLABLE_ON_NON_BILLABLE_TASK | one entry |
 * | currency_not_billed | CURRENCY_NOT_BILLED | one entry |
 * | rate_missing | RATE_MISSING | one entry |
 * | rate_not_in_force | RATE_NOT_IN_FORCE | one entry |
 * | rate_ambiguous | RATE_AMBIGUOUS | one entry |
 * | rate_unit_not_by_time | RATE_UNIT_NOT_BY_TIME | one entry |
 * | rate_currency_differs | RATE_CURRENCY_DIFFERS | one entry |
 * | cost_center_unknown | COST_CENTER_UNKNOWN | one entry |
 * | cost_center_of_other_entity | COST_CENTER_OF_OTHER_ENTITY | one entry |
 * | cost_center_missing | COST_CENTER_MISSING | one entry |
 * | legal_entity_unknown | LEGAL_ENTITY_UNKNOWN | one entry |
 * | cap_exceeded | CAP_EXCEEDED | one entry |
 * | cap_currency_differs | CAP_CURRENCY_DIFFERS | one entry |
 * | transfer_rate_missing | TRANSFER_RATE_MISSING | one entry |
 * | transfer_currency_differs | TRANSFER_CURRENCY_DIFFERS | one entry |
 * | sunday_work | SUNDAY_WORK_NOT_ALLOWED | one entry, Germany |
 * | holiday_work | HOLIDAY_WORK_NOT_ALLOWED | one entry, Germany |
 * | approval_pending | APPROVAL_PENDING | all, held |
 * | approval_rejected | APPROVAL_REJECTED | all |
 * | approval_withdrawn | APPROVAL_WITHDRAWN | all |
 * | approver_missing | APPROVER_MISSING | all |
 * | approver_is_self | APPROVER_IS_SELF | all |
 * | approver_not_entitled | APPROVER_NOT_ENTITLED | all |
 * | approval_of_other_version | APPROVAL_OF_OTHER_VERSION | all |
 * | person_unknown | PERSON_UNKNOWN | all |
 * | person_not_employed | PERSON_NOT_EMPLOYED | all |
 * | employer_unknown | EMPLOYER_UNKNOWN | all |
 * | subcontract_missing | SUBCONTRACT_MISSING | all |
 * | regional_rules_missing | REGIONAL_RULES_MISSING | all |
 * | cost_rate_missing | COST_RATE_MISSING | all |
 * | cost_currency_differs | COST_CURRENCY_DIFFERS | all |
 * | period_closed | PERIOD_CLOSED | all |
 * | period_unknown | PERIOD_UNKNOWN | all |
 * | period_not_yet_open | PERIOD_NOT_YET_OPEN | all, held |
 * | public_holidays_unknown | PUBLIC_HOLIDAYS_UNKNOWN | all |
 * | day_hours_exceeded | DAY_HOURS_EXCEEDED | all of one day, Germany |
 * | week_hours_exceeded | WEEK_HOURS_EXCEEDED | all, Canada |
 * | day_longer_than_clock | DAY_LONGER_THAN_CLOCK | all of one day |
 * | break_too_short | BREAK_TOO_SHORT | all of one day, Germany |
 * | rest_too_short | REST_TOO_SHORT | all of two days, Germany |
 * | entry_duplicated | ENTRY_DUPLICATED | the second of two |
 * | entry_overlaps | ENTRY_OVERLAPS | two entries |
 * | entry_repeated | ENTRY_REPEATED | the second of two |
 * | entry_superseded | ENTRY_SUPERSEDED | the first of two |
 * | version_reused | VERSION_REUSED | two entries |
 * | correction_of_itself | CORRECTION_OF_ITSELF | one entry |
 * | correction_in_circle | CORRECTION_IN_CIRCLE | two entries |
 * | correction_of_other_person | CORRECTION_OF_OTHER_PERSON | one entry |
 * | original_not_seen | ORIGINAL_NOT_SEEN | one entry, held: its original never comes |
 * | entry_of_other_system | ENTRY_OF_OTHER_SYSTEM | one entry |
 *
 * Left out, for their outcome is not the timesheet's alone. ENTRY_STALE, TIMESHEET_STALE and ORIGINAL_SUPERSEDED fall on whichever of two
 * timesheets is judged last; PAY_PERIOD_UNKNOWN would fall on a whole legal entity.
 */
interface DirtTerms {
  readonly code: string;
  /** Of the timesheet's author. */
  readonly needs?: DirtNeeds;
}

export interface DirtNeeds {
  /** A legal entity whose law or set-up it takes. */
  readonly entity?: 'US01' | 'GB01' | 'DE01' | 'AU01' | 'CA01';
  /** The legal entity of the project set up wrong for it. */
  readonly trap?: true;
  readonly calendar?: 'part_time';
  readonly clock?: true;
  /** Which of the author's four timesheets, counted from 0. */
  readonly arrival?: number;
  /** The week it is of, where it is none of the month's own. */
  readonly week?: 'current' | 'old' | 'ancient' | 'last_year' | 'german_holiday';
  /** The author stands in the reference data a second time, wrongly, and this timesheet is of that one. */
  readonly secondSelf?: true;
}

export const DIRT = {
  hours_absurd: { code: 'HOURS_ABSURD' },
  hours_too_fine: { code: 'HOURS_TOO_FINE' },
  hours_not_positive: { code: 'HOURS_NOT_POSITIVE' },
  work_date_outside_week: { code: 'WORK_DATE_OUTSIDE_WEEK' },
  work_date_in_future: { code: 'WORK_DATE_IN_FUTURE', needs: { entity: 'US01', week: 'current' } },
  work_date_absurd: { code: 'WORK_DATE_ABSURD' },
  person_differs: { code: 'PERSON_DIFFERS' },
  notes_unreadable: { code: 'NOTES_UNREADABLE' },
  clock_out_of_order: { code: 'CLOCK_OUT_OF_ORDER' },
  hours_differ_from_clock: { code: 'HOURS_DIFFER_FROM_CLOCK' },
  work_date_differs_from_clock: { code: 'WORK_DATE_DIFFERS_FROM_CLOCK' },
  not_a_working_day: { code: 'NOT_A_WORKING_DAY', needs: { calendar: 'part_time' } },
  project_unknown: { code: 'PROJECT_UNKNOWN' },
  project_not_active: { code: 'PROJECT_NOT_ACTIVE', needs: { trap: true } },
  project_dates_exceeded: { code: 'PROJECT_DATES_EXCEEDED', needs: { trap: true } },
  project_pending: { code: 'PROJECT_PENDING', needs: { trap: true } },
  task_unknown: { code: 'TASK_UNKNOWN' },
  assignment_missing: { code: 'ASSIGNMENT_MISSING', needs: { trap: true } },
  assignment_not_covering_date: { code: 'ASSIGNMENT_NOT_COVERING_DATE', needs: { trap: true } },
  role_not_mapped: { code: 'ROLE_NOT_MAPPED' },
  labor_category_missing: { code: 'LABOR_CATEGORY_MISSING', needs: { trap: true } },
  labor_category_unknown: { code: 'LABOR_CATEGORY_UNKNOWN' },
  labor_category_not_assigned: { code: 'LABOR_CATEGORY_NOT_ASSIGNED' },
  billable_on_internal_project: { code: 'BILLABLE_ON_INTERNAL_PROJECT' },
  billable_on_non_billable_task: { code: 'BILLABLE_ON_NON_BILLABLE_TASK' },
  currency_not_billed: { code: 'CURRENCY_NOT_BILLED', needs: { trap: true } },
  rate_missing: { code: 'RATE_MISSING', needs: { trap: true } },
  rate_not_in_force: { code: 'RATE_NOT_IN_FORCE', needs: { trap: true } },
  rate_ambiguous: { code: 'RATE_AMBIGUOUS', needs: { trap: true } },
  rate_unit_not_by_time: { code: 'RATE_UNIT_NOT_BY_TIME', needs: { trap: true } },
  rate_currency_differs: { code: 'RATE_CURRENCY_DIFFERS', needs: { trap: true } },
  cost_center_unknown: { code: 'COST_CENTER_UNKNOWN' },
  cost_center_of_other_entity: { code: 'COST_CENTER_OF_OTHER_ENTITY' },
  cost_center_missing: { code: 'COST_CENTER_MISSING', needs: { trap: true } },
  legal_entity_unknown: { code: 'LEGAL_ENTITY_UNKNOWN', needs: { trap: true } },
  cap_exceeded: { code: 'CAP_EXCEEDED', needs: { trap: true } },
  cap_currency_differs: { code: 'CAP_CURRENCY_DIFFERS', needs: { trap: true } },
  transfer_rate_missing: { code: 'TRANSFER_RATE_MISSING', needs: { entity: 'GB01' } },
  transfer_currency_differs: { code: 'TRANSFER_CURRENCY_DIFFERS', needs: { entity: 'US01' } },
  sunday_work: { code: 'SUNDAY_WORK_NOT_ALLOWED', needs: { entity: 'DE01' } },
  holiday_work: { code: 'HOLIDAY_WORK_NOT_ALLOWED', needs: { entity: 'DE01', week: 'german_holiday' } },
  approval_pending: { code: 'APPROVAL_PENDING' },
  approval_rejected: { code: 'APPROVAL_REJECTED' },
  approval_withdrawn: { code: 'APPROVAL_WITHDRAWN' },
  approver_missing: { code: 'APPROVER_MISSING' },
  approver_is_self: { code: 'APPROVER_IS_SELF' },
  approver_not_entitled: { code: 'APPROVER_NOT_ENTITLED' },
  approval_of_other_version: { code: 'APPROVAL_OF_OTHER_VERSION' },
  person_unknown: { code: 'PERSON_UNKNOWN', needs: { secondSelf: true } },
  person_not_employed: { code: 'PERSON_NOT_EMPLOYED', needs: { secondSelf: true } },
  employer_unknown: { code: 'EMPLOYER_UNKNOWN', needs: { secondSelf: true } },
  subcontract_missing: { code: 'SUBCONTRACT_MISSING', needs: { secondSelf: true } },
  regional_rules_missing: { code: 'REGIONAL_RULES_MISSING', needs: { secondSelf: true } },
  cost_rate_missing: { code: 'COST_RATE_MISSING', needs: { entity: 'DE01', secondSelf: true } },
  cost_currency_differs: { code: 'COST_CURRENCY_DIFFERS', needs: { entity: 'GB01', secondSelf: true } },
  period_closed: { code: 'PERIOD_CLOSED', needs: { week: 'old' } },
  period_unknown: { code: 'PERIOD_UNKNOWN', needs: { week: 'ancient' } },
  period_not_yet_open: { code: 'PERIOD_NOT_YET_OPEN', needs: { entity: 'GB01', week: 'current' } },
  public_holidays_unknown: { code: 'PUBLIC_HOLIDAYS_UNKNOWN', needs: { week: 'last_year' } },
  day_hours_exceeded: { code: 'DAY_HOURS_EXCEEDED', needs: { entity: 'DE01' } },
  week_hours_exceeded: { code: 'WEEK_HOURS_EXCEEDED', needs: { entity: 'CA01' } },
  day_longer_than_clock: { code: 'DAY_LONGER_THAN_CLOCK', needs: { entity: 'US01' } },
  break_too_short: { code: 'BREAK_TOO_SHORT', needs: { entity: 'DE01', clock: true } },
  rest_too_short: { code: 'REST_TOO_SHORT', needs: { entity: 'DE01', clock: true } },
  entry_duplicated: { code: 'ENTRY_DUPLICATED' },
  entry_overlaps: { code: 'ENTRY_OVERLAPS', needs: { entity: 'US01', clock: true } },
  entry_repeated: { code: 'ENTRY_REPEATED' },
  entry_superseded: { code: 'ENTRY_SUPERSEDED' },
  version_reused: { code: 'VERSION_REUSED' },
  correction_of_itself: { code: 'CORRECTION_OF_ITSELF' },
  correction_in_circle: { code: 'CORRECTION_IN_CIRCLE' },
  correction_of_other_person: { code: 'CORRECTION_OF_OTHER_PERSON', needs: { arrival: 3 } },
  original_not_seen: { code: 'ORIGINAL_NOT_SEEN' },
  entry_of_other_system: { code: 'ENTRY_OF_OTHER_SYSTEM' },
} as const satisfies Record<string, DirtTerms>;

export type DirtKind = keyof typeof DIRT;

const isKind = (name: string): name is DirtKind => name in DIRT;
export const DIRT_KINDS: readonly DirtKind[] = Object.keys(DIRT).filter(isKind);

export function needsOf(kind: DirtKind): DirtNeeds {
  const terms: DirtTerms = DIRT[kind];
  return terms.needs ?? {};
}

/** The finding, or reason to be held, that the rules must give. */
export function codeOf(kind: DirtKind): string {
  return DIRT[kind].code;
}

/** Kinds that take a project set up wrong, one for each. */
export const TRAP_KINDS: readonly DirtKind[] = DIRT_KINDS.filter((kind) => needsOf(kind).trap === true);
