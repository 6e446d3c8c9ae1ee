/** The example firm's US company as Gusto has it before any export: its people, all paid by the hour, and a payroll every two weeks. */
const PEOPLE = [['Ingrid', 'Solberg', 'Principal'], ['Marcus', 'Whitfield', 'Partner'], ['Dana', 'Kowalski', 'Project Manager']] as const;

export const EMPLOYEES = PEOPLE.map(([first_name, last_name, title]) => ({
  first_name, last_name, work_email: `${first_name}.${last_name}@northwind-consulting.example`.toLowerCase(), jobs: [{ title }],
}));

const DAY_MS = 86_400_000;
const PERIOD_DAYS = 14;
/** The pay schedule, that of config/regional-rules.yaml: a period began on this Sunday, and is paid on the Friday after its end. */
const ANCHOR = Date.parse('2026-01-04T00:00:00Z');
const PAID_AFTER_DAYS = 6;
/** As far as the firm keeps pay periods, half a year back and more than a year ahead. */
const DAYS_BACK = 235;
const DAYS_AHEAD = 435;

/** A regular payroll for each pay period around a day. */
export function payrollsAround(now: Date): readonly object[] {
  const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  const first = Math.floor((now.getTime() - DAYS_BACK * DAY_MS - ANCHOR) / (PERIOD_DAYS * DAY_MS));
  return Array.from({ length: Math.ceil((DAYS_BACK + DAYS_AHEAD) / PERIOD_DAYS) + 1 }, (_, index) => {
    const from = ANCHOR + (first + index) * PERIOD_DAYS * DAY_MS;
    const end = from + (PERIOD_DAYS - 1) * DAY_MS;
    return { start_date: dayOf(from), end_date: dayOf(end), check_date: dayOf(end + PAID_AFTER_DAYS * DAY_MS) };
  });
}
