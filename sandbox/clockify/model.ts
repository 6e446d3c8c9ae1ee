/** The objects of a Clockify workspace as they are kept; answers add names of what they refer to. https://docs.clockify.me/ */
export interface User {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly timeZone: string;
  readonly weekStart: WeekDay;
  readonly status: 'ACTIVE' | 'INACTIVE';
}

export const WEEK_DAYS = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'] as const;
export type WeekDay = (typeof WEEK_DAYS)[number];

export interface Client {
  readonly id: string;
  readonly name: string;
  readonly archived: boolean;
  readonly address: string | null;
  readonly email: string | null;
  readonly note: string | null;
  readonly currencyId: string;
}

/** In hundredths of the currency. */
export interface Rate {
  readonly amount: number;
}

export interface Project {
  readonly id: string;
  readonly name: string;
  readonly clientId: string;
  readonly archived: boolean;
  readonly billable: boolean;
  readonly public: boolean;
  readonly color: string;
  readonly note: string;
  readonly hourlyRate: Rate | null;
}

export interface Task {
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  readonly status: 'ACTIVE' | 'DONE';
  readonly billable: boolean;
  readonly assigneeIds: readonly string[];
  readonly hourlyRate: Rate | null;
}

export interface Tag {
  readonly id: string;
  readonly name: string;
  readonly archived: boolean;
}

export interface TimeEntry {
  readonly id: string;
  readonly userId: string;
  readonly description: string;
  readonly billable: boolean;
  readonly projectId: string | null;
  readonly taskId: string | null;
  readonly tagIds: readonly string[];
  readonly start: string;
  readonly end: string | null;
  readonly type: 'REGULAR' | 'BREAK' | 'HOLIDAY' | 'TIME_OFF';
  readonly invoiced: boolean;
  readonly approvalRequestId: string | null;
}

export const APPROVAL_STATES = ['PENDING', 'APPROVED', 'WITHDRAWN_SUBMISSION', 'WITHDRAWN_APPROVAL', 'REJECTED'] as const;

export interface ApprovalRequest {
  readonly id: string;
  readonly userId: string;
  readonly creatorId: string;
  readonly start: string;
  readonly end: string;
  readonly state: (typeof APPROVAL_STATES)[number];
  readonly note: string;
  readonly updatedBy: string;
  readonly updatedAt: string;
}

export const WEBHOOK_EVENTS = ['NEW_APPROVAL_REQUEST', 'APPROVAL_REQUEST_STATUS_UPDATED'] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

export interface Webhook {
  readonly id: string;
  readonly name: string;
  /** Null: where `PUT /__admin/webhooks` says. */
  readonly url: string | null;
  readonly webhookEvent: WebhookEvent;
  readonly authToken: string;
  readonly enabled: boolean;
}
