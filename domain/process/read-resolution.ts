import type { CaseAction, OwnerRole } from '../config/schema.ts';
import type { Resolution } from './resolution.ts';

export type ReadResolution =
  | { readonly success: true; readonly resolution: Resolution }
  | { readonly success: false; readonly message: string };

// Complete by construction: a name the schema has and this list has not does not compile.
const ACTIONS: Readonly<Record<CaseAction, true>> = { retry: true, correct: true, override: true, reroute: true, return_to_submitter: true, confirm_done: true, confirm_not_done: true, abort: true };
const ROLES: Readonly<Record<OwnerRole, true>> = { finance_operations: true, project_management_office: true, integration_support: true, sales_operations: true, tax: true, controller: true };

/**
 * Reads a resolution as `resolutionSchema` does, without the schema library: the modules of a workflow are evaluated anew for every run
 * and kept as long as it is cached, and the library with the schemas behind it costs each run about 12 ms and 3 MB.
 */
export function readResolution(value: unknown): ReadResolution {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { success: false, message: 'a JSON object with action, by and reason is expected' };
  const given = new Map<string, unknown>(Object.entries(value));
  const [action, by, reason, role, externalId, system] = ['action', 'by', 'reason', 'role', 'externalId', 'system'].map((name) => given.get(name));
  const problems: string[] = [];
  if (!isKeyOf(ACTIONS, action)) problems.push(`action: one of ${Object.keys(ACTIONS).join(', ')} is expected`);
  if (!isFilled(by)) problems.push('by: the ID of a person of config/people.yaml is expected');
  if (typeof reason !== 'string' || reason.trim() === '') problems.push('reason: say why: the reason goes into the audit trail');
  if (role !== undefined && !isKeyOf(ROLES, role)) problems.push(`role: one of ${Object.keys(ROLES).join(', ')} is expected`);
  if (externalId !== undefined && !isFilled(externalId)) problems.push('externalId: a text is expected');
  if (system !== undefined && !isFilled(system)) problems.push('system: a text is expected');
  if (problems.length > 0 || !isKeyOf(ACTIONS, action) || !isFilled(by) || typeof reason !== 'string') return { success: false, message: problems.join('; ') };
  return {
    success: true,
    resolution: { action, by, reason: reason.trim(), ...(isKeyOf(ROLES, role) ? { role } : {}), ...(isFilled(externalId) ? { externalId } : {}), ...(isFilled(system) ? { system } : {}) },
  };
}

function isKeyOf<Key extends string>(names: Readonly<Record<Key, true>>, value: unknown): value is Key {
  return typeof value === 'string' && Object.hasOwn(names, value);
}

function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
