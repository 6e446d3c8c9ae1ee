import { describeWarehousePort } from '../conformance/warehouse.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';
import { startAccount, type Account } from './account.ts';

describe('Snowflake', () => {
  let account: Account;
  before(async () => {
    account = await startAccount({ partitionRows: 3 });
  });
  after(() => account?.close());

  describeWarehousePort(
    { name: 'Snowflake over its SQL API', port: () => account.connect(), rows: (table) => account.rows(table), write: { method: 'POST', path: '^/api/v2/statements$' }, badAnswers: { prepare: { 'unknown-values': 'contract SNOWFLAKE_RESULT no' }, merge: { 'unknown-values': 'contract SNOWFLAKE_RESULT unknown' }, totals: { 'unknown-values': 'contract SNOWFLAKE_RESULT no' } } },
    sandboxFaults(() => account.url),
  );
});
