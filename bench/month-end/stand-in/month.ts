import { join } from 'node:path';
import { connectorOptionSchemas } from '../../../connectors/options.ts';
import type { Timesheet } from '../../../domain/model/time/timesheet.ts';
import type { ReferenceRow } from '../../../store/time/reference.ts';
import type { Month } from '../month.ts';
import { projectFolder } from '../../../scripts/data-folder.ts';
import { loadFirmConfig } from '../../../starters/config/load.ts';

const OPEN = { from: '2025-01-01', to: null };
export async function standInMonth(count: number): Promise<Month> {
  const loaded = await loadFirmConfig(join(projectFolder, 'config'), { optionSchemas: connectorOptionSchemas });
  if (!loaded.ok) throw new Error('config');
  const { config } = loaded;
  const emails = Array.from({ length: count }, (_, n) => `consultant${n}@northwind-consulting.example`);
  const references: ReferenceRow[] = [
    ...emails.map((email) => ({ kind: 'person', key: email, scope: email, document: { email, kind: 'employee', legalEntity: 'US01', ruleSet: null, overtime: 'eligible', laborCategory: 'ENGINEER', costCenter: 'US01-TECH', timeZone: 'America/New_York', ...OPEN, calendar: ['8', '8', '8', '8', '8', '0', '0'], approvers: ['grace@northwind-consulting.example'], subcontract: null } })),
    ...emails.map((person) => ({ kind: 'assignment', key: person, scope: person, document: { person, projectNumber: 'US01-TECH-A', laborCategory: 'ENGINEER', ...OPEN } })),
    { kind: 'project', key: 'US01-TECH-A', scope: 'US01-TECH-A', document: { number: 'US01-TECH-A', legalEntity: 'US01', kind: 'client', absencePayCode: null, status: 'active', inactiveFrom: null, startDate: '2026-01-01', endDate: '2027-12-31', billingMethod: 'time_and_materials', currency: 'USD', costCenter: 'US01-TECH', tasks: [{ code: '2-2', billable: true }], approvers: [], cap: null, changedTo: null } },
    { kind: 'rate', key: 'r', scope: 'US01-TECH-A', document: { projectNumber: 'US01-TECH-A', laborCategory: 'ENGINEER', unit: 'hour', rate: '220.00', currency: 'USD', ...OPEN } },
  ];
  const sheets = emails.map((person, n) => {
    const id = `TS-${n}`;
    const entries = Array.from({ length: 10 }, (_, e) => ({
      schema: 'time-entry' as const, schemaVersion: 1 as const, system: 'harvest', id: `E-${n}-${e}`, version: 1, replaces: null, person, workDate: `2026-11-${String(9 + Math.floor(e / 2)).padStart(2, '0')}`, hours: e % 2 === 0 ? '5' : '3', clock: null,
      projectNumber: n % 30 === 0 && e === 3 ? 'NOWHERE' : 'US01-TECH-A', task: '2-2', role: null, laborCategory: 'ENGINEER', costCenter: null, billable: true, notes: `Work ${n} ${e}`,
    }));
    const sheet: Timesheet = { schema: 'timesheet', schemaVersion: 1, system: 'harvest', id, version: 1, replaces: null, person, weekStart: '2026-11-09', approval: { schema: 'approval', schemaVersion: 1, of: { id, version: 1 }, status: 'approved', approver: 'grace@northwind-consulting.example', decidedAt: '2026-11-16T09:00:00.000Z', reason: null }, entries };
    return { sheet, legalEntity: 'US01' };
  });
  return { config, asOf: '2026-11-16T12:00:00.000Z', references, sheets };
}
