/** https://help.getharvest.com/api-v2/reports-api/reports/time-reports/ : hours and billable amounts of a period by project; at most a year. */
import { Decimal } from 'decimal.js';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { unprocessable } from './errors.ts';
import { queryOf, sendList, type Service } from './http.ts';
import type { TimeEntry } from './model.ts';
import { readParameters } from './parameters.ts';

const DAY = /^\d{4}-?\d{2}-?\d{2}$/;
const Period = z.object({ from: z.string().regex(DAY, 'is not a valid date'), to: z.string().regex(DAY, 'is not a valid date') });

export function installReports(app: FastifyInstance, service: Service): void {
  const { account } = service;
  app.get('/v2/reports/time/projects', (request, reply) => {
    const { from, to } = periodOf(queryOf(request));
    const byProject = Map.groupBy(
      account.timeEntries.collection.filter((entry) => entry.spent_date >= from && entry.spent_date <= to),
      (entry) => entry.project_id,
    );
    const rows = [...byProject].map(([id, entries]) => ({ id, ...row(service, id, entries) }));
    return sendList(service, request, reply, 'results', rows, ({ id: _, ...shown }) => JSON.stringify(shown));
  });
}

function row({ account }: Service, projectId: number, entries: readonly TimeEntry[]): object {
  const project = account.projects.get(projectId);
  const client = account.clients.get(project?.client_id ?? 0);
  const billable = entries.filter((entry) => entry.billable);
  return {
    project_id: projectId,
    project_name: project?.name ?? '',
    client_id: client?.id ?? null,
    client_name: client?.name ?? '',
    total_hours: sum(entries.map((entry) => entry.hours)),
    billable_hours: sum(billable.map((entry) => entry.hours)),
    currency: client?.currency ?? '',
    billable_amount: sum(billable.map((entry) => new Decimal(entry.hours).times(entry.billable_rate ?? 0).toNumber())),
  };
}

function periodOf(query: Readonly<Record<string, string>>): { from: string; to: string } {
  const { from, to } = readParameters(Period, query);
  const period = { from: dashed(from), to: dashed(to) };
  if (Date.parse(period.to) - Date.parse(period.from) > 366 * 86_400_000) throw unprocessable('The timeframe must be one year or less');
  return period;
}

function dashed(day: string): string {
  const digits = day.replaceAll('-', '');
  return `${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6)}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total.plus(each), new Decimal(0)).toDecimalPlaces(2).toNumber();
}
