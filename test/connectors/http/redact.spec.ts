import assert from 'node:assert/strict';
import { evidenceOf } from '../../../connectors/http/redact.ts';
import { redact } from '../../../domain/redact.ts';

const JWT = ['eyJhbGciOiJub25lIn0', 'eyJzdWIiOiJ4In0', 'c2lnbmF0dXJl'].join('.');

/** What arrives, and what a person may read of it. */
const SECRETS: readonly (readonly [text: string, readable: string])[] = [
  ['{"oauth_token":"abc-1","name":"x"}', '{"oauth_token":"[redacted]","name":"x"}'],
  ['{"new_password":"abc def","name":"x"}', '{"new_password":"[redacted]","name":"x"}'],
  ['{"tokenSecret": "abc", "tokenId": "abc"}', '{"tokenSecret": "[redacted]", "tokenId": "[redacted]"}'],
  ['{"privateKey":"MIIEvQ==","private_key":"MIIEvQ=="}', '{"privateKey":"[redacted]","private_key":"[redacted]"}'],
  ['{"credential":"abc","x":1}', '{"credential":"[redacted]","x":1}'],
  ['{"password":"say \\"abc\\" aloud"}', '{"password":"[redacted]"}'],
  ['{"message":"sent {\\"access_token\\":\\"abc\\",\\"id\\":\\"7\\"}"}', '{"message":"sent {\\"access_token\\":\\"[redacted]\\",\\"id\\":\\"7\\"}"}'],
  ["{ 'client_secret': 'abc', name: 'x' }", "{ 'client_secret': '[redacted]', name: 'x' }"],
  ["{ apiKey: 'abc', name: 'x' }", "{ apiKey: '[redacted]', name: 'x' }"],
  ['consumer_secret=abc&name=x', 'consumer_secret=[redacted]&name=x'],
  ['Server=db;Password=ab,c!d;Database=q2c', 'Server=db;Password=[redacted];Database=q2c'],
  ['password: hunter2', 'password: [redacted]'],
  ["password=it's; next", 'password=[redacted]; next'],
  ['password => abc, name', 'password => [redacted], name'],
  ['redirect=https%3A%2F%2Fa.example%2F%3Faccess_token%3Dabc', 'redirect=https%3A%2F%2Fa.example%2F%3Faccess_token%3D[redacted]'],
  ['GET https://a.example/x?access_token=abc&page=2', 'GET https://a.example/x?access_token=[redacted]&page=2'],
  ['https://a.example/x?sv=2024&sig=ab%2Bc', 'https://a.example/x?sv=2024&sig=[redacted]'],
  ['https://a.example/x?key=AIzaSyA-0123456789abcdef', 'https://a.example/x?key=[redacted]'],
  ['cannot reach https://user:pw@a.example/x', 'cannot reach https://[redacted]@a.example/x'],
  ['postgresql://q2c:p@ss:w0rd@db.example:5432/q2c', 'postgresql://[redacted]@db.example:5432/q2c'],
  ['Authorization: Token 9944b09199c62bcf', 'Authorization: Token [redacted]'],
  ['Authorization: Bearer abcdefgh', 'Authorization: Bearer [redacted]'],
  ['{"authorization":["Basic dXNlcjpwdw=="],"accept":"json"}', '{"authorization":["Basic [redacted]"],"accept":"json"}'],
  ['Proxy-Authorization: Signed 0123456789abcdef0123', 'Proxy-Authorization: [redacted]'],
  ['sent with bearer 00Dxx0000001gPz', 'sent with bearer [redacted]'],
  ['{"echo":"Bearer only-letters-and-dashes"}', '{"echo":"Bearer [redacted]"}'],
  ['sent with Basic dXNlcjpwdw==', 'sent with Basic [redacted]'],
  ['SAP_SESSIONID_X1_100=4kY1p%3d', 'SAP_SESSIONID_X1_100=[redacted]'],
  ['sid=00D000000000001!AQEAQ.abc_def; path', 'sid=[redacted]; path'],
  ['session 00D000000000001!AQEAQ.abc_def was refused', 'session [redacted] was refused'],
  ['Cookie: a=1; b=two words\nHost: a.example', 'Cookie: [redacted]\nHost: a.example'],
  ['{"set-cookie":["a=1; Path=/","b=2"],"x":1}', '{"set-cookie":[[redacted]],"x":1}'],
  ['{"set-cookie":"a=1; Path=/","x":1}', '{"set-cookie":"[redacted]","x":1}'],
  ['<soap:Header><ns:SessionId>abc</ns:SessionId><name>x</name>', '<soap:Header><ns:SessionId>[redacted]</ns:SessionId><name>x</name>'],
  ['<wsse:Password Type="text">abc</wsse:Password>', '<wsse:Password Type="text">[redacted]</wsse:Password>'],
  ['<input name="csrf_token" value="abc">', '<input name="csrf_token" value="[redacted]">'],
  ['[{"name":"x-api-key","value":"abc"}]', '[{"name":"x-api-key","value":"[redacted]"}]'],
  [`the answer was ${JWT}, for project P-1`, 'the answer was [redacted], for project P-1'],
  ['-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----\nend', '[redacted]\nend'],
  ['-----BEGIN RSA PRIVATE KEY-----\nMIIEvQ', '[redacted]'],
];

