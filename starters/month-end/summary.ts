import type { LaborPort } from '../../connectors/labor-port.ts';
import type { Log } from '../../connectors/ports.ts';
import { openCases } from '../../store/cases.ts';
import type { Db } from '../../store/database.ts';
import { countedAtDoor, ledgerTotals, monthLeft } from '../../store/time/month.ts';
import { bookedTotals, entriesAgainstLedger } from '../../store/time/posted.ts';
import { askErps, erpTable } from './erp-check.ts';
import { amissOf, ledgerDifferences, ledgerTable } from './ledger-check.ts';
import { reconcile } from './reconcile.ts';
import { reconciliationTable } from './reconciliation-table.ts';
import type { SampleMonth } from './sample/index.ts';
import { sideSums } from './sums.ts';
import { createWorth } from './worth.ts';

export interface SummaryTerms {
  readonly db: Db;
  readonly month: Pick<SampleMonth, 'reference' | 'terms'>;
  readonly hoursPerDay: number;
  readonly portOf: (system: string) => Pick<LaborPort, 'totals'>;
  readonly log: Log;
  readonly tell: (line: string) => void;
}

/**
 * Holds the month together: what was received against what became of it; what is in force, entry by entry and added up, against the labor ledger; and
 * the ledger against what each ERP says it has.
 * @returns ok where all of it agrees and nothing is left to do
 */
export async function summarize({ db, month, hoursPerDay, portOf, log, tell }: SummaryTerms): Promise<{ readonly ok: boolean }> {
  const employers = new Map([...month.reference()].flatMap(({ kind, key, document }) => (kind === 'person' ? [[key, String(Reflect.get(document, 'legalEntity'))] as const] : [])));
  const sums = await sideSums(db, createWorth(month.reference(), hoursPerDay), (person) => employers.get(person));
  const booked = await bookedTotals(db);
  const reconciliation = reconcile(sums, [...ledgerDifferences(booked), ...(await entriesAgainstLedger(db)).map(amissOf)]);
  tell('');
  tell('What was received against what became of it, by the legal entity of the person:');
  tell('');
  tell(reconciliationTable(reconciliation));
  const counted = await countedAtDoor(db);
  if (counted > 0) tell(`${counted} unreadable timesheets were not kept and are in none of these sums: their sender was told and has to send them again.`);
  tell('');
  tell('What is accepted and in force against the labor ledger, by legal entity of the books; lines taken back are those of corrections and withdrawals:');
  tell('');
  tell(ledgerTable(booked));
  const erpLines = await askErps(await ledgerTotals(db), portOf, { from: `${month.terms.month}-01`, to: `${month.terms.month}-31` }, log);
  tell('');
  tell('What each ERP says it has, asked from it, by legal entity of the books:');
  tell('');
  tell(erpTable(erpLines));
  const left = await monthLeft(db);
  const cases = await openCases(db, { limit: 100_000 });
  tell('');
  tell(`${cases.length} cases wait for a person: npm run q2c -- exceptions`);
  for (const [code, of] of [...Map.groupBy(cases, ({ code: one }) => one)].toSorted(([, one], [, other]) => other.length - one.length).slice(0, 8)) tell(`  ${String(of.length).padStart(5)}  ${code}`);
  if (left.unposted + left.undecided > 0) tell(`${left.undecided} timesheets are undecided and ${left.unposted} lines are in no ERP yet.`);
  return { ok: reconciliation.reconciles && counted === 0 && erpLines.every(({ agrees }) => agrees) && left.unposted + left.undecided === 0 };
}
