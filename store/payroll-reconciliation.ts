import { sql } from 'kysely';
import { addDecimal, decimalText } from '../domain/money.ts';
import type { Db } from './database.ts';

export interface Counted {
  readonly payLines: number;
  readonly hours: string;
}

/** Of one employer and pay period: `total` is the sum of the others, or `balanced` is false. */
export interface PayrollReconciliation {
  readonly employer: string;
  readonly payPeriod: string;
  readonly total: Counted;
  /** In no export yet. */
  readonly waiting: Counted;
  /** In an export that is not acknowledged yet. */
  readonly underWay: Counted;
  readonly accepted: Counted;
  /** Rejected by the bureau and not settled. */
  readonly rejected: Counted;
  /** Paid by hand. */
  readonly byHand: Counted;
  /** Hours and their reversal in one export: nothing to tell. */
  readonly cancelledOut: Counted;
  /** Hours of the lines that exports hold, as the bureau was told them. */
  readonly told: string;
  readonly balanced: boolean;
}

const PARTS = ['waiting', 'underWay', 'accepted', 'rejected', 'byHand', 'cancelledOut'] as const;

interface Row {
  readonly employer: string;
  readonly pay_period: string;
  readonly part: (typeof PARTS)[number] | 'lost';
  readonly pay_lines: number;
  readonly hours: string;
}

/** Pay lines = exported + waiting, per employer and pay period, in lines and hours; and what exports hold against what the bureau was told. */
export async function reconcilePayroll(db: Db, only: { readonly employer?: string; readonly payPeriod?: string } = {}): Promise<PayrollReconciliation[]> {
  const { employer = null, payPeriod = null } = only;
  const { rows } = await sql<Row>`
    select p.employer, p.pay_period, case
        when p.payroll_export is null then 'waiting'
        when e.id is null then 'lost'
        when p.payroll_line is null then 'cancelledOut'
        when l.state = 'rejected' then 'rejected'
        when l.state = 'by_hand' then 'byHand'
        when l.state is distinct from 'exported' then 'lost'
        when e.state = 'acknowledged' then 'accepted'
        when e.state in ('planned', 'sent') then 'underWay'
        else 'lost' end as part,
      count(*)::int as pay_lines, sum(p.hours) as hours
    from pay_line p left join payroll_export e on e.id = p.payroll_export left join payroll_line l on l.export = p.payroll_export and l.line = p.payroll_line
    where (${employer}::text is null or p.employer = ${employer}) and (${payPeriod}::text is null or p.pay_period = ${payPeriod})
    group by 1, 2, 3 order by 1, 2`.execute(db);
  const { rows: told } = await sql<{ employer: string; pay_period: string; hours: string }>`
    select e.employer, e.pay_period, sum(l.hours) as hours from payroll_export e join payroll_line l on l.export = e.id and l.state <> 'released' group by 1, 2`.execute(db);
  const toldOf = new Map(told.map((row) => [`${row.employer}.${row.pay_period}`, decimalText(row.hours)]));
  return [...Map.groupBy(rows, (row) => `${row.employer}.${row.pay_period}`)].map(([key, of]) => reconciled(of, toldOf.get(key) ?? '0'));
}

function reconciled(rows: readonly Row[], told: string): PayrollReconciliation {
  const counted = (wanted: readonly Row[]): Counted => ({ payLines: wanted.reduce((sum, row) => sum + row.pay_lines, 0), hours: sumOf(wanted.map((row) => row.hours)) });
  const [waiting, underWay, accepted, rejected, byHand, cancelledOut] = PARTS.map((part) => counted(rows.filter((row) => row.part === part)));
  const none: Counted = { payLines: 0, hours: '0' };
  const inExports = rows.filter((row) => row.part !== 'waiting' && row.part !== 'lost');
  return {
    employer: rows[0]?.employer ?? '',
    payPeriod: rows[0]?.pay_period ?? '',
    total: counted(rows),
    waiting: waiting ?? none,
    underWay: underWay ?? none,
    accepted: accepted ?? none,
    rejected: rejected ?? none,
    byHand: byHand ?? none,
    cancelledOut: cancelledOut ?? none,
    told,
    balanced: rows.every((row) => row.part !== 'lost') && sumOf(inExports.map((row) => row.hours)) === told,
  };
}

function sumOf(hours: readonly string[]): string {
  return hours.reduce(addDecimal, '0');
}
