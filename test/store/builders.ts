import type { AuditEntry } from '../../store/audit-trail.ts';
import type { IdentityLink } from '../../store/identity-map.ts';
import type { Done, Intent } from '../../store/posting-ledger.ts';

export const PROCESS = 'closed-won/salesforce/0065g00000ABCDE';

export function intent(change: Partial<Intent> = {}): Intent {
  return {
    key: `${PROCESS}#project#US01-TECH-1#netsuite#v1`,
    process: PROCESS,
    step: 'project',
    system: 'netsuite',
    operation: 'upsert job',
    objectType: 'project',
    canonicalId: 'US01-TECH-1',
    requestHash: 'hash-of-the-request',
    request: { companyName: 'Platform rebuild' },
    leaseMs: 30_000,
    existed: null,
    ...change,
  };
}

export function link(change: Partial<IdentityLink> = {}): IdentityLink {
  return { objectType: 'project', canonicalId: 'US01-TECH-1', system: 'netsuite', externalId: '4711', url: 'https://netsuite.example/job/4711', ...change };
}

export function auditEntry(change: Partial<AuditEntry> = {}): AuditEntry {
  return {
    process: PROCESS,
    actor: 'worker',
    action: 'posting.done',
    object: 'project US01-TECH-1',
    system: 'netsuite',
    message: 'project US01-TECH-1 is job 4711 in netsuite',
    details: { externalId: '4711', amounts: [{ value: '100.10', currency: 'USD' }] },
    ...change,
  };
}

export function done(change: Partial<Done> = {}): Done {
  return {
    key: intent().key,
    generation: 1,
    externalId: '4711',
    result: { created: true },
    undo: { wasInactive: false },
    process: PROCESS,
    links: [link()],
    audit: [auditEntry()],
    ...change,
  };
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
