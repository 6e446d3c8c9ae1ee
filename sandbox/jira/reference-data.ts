/** The example firm's service project. Names and categories as a new project of Jira Service Management has them. */
export const PROJECT = { id: '10001', key: 'FIN', name: 'Finance operations' };
export const ISSUE_TYPES = ['[System] Service request', '[System] Incident', 'Task'];
export const PRIORITIES = ['Highest', 'High', 'Medium', 'Low', 'Lowest'];
export const RESOLUTIONS = ['Done', "Won't Do", 'Duplicate', 'Cannot Reproduce'];
export const COMPONENTS = ['Finance', 'Tax', 'Project management'];
export const REQUEST_TYPE_FIELD = 'customfield_10010';
export const REQUEST_TYPES = ['25', '26'];

export interface Status {
  readonly id: string;
  readonly name: string;
  readonly category: 'new' | 'indeterminate' | 'done';
}
export const STATUSES = {
  waiting: { id: '10010', name: 'Waiting for support', category: 'new' },
  progress: { id: '10011', name: 'In progress', category: 'indeterminate' },
  resolved: { id: '5', name: 'Resolved', category: 'done' },
  canceled: { id: '10012', name: 'Canceled', category: 'done' },
} as const satisfies Readonly<Record<string, Status>>;
export type StatusName = keyof typeof STATUSES;

export interface Transition {
  readonly id: string;
  readonly name: string;
  readonly from: readonly StatusName[];
  readonly to: StatusName;
  readonly asksResolution: boolean;
}
export const TRANSITIONS: readonly Transition[] = [
  { id: '11', name: 'Start work', from: ['waiting'], to: 'progress', asksResolution: false },
  { id: '21', name: 'Cancel request', from: ['waiting', 'progress'], to: 'canceled', asksResolution: true },
  { id: '31', name: 'Resolve this issue', from: ['waiting', 'progress'], to: 'resolved', asksResolution: true },
  { id: '41', name: 'Back to work', from: ['resolved', 'canceled'], to: 'progress', asksResolution: false },
];

export const CATEGORIES: Readonly<Record<Status['category'], object>> = {
  new: { id: 2, key: 'new', colorName: 'blue-gray', name: 'To Do' },
  indeterminate: { id: 4, key: 'indeterminate', colorName: 'yellow', name: 'In Progress' },
  done: { id: 3, key: 'done', colorName: 'green', name: 'Done' },
};
