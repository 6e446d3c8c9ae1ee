import assert from 'node:assert/strict';
import { classifySap, saidIn } from '../../../connectors/sap/classify.ts';

const body = (code: string, value: string, details: readonly { code: string; message: string; severity: string }[] = []) => ({ error: { code, message: { lang: 'en', value }, innererror: { application: { component_id: 'LO-MD-BP' }, transactionid: 'X', errordetails: details } } });
const HEX = '005056A509B11EE1B9A8FEC11C21578E';
const verdictOf = (status: number, given: unknown, headers: Record<string, string> = {}) => classifySap({ status, headers, body: given, text: JSON.stringify(given) ?? '' }, { object: 'project P1', writes: true });
const meaningOf = (...given: Parameters<typeof verdictOf>) => {
  const verdict = verdictOf(...given);
  assert.ok(verdict !== 'token_refused');
  return verdict;
};

describe('An answer of SAP that says no', () => {
  for (const [what, status, given, kind, code] of [
    ['a value its configuration does not have', 400, body('R11/110', 'Company code 9999 does not exist'), 'configuration', 'SAP_VALUE_UNKNOWN'],
    ['a customer without a sales area', 400, body('VP/204', 'Sold-to party 17 not maintained for sales area 1710 10 00'), 'configuration', 'SAP_VALUE_UNKNOWN'],
    ['a record that is there already', 400, body('/S4PPM/CRUD/101', 'Project P1 already exists'), 'business_rule', 'SAP_EXISTS'],
    ['a record that somebody has open', 400, body('V1/042', 'Sales document 40001 is currently being processed by FIONA'), 'transient', 'SAP_LOCKED'],
    ['a period that is closed', 400, body('F5/201', 'Posting period 010 2026 is not open'), 'business_rule', 'SAP_PERIOD_CLOSED'],
    ['a record that is used', 400, body('/S4PPM/CRUD/210', 'Project P1 cannot be deleted: postings or assignments exist'), 'business_rule', 'SAP_IN_USE'],
    ['a rule of the application', 400, body('/S4PPM/CRUD/377', 'Use the Project entity to update the project definition.'), 'business_rule', 'SAP_REFUSED'],
    ['a property that the service does not have', 400, body(HEX, "Property 'Colour' is invalid"), 'contract', 'SAP_REQUEST_INVALID'],
    ['a change without a version', 428, body('SADL_ENTITY_RUNTIME/006', 'Precondition required for action in entity CDS~A_ENTERPRISEPROJECT_2 (If-Match missing)'), 'contract', 'SAP_IF_MATCH'],
    ['a version that is no longer', 412, body('/IWBEP/CM_MGW_RT/022', 'Precondition failed'), 'transient', 'SAP_CHANGED_MEANWHILE'],
    ['a service that is not active', 403, body('/IWFND/MED/170', "No service found for namespace '/SAP/', name 'API_X', version '0001'"), 'configuration', 'SAP_SERVICE_MISSING'],
    ['an entity set that is not there', 404, body(HEX, "Resource not found for the segment 'A_X'"), 'configuration', 'SAP_SERVICE_MISSING'],
    ['a record that is gone', 404, body('/IWBEP/CM_MGW_RT/020', "Resource not found for segment 'A_SalesOrderType'"), 'business_rule', 'SAP_NOT_FOUND'],
    ['a record that is gone, without a body', 404, undefined, 'business_rule', 'SAP_NOT_FOUND'],
    ['a permission that is missing', 403, body('/IWBEP/CM_MGW/055', 'You are not authorized'), 'configuration', 'SAP_PERMISSION'],
    ['an error of its own', 500, body('SY/530', "Runtime Error: 'TIME_OUT'"), 'transient', 'SAP_HTTP_500'],
    ['a gateway\'s page', 503, undefined, 'transient', 'SAP_HTTP_503'],
  ] as const) {
    it(`tells ${what} by ${code}`, () => {
      const meaning = meaningOf(status, given);
      assert.deepEqual([meaning.kind, meaning.code, meaning.refused], [kind, code, undefined]);
      assert.match(meaning.message, /project P1/);
      assert.ok(meaning.mend.length > 0);
    });
  }

  it('tells too many requests by SAP_THROTTLED, whatever came with it', () => {
    for (const given of [undefined, body('/IWFND/CM_COS/101', 'Too many requests')]) assert.deepEqual([meaningOf(429, given).kind, meaningOf(429, given).code], ['transient', 'SAP_THROTTLED']);
  });

  it('asks for a new session where the CSRF token is refused or the logon has expired, not where a permission is missing', () => {
    for (const required of ['Required', 'required']) assert.equal(verdictOf(403, undefined, { 'x-csrf-token': required }), 'token_refused');
    assert.equal(verdictOf(401, undefined), 'token_refused');
    assert.equal(meaningOf(403, undefined).code, 'SAP_HTTP_403');
  });

  it('waits as long as SAP says, ten seconds where it does not', () => {
    assert.deepEqual([meaningOf(429, undefined, { 'retry-after': '37' }).retryAfterMs, meaningOf(429, undefined).retryAfterMs, meaningOf(429, undefined).refused], [37_000, 10_000, true]);
  });

  it('says what the details say, without those of the framework, warnings and repetitions', () => {
    const said = saidIn(body('V1/313', 'Sales area is not defined', [
      { code: 'V1/313', message: 'Sales area is not defined', severity: 'error' }, { code: 'V1/314', message: 'Check the sales organization', severity: 'error' },
      { code: 'V1/315', message: 'Something else', severity: 'warning' }, { code: '/IWBEP/CX_MGW_BUSI_EXCEPTION', message: 'An exception was raised', severity: 'error' },
    ]));
    assert.deepEqual(said, { code: 'V1/313', text: 'Sales area is not defined Check the sales organization' });
    for (const other of ['no', null, [], { error: 'invalid_client' }, { error: { message: 7 } }]) assert.equal(saidIn(other), null);
  });
});
