import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { stringify } from 'csv-stringify/sync';
import { localFolder } from '../../../connectors/file-exchange/local-folder.ts';
import { FileTooLarge, type FileTransport } from '../../../connectors/file-exchange/transport.ts';
import { legacyFileOver } from '../../../connectors/legacy-file/index.ts';
import { isUnsupported, type ErpPort } from '../../../connectors/ports.ts';
import { callContext, dealOf, uniqueTag } from '../conformance/documents.ts';
import { failureOf } from '../conformance/records.ts';
import { NONE, OPTIONS, startErp, type TestErp } from './environment.ts';

type Spoil = (content: Buffer) => Buffer;
const text = (change: (content: string) => string): Spoil => (content) => Buffer.from(change(content.toString('utf8')), 'utf8');

/** What may lie there as an acknowledgement. */
const ACKNOWLEDGEMENTS: Readonly<Record<string, Spoil>> = {
  'that is empty': () => Buffer.alloc(0),
  'cut in the middle': (content) => content.subarray(0, Math.floor(content.length / 2)),
  'without its last line': text((content) => content.replace(/T,[^\r\n]*[\r\n]*$/, '')),
  'in UTF-16': (content) => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(content.toString('utf8'), 'utf16le')]),
  'in ISO 8859-1': (content) => Buffer.concat([content.subarray(0, content.length - 2), Buffer.from([0xfc, 0xdf, 0x0d, 0x0a])]),
  'that is a web page': () => Buffer.from('<!doctype html>\n<title>502, Bad Gateway</title>'),
  'with an outcome nobody agreed on': text((content) => content.replace(/,(CREATED|PRESENT|CHANGED),/, ',MAYBE,')),
  'with a comma in a number': text((content) => content.replace(/^(R,(?:[^,]*,){4})[^,]*/m, '$1"1,002"')),
  'of one endless record': (content) => Buffer.concat([content, Buffer.from(`R,${'x'.repeat(200_000)}`)]),
};

/** What may stand in a line of labor of an extract that is otherwise as its manifest says. */
const LABOR: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'hours with a comma': { hours: '1,250.50' },
  'hours in words': { hours: 'seven' },
  'a currency that is none': { bill_currency: 'US$' },
  'a day that is none': { work_date: '2026-13-45' },
  'an amount with a sign of currency': { bill_amount: '$100.00' },
};

describe('What a legacy ERP may leave in the folder', function () {
  this.timeout(30_000);
  let ledger: TestErp;
  let spoilt: { readonly file: RegExp; readonly spoil: Spoil } | undefined;
  before(async () => {
    ledger = await startErp();
  });
  after(() => ledger?.close());
  afterEach(() => {
    spoilt = undefined;
  });

  /** As the folder is, but for the files that are spoilt. */
  function spoiling(): FileTransport {
    const inner = localFolder(ledger.folder);
    return {
      use: (signal, work) => inner.use(signal, (session) => work({
        ...session,
        async read(path, mostBytes) {
          const found = await session.read(path, mostBytes);
          if (found === null || spoilt?.file.test(path) !== true) return found;
          const content = spoilt.spoil(found.content);
          if (content.length > mostBytes) throw new FileTooLarge(`${path} has ${content.length} bytes`);
          return { ...found, content };
        },
      })),
    };
  }
  const connect = (options: object = {}): ErpPort => legacyFileOver({ system: 'legacy', options: { ...OPTIONS, ...options } }, spoiling());
  const ACK = /\.ack\.csv$/;

  for (const [what, spoil] of Object.entries(ACKNOWLEDGEMENTS)) {
    it(`an acknowledgement ${what} goes to people with its evidence; once it can be read it is taken, and nothing was made twice`, async () => {
      const document = { document: dealOf(uniqueTag()).customer, references: NONE };
      const context = callContext();
      const { externalId } = await connect().customer.write(document, null, context);
      spoilt = { file: ACK, spoil };
      const failure = await failureOf(() => connect({ waitSeconds: 0.1 }).customer.write(document, null, context));
      assert.deepEqual([failure.kind, failure.code, failure.written], ['contract', 'LEGACY_ACK_UNREADABLE', 'unknown']);
      assert.ok((failure.evidence ?? '').length <= 2000);
      spoilt = undefined;
      assert.equal((await connect().customer.write(document, null, context)).externalId, externalId);
      assert.equal((await ledger.entries('customers')).filter(({ number }) => number === externalId).length, 1);
    });
  }

  it('an acknowledgement of more bytes than any has is told of', async () => {
    const document = { document: dealOf(uniqueTag()).customer, references: NONE };
    const context = callContext();
    await connect().customer.write(document, null, context);
    spoilt = { file: ACK, spoil: () => Buffer.alloc(17 * 1024 * 1024) };
    const failure = await failureOf(() => connect().customer.write(document, null, context));
    assert.deepEqual([failure.kind, failure.code], ['contract', 'LEGACY_FILE_TOO_LARGE']);
  });

  for (const [what, values] of Object.entries(LABOR)) {
    it(`an extract with ${what} is damaged, not a folder that does not answer`, async () => {
      const erp = connect();
      assert.ok(!isUnsupported(erp.labor));
      const row: Record<string, string> = { external_key: 'k', number: 'L1', status: 'OPEN', change: '1', company: 'US01', work_date: '2026-01-01', hours: '1', bill_amount: '1', bill_currency: 'USD', ...values };
      const labor = Buffer.from(stringify([Object.keys(row), Object.values(row)], { record_delimiter: 'windows' }));
      spoilt = {
        file: /extract-\d+\.(manifest|labor)\.csv$/,
        spoil: (content) => (content.toString('latin1').startsWith('extract,') ? text((told) => told.replace(/(,labor,[^,]+),\d+,\d+,[0-9a-f]{64}/, `$1,1,${labor.length},${createHash('sha256').update(labor).digest('hex')}`))(content) : labor),
      };
      const { labor: port } = erp;
      const failure = await failureOf(() => port.totals({ legalEntity: 'US01', from: '2026-01-01', to: '2026-01-31' }, callContext()));
      assert.deepEqual([failure.kind, failure.code, failure.written], ['contract', 'LEGACY_EXTRACT_DAMAGED', 'no']);
    });
  }
});