const HARMLESS = [
  'the token has expired', 'Invalid token: it has expired.', 'token: expired', '{"message":"The token of project P-1 has no rate."}', '{"error":"invalid_token","code":"TOKEN_EXPIRED"}',
  '{"errors":{"password":"is too short"}}', '{"password":["is too short"]}', 'Basic authentication failed for the user', 'Bearer authentication is needed', 'a basic requirement', 'Session terminated by the server.', 'The session has ended: log in again.',
  'no cookie was sent', 'Unexpected token \'<\', "<!DOCTYPE "... is not valid JSON', '{"token_type":"Bearer","expires_in":3600,"token_expires_in":3600,"mustChangePassword":false}', '{"secretary":"Jane Roe"}',
  'Authorization: is required', 'https://a.example/projects?code=US01-TECH', 'invoice INV-1 of jane.roe@client.example at https://a.example/x', 'assertion failed', 'grant_type=client_credentials&scope=rest',
  'The side=left, inside=right and signed=true fields', '{"author":"Jane","authority":"x","considered":"y"}',
];

describe('What cases, logs and spans say of a system\'s answer', () => {
  for (const [text, readable] of SECRETS) it(`shows no secret of ${JSON.stringify(text.slice(0, 60))}`, () => assert.equal(redact(text), readable));

  for (const text of HARMLESS) it(`leaves readable: ${JSON.stringify(text.slice(0, 60))}`, () => assert.equal(redact(text), text));

  it('is the same when it is redacted again', () => {
    for (const [, readable] of SECRETS) assert.equal(redact(readable), readable);
  });

  it('shows no secret that the cut at its end goes through', () => {
    const before = 'x'.repeat(1000);
    for (const secret of [`{"token":"${'s3cret'.repeat(500)}","a":"${'t0ken.'.repeat(500)}`, `${JWT.repeat(80)}`]) assert.doesNotMatch(evidenceOf(`${before} ${secret}`), /s3cret|eyJ/);
  });

  it('costs the same for a page of ten megabytes as for its first 65,536 characters, whatever is written in it', () => {
    const hostile = ['a', ' ', '"', '\\', '\\"', '=', '<', 'token', 'token ', 'token"', 'token":', 'token-', 'password=', 'password=,', 'authorization: basic ', 'cookie=', 'cookie:[', 'eyJ', 'eyJaaaaaa.', '://', '://a', 'bearer ', 'basic a', 'session a', 'token a', '-----BEGIN A-----', '-----BEGIN ', '<token ', '"sid" ', '00Da!', '1.pt.', 'sk_live_', 'key', '\n'];
    for (const unit of hostile) {
      const page = unit.repeat(Math.ceil(10_000_000 / unit.length));
      const first = redact(page.slice(0, 65_536));
      assert.equal(redact(page), `${first}…`);
      assert.ok(evidenceOf(page).length <= 2000);
    }
  }).timeout(60_000);
});
