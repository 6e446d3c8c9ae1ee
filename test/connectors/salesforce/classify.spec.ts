import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { classifySalesforce, classifySalesforceToken } from '../../../connectors/salesforce/classify.ts';
import type { Classifier, Verdict } from '../../../connectors/http/classify.ts';

const asked = { object: 'deal 006', writes: true };

function verdict(classify: Classifier, status: number, body: unknown, headers = {}): Verdict {
  return classify({ status, headers, body, text: JSON.stringify(body) }, asked);
}

function kind(result: Verdict): string {
  return result === 'token_refused' ? result : result.kind;
}

describe('what Salesforce\'s refusals mean', () => {
  const rows: readonly (readonly [number, string, string, string])[] = [
    [401, 'INVALID_SESSION_ID', 'Session expired or invalid', 'token_refused'],
    [401, 'INVALID_SESSION_ID', 'Connected app is not attached to Agent', 'configuration'],
    [401, 'INVALID_SESSION_ID', 'This session is not valid for use with the REST API', 'configuration'],
    [403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.', 'transient'],
    [400, 'UNABLE_TO_LOCK_ROW', 'unable to obtain exclusive access', 'transient'],
    [400, 'INVALID_FIELD', "No such column 'Legal_Entity__c' on entity 'Opportunity'", 'configuration'],
    [403, 'INSUFFICIENT_ACCESS_OR_READONLY', 'insufficient access rights', 'configuration'],
    [404, 'NOT_FOUND', 'The requested resource does not exist', 'business_rule'],
    [404, 'ENTITY_IS_DELETED', 'entity is deleted', 'business_rule'],
    [400, 'FIELD_CUSTOM_VALIDATION_EXCEPTION', 'A closed deal cannot be changed', 'business_rule'],
    [400, 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST', 'bad value for restricted picklist field', 'business_rule'],
    [400, 'MALFORMED_QUERY', 'unexpected token', 'contract'],
    [500, 'UNKNOWN_EXCEPTION', 'An unexpected error occurred', 'transient'],
    [503, 'SERVER_UNAVAILABLE', 'Try again later', 'transient'],
  ];
  for (const [status, errorCode, message, expected] of rows) {
    it(`${status} ${errorCode} "${message}" is ${expected}`, () => {
      assert.equal(kind(verdict(classifySalesforce, status, [{ errorCode, message }])), expected);
    });
  }

  it('names each by Salesforce\'s own code', () => {
    for (const [status, kindOf, codes] of [
      [400, 'transient', ['SALESFORCE_TXN_SECURITY_METERING_ERROR', 'SALESFORCE_UNABLE_TO_LOCK_ROW', 'SALESFORCE_QUERY_TIMEOUT', 'SALESFORCE_INVALID_QUERY_LOCATOR', 'SALESFORCE_INVALID_REPLICATION_DATE']],
      [403, 'transient', ['SALESFORCE_REQUEST_LIMIT_EXCEEDED']],
      [503, 'transient', ['SALESFORCE_SERVER_UNAVAILABLE']],
      [400, 'configuration', ['SALESFORCE_INVALID_FIELD', 'SALESFORCE_INVALID_TYPE', 'SALESFORCE_INVALID_FIELD_FOR_INSERT_UPDATE', 'SALESFORCE_INVALID_AUTH_HEADER']],
      [403, 'configuration', ['SALESFORCE_INSUFFICIENT_ACCESS', 'SALESFORCE_INSUFFICIENT_ACCESS_OR_READONLY', 'SALESFORCE_INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY', 'SALESFORCE_API_DISABLED_FOR_ORG', 'SALESFORCE_API_CURRENTLY_DISABLED', 'SALESFORCE_FUNCTIONALITY_NOT_ENABLED', 'SALESFORCE_ANY_OTHER']],
      [404, 'business_rule', ['SALESFORCE_NOT_FOUND', 'SALESFORCE_ENTITY_IS_DELETED', 'SALESFORCE_INVALID_CROSS_REFERENCE_KEY', 'SALESFORCE_MALFORMED_ID']],
      [400, 'business_rule', ['SALESFORCE_CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY', 'SALESFORCE_ANY_OTHER']],
      [400, 'contract', ['SALESFORCE_MALFORMED_QUERY', 'SALESFORCE_JSON_PARSER_ERROR']],
    ] as const) {
      for (const code of codes) {
        const meaning = verdict(classifySalesforce, status, [{ errorCode: code.slice('SALESFORCE_'.length), message: 'No.' }]);
        assert.ok(meaning !== 'token_refused');
        assert.deepEqual([meaning.kind, meaning.code], [kindOf, code]);
        assert.match(meaning.message, /deal 006/);
      }
    }
    const codeOf = (result: Verdict) => (result === 'token_refused' ? result : result.code);
    assert.equal(codeOf(verdict(classifySalesforce, 300, [])), 'SALESFORCE_EXTERNAL_ID_NOT_UNIQUE');
    assert.equal(codeOf(verdict(classifySalesforce, 502, undefined)), 'SALESFORCE_HTTP_502');
    assert.deepEqual([400, 401, 503].map((status) => codeOf(verdict(classifySalesforceToken, status, status === 400 ? { error: 'invalid_grant' } : undefined))), ['SALESFORCE_TOKEN_INVALID_GRANT', 'SALESFORCE_TOKEN_HTTP_401', 'SALESFORCE_TOKEN_HTTP_503']);
  });

  it('calls several records under one external ID a matter for a person, whatever the body', () => {
    assert.equal(kind(verdict(classifySalesforce, 300, ['/services/data/v64.0/sobjects/Account/001'])), 'business_rule');
    assert.equal(kind(verdict(classifySalesforce, 300, undefined)), 'business_rule');
  });

  it('says what to mend of a client credentials flow that is refused', () => {
    const mend = (error: string, description: string) => {
      const result = verdict(classifySalesforceToken, 400, { error, error_description: description });
      return result === 'token_refused' ? '' : `${result.kind}: ${result.mend}`;
    };
    assert.match(mend('invalid_grant', 'request not supported on this domain'), /^configuration: .*My Domain/);
    assert.match(mend('invalid_grant', 'no client credentials user enabled'), /^configuration: .*user it runs as/);
    assert.match(mend('invalid_client', 'invalid client credentials'), /^configuration: .*secret/);
    assert.match(mend('invalid_grant', 'invalid assertion'), /^configuration: .*certificate/);
  });

  it('waits five minutes for a used-up limit, and as long as Salesforce says where it says so', () => {
    const limit = [{ errorCode: 'REQUEST_LIMIT_EXCEEDED', message: 'Limit exceeded.' }];
    const wait = (result: Verdict) => (result === 'token_refused' ? undefined : result.retryAfterMs);
    assert.equal(wait(verdict(classifySalesforce, 403, limit)), 300_000);
    assert.equal(wait(verdict(classifySalesforce, 403, limit, { 'retry-after': '20' })), 20_000);
  });

  it('names the fields that were refused', () => {
    const result = verdict(classifySalesforce, 400, [{ errorCode: 'STRING_TOO_LONG', message: 'data value too large', fields: ['PO_Number__c'] }]);
    assert.match(result === 'token_refused' ? '' : result.message, /deal 006.*PO_Number__c/);
  });

  it('calls a refused grant a matter of configuration and an unavailable login server transient', () => {
    for (const description of ["user hasn't approved this consumer", 'invalid assertion', 'audience is invalid', 'user is locked']) {
      assert.equal(kind(verdict(classifySalesforceToken, 400, { error: 'invalid_grant', error_description: description })), 'configuration');
    }
    assert.equal(kind(verdict(classifySalesforceToken, 400, { error: 'invalid_grant', error_description: 'login rate exceeded' })), 'transient');
    assert.equal(kind(verdict(classifySalesforceToken, 503, undefined)), 'transient');
    assert.equal(kind(verdict(classifySalesforceToken, 401, undefined)), 'configuration');
  });
});
