/** The objects of a Harvest account as they are kept; answers add names of what they refer to. https://help.getharvest.com/api-v2/ */
interface Stamped {
  readonly id: number;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface Client extends Stamped {
  readonly name: string;
  readonly is_active: boolean;
  readonly address: string | null;
  readonly statement_key: string;
  readonly currency: string;
}

export interface Contact extends Stamped {
  readonly client_id: number;
  readonly title: string | null;
  readonly first_name: string;
  readonly last_name: string | null;
  readonly email: string | null;
  readonly phone_office: string | null;
  readonly phone_mobile: string | null;
  readonly fax: string | null;
}

export const BILL_BY = ['Project', 'Tasks', 'People', 'none'] as const;
export const BUDGET_BY = ['project', 'project_cost', 'task', 'task_fees', 'person', 'none'] as const;

export interface Project extends Stamped {
  readonly client_id: number;
  readonly name: string;
  readonly code: string | null;
  readonly is_active: boolean;
  readonly is_billable: boolean;
  readonly is_fixed_fee: boolean;
  readonly bill_by: (typeof BILL_BY)[number];
  readonly hourly_rate: number | null;
  readonly budget: number | null;
  readonly budget_by: (typeof BUDGET_BY)[number];
  readonly budget_is_monthly: boolean;
  readonly notify_when_over_budget: boolean;
  readonly over_budget_notification_percentage: number;
  readonly over_budget_notification_date: string | null;
  readonly show_budget_to_all: boolean;
  readonly cost_budget: number | null;
  readonly cost_budget_include_expenses: boolean;
  readonly fee: number | null;
  readonly notes: string;
  readonly starts_on: string | null;
  readonly ends_on: string | null;
}

export interface Task extends Stamped {
  readonly name: string;
  readonly billable_by_default: boolean;
  readonly default_hourly_rate: number;
  readonly is_default: boolean;
  readonly is_active: boolean;
}

export interface TaskAssignment extends Stamped {
  readonly project_id: number;
  readonly task_id: number;
  readonly is_active: boolean;
  readonly billable: boolean;
  readonly hourly_rate: number | null;
  readonly budget: number | null;
}

export interface UserAssignment extends Stamped {
  readonly project_id: number;
  readonly user_id: number;
  readonly is_active: boolean;
  readonly is_project_manager: boolean;
  readonly use_default_rates: boolean;
  readonly hourly_rate: number | null;
  readonly budget: number | null;
}

export interface User extends Stamped {
  readonly first_name: string;
  readonly last_name: string;
  readonly email: string;
  readonly telephone: string;
  readonly timezone: string;
  readonly has_access_to_all_future_projects: boolean;
  readonly is_contractor: boolean;
  readonly is_active: boolean;
  readonly weekly_capacity: number;
  readonly default_hourly_rate: number;
  readonly cost_rate: number;
  readonly roles: readonly string[];
  readonly access_roles: readonly string[];
}

export interface Rate extends Stamped {
  readonly user_id: number;
  readonly amount: number;
  readonly start_date: string | null;
  readonly end_date: string | null;
}

export interface Role extends Stamped {
  readonly name: string;
  readonly user_ids: readonly number[];
}

export interface ExternalReference {
  readonly id: string;
  readonly group_id: string | null;
  readonly account_id: string | null;
  readonly permalink: string | null;
  readonly service: string | null;
  readonly service_icon_url: string | null;
}

export const APPROVAL_STATUSES = ['unsubmitted', 'submitted', 'approved'] as const;

export interface TimeEntry extends Stamped {
  readonly user_id: number;
  readonly project_id: number;
  readonly task_id: number;
  readonly spent_date: string;
  readonly hours: number;
  readonly notes: string | null;
  readonly approval_status: (typeof APPROVAL_STATUSES)[number];
  readonly is_billed: boolean;
  readonly is_running: boolean;
  readonly timer_started_at: string | null;
  readonly external_reference: ExternalReference | null;
  readonly billable: boolean;
  readonly billable_rate: number | null;
  readonly cost_rate: number | null;
}

export interface ExpenseCategory extends Stamped {
  readonly name: string;
  readonly unit_name: string | null;
  readonly unit_price: number | null;
  readonly is_active: boolean;
}

export interface Receipt {
  readonly file_name: string;
  readonly file_size: number;
  readonly content_type: string;
}

export interface Expense extends Stamped {
  readonly user_id: number;
  readonly project_id: number;
  readonly expense_category_id: number;
  readonly spent_date: string;
  readonly units: number;
  readonly total_cost: number;
  readonly receipt: Receipt | null;
  readonly notes: string | null;
  readonly billable: boolean;
  readonly approval_status: (typeof APPROVAL_STATUSES)[number];
  readonly is_billed: boolean;
}
