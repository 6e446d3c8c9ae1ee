import assert from 'node:assert/strict';
import { withChecksum } from '../../../sandbox/salesforce/ids.ts';
import { startOrg, type Org } from './salesforce-org.ts';

const [accountA, accountB] = ['0015g00000AAAAA', '0015g00000BBBBB'].map(withChecksum);
const [dealA, dealB, dealC] = ['0065g00000AAAAA', '0065g00000BBBBB', '0065g00000CCCCC'].map(withChecksum);

interface Answer {
  readonly totalSize: number;
  readonly records: Record<string, unknown>[];
}

describe('Salesforce sandbox: SOQL', () => {
  let org: Org;
  before(async () => {
    org = await startOrg();
    await org.admin('POST', '/seed', {
      Account: [
        { Id: accountA, Name: "O'Neill & Sons", BillingCountryCode: 'IE', SystemModstamp: '2026-11-01T08:00:00.000Z' },
        { Id: accountB, Name: 'Beta_Works', ParentId: accountA, SystemModstamp: '2026-11-02T08:00:00.000Z' },
      ],
      Opportunity: [
        { Id: dealA, Name: 'Alpha', AccountId: accountB, StageName: 'Closed Won', Amount: 500, CloseDate: '2026-11-10' },
        { Id: dealB, Name: 'beta', AccountId: accountA, StageName: 'Closed Lost', Amount: 100, CloseDate: '2026-11-12' },
        { Id: dealC, Name: 'Gamma', StageName: 'Prospecting', CloseDate: '2026-12-01' },
      ],
      OpportunityLineItem: [
        { OpportunityId: dealA, Name: 'Build', Quantity: 10, UnitPrice: 30 },
        { OpportunityId: dealA, Name: 'Advise', Quantity: 5, UnitPrice: 40 },
      ],
    });
  });
  after(() => org.sandbox.close());

  const query = async (soql: string): Promise<Answer> => {
    const answer = await org.call('GET', `/query?q=${encodeURIComponent(soql)}`);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body as Answer;
  };
  const names = async (where: string): Promise<unknown[]> =>
    (await query(`SELECT Name FROM Opportunity ${where}`)).records.map((row) => row['Name']);

  it('filters by every operator, with and, or, not and parentheses', async () => {
    assert.deepEqual(await names("WHERE StageName = 'closed won'"), ['Alpha']);
    assert.deepEqual(await names("WHERE StageName != 'Closed Won' ORDER BY Name"), ['beta', 'Gamma']);
    assert.deepEqual(await names('WHERE Amount > 100'), ['Alpha']);
    assert.deepEqual(await names('WHERE Amount >= 100 AND Amount <= 400'), ['beta']);
    assert.deepEqual(await names('WHERE Amount = null'), ['Gamma']);
    assert.deepEqual(await names('WHERE CloseDate < 2026-11-12'), ['Alpha']);
    assert.deepEqual(await names("WHERE Name LIKE '%a' AND (NOT Name LIKE 'g_mma')"), ['Alpha', 'beta']);
    assert.deepEqual(await names("WHERE Name IN ('Alpha', 'Gamma') AND (IsWon = true OR Amount = null)"), ['Alpha', 'Gamma']);
    assert.deepEqual(await names("WHERE Name NOT IN ('Alpha')"), ['beta', 'Gamma']);
    assert.deepEqual(await names("WHERE Account.Parent.Name = 'O\\'Neill & Sons'"), ['Alpha']);
    assert.deepEqual(await names("WHERE Id = '0065g00000AAAAA'"), ['Alpha']);
  });

  it('compares instants', async () => {
    const later = await query('SELECT Name FROM Account WHERE SystemModstamp > 2026-11-01T09:00:00+01:00');
    assert.deepEqual(
      later.records.map((row) => row['Name']),
      ['Beta_Works'],
    );
  });

  it('sorts by several fields, empty ones first unless descending, and cuts out a page', async () => {
    assert.deepEqual(await names('ORDER BY Amount'), ['Gamma', 'beta', 'Alpha']);
    assert.deepEqual(await names('ORDER BY IsClosed DESC, Amount ASC NULLS LAST'), ['beta', 'Alpha', 'Gamma']);
    assert.deepEqual(await names('ORDER BY Name LIMIT 1 OFFSET 1'), ['beta']);
  });

  it('shows parents and children nested, and counts', async () => {
    const { records } = await query(
      "SELECT Id, Account.Name, Account.Parent.Id, (SELECT Name, TotalPrice FROM OpportunityLineItems ORDER BY TotalPrice) FROM Opportunity WHERE Name IN ('Alpha','Gamma') ORDER BY Name",
    );
    const [alpha, gamma] = records;
    const account = alpha?.['Account'] as Record<string, unknown>;
    assert.equal(account['Name'], 'Beta_Works');
    assert.equal((account['Parent'] as Record<string, unknown>)['Id'], accountA);
    const lines = alpha?.['OpportunityLineItems'] as Answer;
    assert.deepEqual(
      lines.records.map((line) => [line['Name'], line['TotalPrice']]),
      [
        ['Advise', 200],
        ['Build', 300],
      ],
    );
    assert.deepEqual([gamma?.['Account'], gamma?.['OpportunityLineItems']], [null, null]);
    assert.equal((await query('SELECT COUNT() FROM Opportunity WHERE IsClosed = true')).totalSize, 2);
  });

  it('says what is wrong with a query, and where', async () => {
    const wrong = async (soql: string): Promise<string> => {
      const answer = await org.call('GET', `/query?q=${encodeURIComponent(soql)}`);
      assert.equal(answer.status, 400);
      const [error] = answer.body as { errorCode: string; message: string }[];
      return `${error?.errorCode}: ${error?.message}`;
    };
    assert.match(await wrong('SELECT Id FORM Account'), /^MALFORMED_QUERY: [^]*\^\nERROR at Row:1:Column:11\nunexpected token: 'FORM'$/);
    assert.match(await wrong('SELECT Id, Foo FROM Account'), /^INVALID_FIELD: [^]*Column:12\nNo such column 'Foo' on entity 'Account'/);
    assert.match(await wrong('SELECT Id FROM Invoice'), /^INVALID_TYPE: [^]*sObject type 'Invoice' is not supported/);
    assert.match(await wrong('SELECT Owner.Name FROM Account'), /^INVALID_FIELD: [^]*Didn't understand relationship 'Owner'/);
    assert.match(await wrong("SELECT Id FROM Account WHERE Name = 'a' AND Name = 'b' OR Name = 'c'"), /^MALFORMED_QUERY/);
    assert.match(await wrong("SELECT Id FROM Opportunity WHERE Amount = 'x'"), /^INVALID_FIELD: filter criterion/);
    assert.match(await wrong("SELECT Id FROM Account WHERE Name = 'unclosed"), /^MALFORMED_QUERY/);
  });
});
