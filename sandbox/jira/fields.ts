import { z } from 'zod';
import { AtlassianDocument } from './document.ts';
import { fields as refuse, invalidBody } from './errors.ts';
import type { JiraOptions } from './options.ts';
import { COMPONENTS, ISSUE_TYPES, PRIORITIES, PROJECT, REQUEST_TYPE_FIELD, REQUEST_TYPES } from './reference-data.ts';

export interface Fields {
  readonly summary: string;
  readonly issuetype: string;
  readonly description: AtlassianDocument | null;
  readonly priority: string;
  readonly duedate: string | null;
  readonly labels: readonly string[];
  readonly components: readonly string[];
  readonly requestType: string | null;
}

export const Property = z.strictObject({ key: z.string().min(1).max(255), value: z.unknown() });
export const IssueUpdate = z.looseObject({
  fields: z.record(z.string(), z.unknown()).default({}),
  update: z.record(z.string(), z.array(z.record(z.string(), z.unknown()))).default({}),
  properties: z.array(Property).default([]),
});
export type IssueUpdate = z.infer<typeof IssueUpdate>;

const Named = z.union([z.looseObject({ name: z.string() }).transform(({ name }) => name), z.looseObject({ id: z.string() }).transform(({ id }) => id)]);
const NEW: Fields = { summary: '', issuetype: '', description: null, priority: 'Medium', duedate: null, labels: [], components: [], requestType: null };
const LONGEST_TEXT = 32_767;

/** The fields after a creation (`before` null) or an edit. @throws Refusal naming every field that is wrong */
export function applied(before: Fields | null, body: unknown, options: JiraOptions): { readonly fields: Fields; readonly properties: IssueUpdate['properties'] } {
  const read = IssueUpdate.safeParse(body);
  if (!read.success) throw invalidBody();
  const errors: Record<string, string> = {};
  const next: { -readonly [Name in keyof Fields]: Fields[Name] } = { ...(before ?? NEW) };
  const { fields, update, properties } = read.data;
  for (const name of Object.keys(update)) if (Object.hasOwn(fields, name)) errors[name] = `Field '${name}' cannot appear in both 'fields' and 'update'`;
  for (const [name, value] of Object.entries(fields)) {
    const error = offScreen(name, options, before === null) ?? setField(next, name, value);
    if (error !== undefined) errors[name] = error;
  }
  for (const [name, operations] of Object.entries(update)) {
    const error = offScreen(name, options, before === null) ?? (name === 'labels' ? editLabels(next, operations) : `Field '${name}' cannot be edited by operations here`);
    if (error !== undefined) errors[name] = error;
  }
  if (before === null) {
    if (!Object.hasOwn(fields, 'project')) errors['project'] = 'Specify a valid project ID or key';
    if (next.issuetype === '') errors['issuetype'] ??= 'Specify an issue type';
  }
  if (next.summary === '') errors['summary'] ??= 'You must specify a summary of the issue.';
  if (Object.keys(errors).length > 0) throw refuse(errors);
  return { fields: next, properties };
}

function offScreen(name: string, options: JiraOptions, creating: boolean): string | undefined {
  const known = ['summary', 'description', 'priority', 'duedate', 'labels', 'components', REQUEST_TYPE_FIELD, ...(creating ? ['project', 'issuetype'] : [])];
  if (known.includes(name) && !options.missingFields.includes(name)) return undefined;
  return `Field '${name}' cannot be set. It is not on the appropriate screen, or unknown.`;
}

/** Sets one field, or answers what is wrong with its value. */
function setField(next: { -readonly [Name in keyof Fields]: Fields[Name] }, name: string, value: unknown): string | undefined {
  switch (name) {
    case 'project':
      return z.union([z.looseObject({ key: z.literal(PROJECT.key) }), z.looseObject({ id: z.literal(PROJECT.id) })]).safeParse(value).success ? undefined : 'valid project is required';
    case 'issuetype':
      next.issuetype = Named.safeParse(value).data ?? '';
      return ISSUE_TYPES.includes(next.issuetype) ? undefined : 'Specify a valid issue type';
    case 'summary':
      if (typeof value !== 'string' || value.trim() === '') return 'You must specify a summary of the issue.';
      if (/[\r\n]/.test(value)) return 'The summary is invalid because it contains newline characters.';
      if (value.length > 255) return 'Summary must be less than 255 characters.';
      next.summary = value;
      return undefined;
    case 'description': {
      if (value === null) return void (next.description = null);
      const document = AtlassianDocument.safeParse(value);
      if (!document.success) return 'Operation value must be an Atlassian Document (see the Atlassian Document Format)';
      if (JSON.stringify(value).length > LONGEST_TEXT * 4 || textLength(document.data) > LONGEST_TEXT) return 'CONTENT_LIMIT_EXCEEDED';
      return void (next.description = document.data);
    }
    case 'priority':
      next.priority = Named.safeParse(value).data ?? '';
      return PRIORITIES.includes(next.priority) ? undefined : 'The priority selected is invalid.';
    case 'duedate':
      if (value !== null && !z.iso.date().safeParse(value).success) return `Date value '${String(value)}' for field 'duedate' is invalid. Expected format: yyyy-MM-dd`;
      return void (next.duedate = typeof value === 'string' ? value : null);
    case 'labels': {
      const labels = z.array(z.string()).safeParse(value);
      if (!labels.success) return 'data was not an array';
      return setLabels(next, labels.data);
    }
    case 'components': {
      const components = z.array(Named).safeParse(value).data ?? [''];
      const unknown = components.find((each) => !COMPONENTS.includes(each));
      return unknown === undefined ? void (next.components = components) : `Component name '${unknown}' is not valid`;
    }
    default:
      if (typeof value !== 'string' || !REQUEST_TYPES.includes(value)) return 'Request Type is not valid';
      return void (next.requestType = value);
  }
}

function editLabels(next: { -readonly [Name in keyof Fields]: Fields[Name] }, operations: readonly Readonly<Record<string, unknown>>[]): string | undefined {
  let labels = [...next.labels];
  for (const operation of operations) {
    const [entry] = Object.entries(operation);
    const [verb, label] = entry ?? [];
    if (typeof label !== 'string' || (verb !== 'add' && verb !== 'remove')) return 'data was not an operation';
    labels = labels.filter((each) => each !== label);
    if (verb === 'add') labels.push(label);
  }
  return setLabels(next, labels);
}

function setLabels(next: { -readonly [Name in keyof Fields]: Fields[Name] }, labels: readonly string[]): string | undefined {
  for (const label of labels) {
    if (/\s/.test(label)) return `The label '${label}' contains spaces which is invalid.`;
    if (label.length > 255) return `The label '${label}' exceeds the maximum length of 255 characters.`;
  }
  next.labels = [...new Set(labels)];
  return undefined;
}

export function textLength(document: AtlassianDocument): number {
  return document.content.reduce((sum, block) => sum + (block.content ?? []).reduce((part, inline) => part + (inline.type === 'text' ? inline.text.length : 1), 1), 0);
}
