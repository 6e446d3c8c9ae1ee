import { Migrator } from 'kysely';
import type { Migration } from 'kysely';
import pg from 'pg';
import { ADVISORY_LOCKS } from './advisory-locks.ts';
import type { Store } from './database.ts';
import * as auditTrail from './migrations/0001-audit-trail.ts';
import * as inbox from './migrations/0002-inbox.ts';
import * as postingLedger from './migrations/0003-posting-ledger.ts';
import * as documents from './migrations/0004-documents.ts';
import * as processes from './migrations/0005-processes.ts';
import * as targetSlots from './migrations/0006-target-slots.ts';
import * as reporting from './migrations/0007-reporting.ts';
import * as postingObjects from './migrations/0008-posting-objects.ts';
import * as time from './migrations/0009-time.ts';
import * as payroll from './migrations/0010-payroll.ts';
import * as timeFacts from './migrations/0012-time-facts.ts';
import * as expenses from './migrations/0013-expenses.ts';
import * as unreadLines from './migrations/0014-unread-lines.ts';
import * as warehouseChanges from './migrations/0015-warehouse-changes.ts';
import * as caseTickets from './migrations/0016-case-tickets.ts';
import * as takenBack from './migrations/0017-taken-back-before-posted.ts';
import * as senderAnswers from './migrations/0018-sender-answers.ts';
import * as targetLimit from './migrations/0019-target-limit.ts';
import * as sharedCaps from './migrations/0020-shared-caps.ts';
import * as targetRate from './migrations/0021-target-rate.ts';
import * as refusedTogether from './migrations/0022-refused-together.ts';
import * as batchTrace from './migrations/0023-batch-trace.ts';

/** Never edited once released: a change is a new migration. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-audit-trail': auditTrail,
  '0002-inbox': inbox,
  '0003-posting-ledger': postingLedger,
  '0004-documents': documents,
  '0005-processes': processes,
  '0006-target-slots': targetSlots,
  '0007-reporting': reporting,
  '0008-posting-objects': postingObjects,
  '0009-time': time,
  '0010-payroll': payroll,
  '0012-time-facts': timeFacts,
  '0013-expenses': expenses,
  '0014-unread-lines': unreadLines,
  '0015-warehouse-changes': warehouseChanges,
  '0016-case-tickets': caseTickets,
  '0017-taken-back-before-posted': takenBack,
  '0018-sender-answers': senderAnswers,
  '0019-target-limit': targetLimit,
  '0020-shared-caps': sharedCaps,
  '0021-target-rate': targetRate,
  '0022-refused-together': refusedTogether,
  '0023-batch-trace': batchTrace,
};

/**
 * Brings the store to the newest schema. Any number of processes may call it at once: they queue on an advisory lock, which ends with its
 * connection, so a killed process blocks nobody.
 * @returns the names of the migrations this call ran.
 * @throws Error when a migration fails (that migration is rolled back) or the store is newer than this build.
 */
export async function migrateStore(store: Store): Promise<readonly string[]> {
  const guard = new pg.Client({ connectionString: store.url, application_name: 'q2c migration lock' });
  await guard.connect();
  try {
    await guard.query('select pg_advisory_lock($1)', [ADVISORY_LOCKS.migration]);
    const migrator = new Migrator({ db: store.db, provider: { getMigrations: async () => ({ ...MIGRATIONS }) } });
    const { error, results = [] } = await migrator.migrateToLatest();
    if (error !== undefined) {
      const failed = results.find((result) => result.status === 'Error')?.migrationName;
      const what = failed === undefined ? 'the store could not be migrated' : `migration ${failed} failed and was rolled back`;
      throw new Error(`${what}: ${error instanceof Error ? error.message : 'for an unknown reason'}`, { cause: error });
    }
    return results.map((result) => result.migrationName);
  } finally {
    await guard.end();
  }
}
