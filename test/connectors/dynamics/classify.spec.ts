import assert from 'node:assert/strict';
import { classifyDynamics, saidIn } from '../../../connectors/dynamics/classify.ts';

const WRITE = 'Microsoft.Dynamics.Platform.Integration.Services.OData.AxODataWriteException';
const inner = (message: string, type = WRITE) => ({ error: { code: '', message: 'An error has occurred.', innererror: { message, type, stacktrace: '   at Update.UpdateProcessor.CreateEntity_Save' } } });
const outer = (message: string) => ({ error: { code: '', message } });
const verdictOf = (status: number, body: unknown, headers: Record<string, string> = {}) => classifyDynamics({ status, headers, body, text: JSON.stringify(body) ?? '' }, { object: 'project P1', writes: true });
const meaningOf = (...given: Parameters<typeof verdictOf>) => {
  const verdict = verdictOf(...given);
  assert.ok(verdict !== 'token_refused');
  return verdict;
};

describe('An answer of Dynamics 365 that says no', () => {
  for (const [what, status, body, kind, code] of [
    ['a value its table does not have', 400, inner("Write failed for table row of type 'CustCustomerV3Entity'. Infolog: Warning: The value 'Local' in field 'Customer group' is not found in the related table 'Customer groups'.; Warning: validateField failed on field 'CustCustomerV3Entity.CustomerGroupId'."), 'configuration', 'DYNAMICS_VALUE_UNKNOWN'],
    ['a record that is there already', 400, inner("Write failed for table row of type 'CustCustomerGroupEntity'. Infolog: Info: Cannot create a record in Customer groups (CustGroup). Customer group: T1.\nThe record already exists.."), 'business_rule', 'DYNAMICS_RECORD_EXISTS'],
    ['the same, as a batch words its status', 500, inner("Write failed for table row of type 'CustCustomerGroupEntity'. Infolog: Info: Cannot create a record in Customer groups (CustGroup). Customer group: T1.\nThe record already exists.."), 'business_rule', 'DYNAMICS_RECORD_EXISTS'],
    ['a rule of the table', 400, inner("Write failed for table row of type 'CustCustomerV3Entity'. Infolog: Error: Cannot create customer with account number 'C-1' with same party number as prospect 'P-1'."), 'business_rule', 'DYNAMICS_WRITE_REFUSED'],
    ['an update conflict', 400, inner("Write failed for table row of type 'ProjectEntity'. Cannot edit a record in Projects (ProjTable). An update conflict occurred due to another user process deleting the record or changing one or more fields in the record."), 'transient', 'DYNAMICS_CONFLICT'],
    ['companies without Project Operations', 400, inner("Write failed for table row of type 'ProjProjectContractHeaderEntity'. Infolog: Error: Legal entity 'us01' has not turned on Project Operations Integration."), 'configuration', 'DYNAMICS_PROJECT_ENTITIES'],
    ['a record that is used', 400, inner("Delete failed for table row of type 'ProjectEntity'. Infolog: Error: Cannot delete a record in Projects (ProjTable). Transactions exist."), 'business_rule', 'DYNAMICS_IN_USE'],
    ['a journal that has been posted', 400, inner("Write failed for table row of type 'ProjJournalTransEntity'. Infolog: Error: Journal Q2C-20261116-01 has been posted."), 'business_rule', 'DYNAMICS_JOURNAL_POSTED'],
    ['a journal that somebody has open', 400, inner("Write failed for table row of type 'ProjJournalTransEntity'. Infolog: Error: Journal Q2C-20261116-01 is in use by user FIONA."), 'transient', 'DYNAMICS_JOURNAL_LOCKED'],
    ['a journal that is locked', 400, inner("Write failed for table row of type 'ProjJournalTransEntity'. Infolog: Error: Journal Q2C-20261116-01 is locked by the system."), 'transient', 'DYNAMICS_JOURNAL_LOCKED'],
    ['too many requests', 429, outer('This request could not be processed at this time due to system experiencing high resource utilization.'), 'transient', 'DYNAMICS_THROTTLED'],
    ['a record that is gone, without a body', 404, undefined, 'business_rule', 'DYNAMICS_NOT_FOUND'],
    ['a property the entity does not have', 400, inner("The property 'Colour' does not exist on type 'Microsoft.Dynamics.DataEntities.Project'.", 'Microsoft.OData.ODataException'), 'contract', 'DYNAMICS_REQUEST_INVALID'],
    ['an entity that is not there', 404, inner("Resource not found for the segment 'ProjectsV9'."), 'configuration', 'DYNAMICS_ENTITY_MISSING'],
    ['a record that is gone', 404, outer('No resources were found when selecting for update.'), 'business_rule', 'DYNAMICS_NOT_FOUND'],
    ['a version that is no longer', 412, outer('The etag differs.'), 'transient', 'DYNAMICS_CHANGED_MEANWHILE'],
    ['a permission that is missing', 403, outer('Access denied to entity ProjectEntity.'), 'configuration', 'DYNAMICS_PERMISSION'],
    ['an error of its own', 500, outer('An error has occurred.'), 'transient', 'DYNAMICS_HTTP_500'],
    ['a gateway\'s page', 503, undefined, 'transient', 'DYNAMICS_HTTP_503'],
  ] as const) {
    it(`tells ${what} by ${code}`, () => {
      const meaning = meaningOf(status, body);
      assert.deepEqual([meaning.kind, meaning.code], [kind, code]);
      assert.match(meaning.message, /project P1/);
      assert.ok(meaning.mend.length > 0);
    });
  }

  it('leaves no doubt where the table refused the write, whatever the status, and doubt where Dynamics failed', () => {
    assert.equal(meaningOf(500, inner("Write failed for table row of type 'X'. Infolog: Error: No.")).refused, true);
    assert.equal(meaningOf(500, outer('An error has occurred.')).refused, undefined);
  });

  it('waits as long as Dynamics says, ten seconds where it does not', () => {
    const busy = outer('This request could not be processed at this time due to system experiencing high resource utilization.');
    assert.deepEqual([meaningOf(429, busy, { 'retry-after': '37' }).retryAfterMs, meaningOf(429, busy).retryAfterMs, meaningOf(429, undefined).kind], [37_000, 10_000, 'transient']);
  });

  it('asks for a new token', () => {
    assert.equal(verdictOf(401, undefined), 'token_refused');
  });

  it('says what the innermost message says, without its stack', () => {
    const nested = { error: { code: '', message: 'An error has occurred.', innererror: { message: 'Outer', internalexception: { message: 'The actual cause', internalexception: { message: '' } } } } };
    assert.equal(saidIn(nested), 'The actual cause');
    for (const [, body] of [['text', 'no'], ['null', null], ['an array', []], ['a Dataverse body', { Message: 'No' }]] as const) assert.equal(saidIn(body), null);
  });
});
