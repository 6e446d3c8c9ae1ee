/** Kantata's objects as the account keeps them. IDs are text, also where the API takes and gives numbers. */
interface Stamped {
  readonly id: string;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface User extends Stamped {
  readonly full_name: string;
  readonly email_address: string;
  readonly headline: string;
  readonly on_my_account: boolean;
}

export interface Role extends Stamped {
  readonly name: string;
  readonly deleted_at: string | null;
}

export interface Group extends Stamped {
  readonly name: string;
  readonly company: boolean;
  readonly notes: string | null;
  readonly address: string | null;
  readonly contact_name: string | null;
  readonly email: string | null;
  readonly phone_number: string | null;
  readonly website: string | null;
}

export interface Workspace extends Stamped {
  readonly title: string;
  readonly description: string | null;
  readonly archived: boolean;
  readonly start_date: string | null;
  readonly due_date: string | null;
  readonly currency: string;
  readonly budgeted: boolean;
  /** Whole units of the currency. */
  readonly price: number | null;
  readonly access_level: 'invitation' | 'open' | 'admins';
  readonly time_trackable: boolean;
  readonly require_time_approvals: boolean;
  readonly stories_are_fixed_fee_by_default: boolean;
  readonly change_orders_enabled: boolean;
  readonly status_key: number;
  readonly rate_card_id: string | null;
  readonly group_ids: readonly string[];
  readonly primary_group_id: string | null;
  readonly project_code: string | null;
  readonly purchase_order: string | null;
}

export interface Story extends Stamped {
  readonly workspace_id: string;
  readonly parent_id: string | null;
  readonly title: string;
  readonly description: string | null;
  readonly story_type: 'task' | 'deliverable' | 'milestone' | 'issue';
  readonly archived: boolean;
  readonly billable: boolean;
  readonly time_estimate_in_minutes: number | null;
  readonly start_date: string | null;
  readonly due_date: string | null;
}

export interface RateCardSet extends Stamped {
  readonly title: string;
  readonly account_default: boolean;
}

export interface RateCardSetVersion extends Stamped {
  readonly rate_card_set_id: string;
  readonly effective_date: string;
  readonly active: boolean;
}

export interface RateCard extends Stamped {
  readonly rate_card_set_id: string;
  readonly currency: string;
}

export interface RateCardVersion extends Stamped {
  readonly rate_card_id: string;
  readonly rate_card_set_version_id: string;
  readonly default_rate: number;
}

export interface RateCardRole extends Stamped {
  readonly rate_card_version_id: string;
  readonly role_id: string;
  /** Subunits of the card's currency an hour. */
  readonly rate: number;
}

export interface Participation extends Stamped {
  readonly workspace_id: string;
  readonly user_id: string;
  readonly role: 'maven' | 'buyer';
}

export interface WorkspaceResource extends Stamped {
  readonly workspace_id: string;
  readonly user_id: string | null;
  readonly role_id: string | null;
  readonly participation_id: string | null;
  readonly label: string;
}

export interface Allocation extends Stamped {
  readonly resource_id: string;
  readonly start_date: string;
  readonly end_date: string;
  readonly minutes: number;
  readonly hard: boolean;
  readonly notes: string | null;
}

export interface TimeEntry extends Stamped {
  readonly workspace_id: string;
  readonly user_id: string;
  readonly story_id: string | null;
  readonly role_id: string | null;
  readonly date_performed: string;
  readonly time_in_minutes: number;
  readonly billable: boolean;
  readonly notes: string | null;
  readonly is_invoiced: boolean;
  /** Of its timesheet that is pending or approved. */
  readonly active_submission_id: string | null;
  readonly recent_submission_id: string | null;
}

export interface Expense extends Stamped {
  readonly workspace_id: string;
  readonly user_id: string;
  readonly story_id: string | null;
  readonly date: string;
  readonly category: string;
  readonly notes: string | null;
  /** Subunits of the project's currency. */
  readonly amount_in_cents: number;
  readonly is_billable: boolean;
  readonly is_invoiced: boolean;
  readonly reimbursable: boolean;
  readonly receipt_id: string | null;
  /** Of its expense report that is pending or approved. */
  readonly active_submission_id: string | null;
}

/** Of a receipt. */
export interface Attachment extends Stamped {
  readonly filename: string;
  readonly filesize: number;
}

/** Of one person and project; what is submitted again after a rejection or cancellation is a new one. */
export interface ExpenseReport extends Stamped {
  readonly workspace_id: string;
  readonly user_id: string;
  readonly title: string;
  readonly status: SubmissionStatus;
  readonly resolution: { readonly description: string | null; readonly creator_id: string; readonly created_at: string } | null;
  readonly submitted_expense_ids: readonly string[];
}

export type SubmissionStatus = 'pending' | 'approved' | 'rejected' | 'cancelled';

export interface Submission extends Stamped {
  readonly workspace_id: string;
  readonly user_id: string;
  readonly title: string;
  readonly comment: string | null;
  readonly start_date: string;
  readonly end_date: string;
  readonly status: SubmissionStatus;
  readonly resolution: { readonly description: string | null; readonly creator_id: string; readonly created_at: string } | null;
  /** What was submitted, whatever became of it since. */
  readonly submitted_entry_ids: readonly string[];
}

export const SUBJECT_TYPES = ['Participation', 'RateCard', 'Role', 'Story', 'Submission', 'TimeEntry', 'User', 'Workspace', 'WorkspaceAllocation', 'WorkspaceGroup', 'WorkspaceResource'] as const;
export type SubjectType = (typeof SUBJECT_TYPES)[number];

export interface ExternalReference extends Stamped {
  readonly subject_type: SubjectType;
  readonly subject_id: string;
  readonly service_name: string;
  readonly service_model: string;
  readonly service_model_ref: string;
  readonly status: 'pending' | 'successful' | 'failed' | null;
  readonly external_status: string | null;
  readonly external_message: string | null;
  readonly external_link: string | null;
  readonly locked: boolean;
  readonly last_synced_at: string;
}
