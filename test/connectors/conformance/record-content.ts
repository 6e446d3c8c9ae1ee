import assert from 'node:assert/strict';
import { isSystemFailure, type Failure } from '../../../domain/failure.ts';
import { callContext, uniqueTag, type DealTerms } from './documents.ts';
import type { RecordCase } from './records.ts';
import { onBothSidesOfTheDateLine } from './zones.ts';

/** What the suite must know of a kind of record to judge its content. */
export interface RecordContent {
  /** Everything the system holds, past the connector: texts are read back from it. */
  readonly stored: () => Promise<unknown>;
  /** True where the record carries amounts, and `fresh` takes the currency and rate it is given. */
  readonly money?: boolean;
  /** True where the system keeps none of the record's names and descriptions. */
  readonly textless?: boolean;
  /** True where the name of a record runs on over several fields: a piece of it may end without a mark. */
  readonly runsOn?: boolean;
  /** So many records of the kind that are not ours, all at once. */
  readonly seedOthers: (count: number) => Promise<void>;
}

const OTHERS = 1_000;
/** One without decimals and one with three, at rates that would not survive the other's rounding. */
const CURRENCIES: readonly DealTerms[] = [{ currency: 'JPY', rate: '31251' }, { currency: 'KWD', rate: '12.345' }];

const TEXTS: Readonly<Record<string, string>> = {
  'in any script': 'Zu\u0308rich नि 株式会社 𠮷野家 مرحبا שלום Ω',
  'with emoji, marks of direction and joiners': '👩‍👩‍👧‍👦 🇯🇵 \u202Eabc\u202C \u200Bx',
  // No NUL and no half of a character: the ledger's documents cannot hold them, so none reaches a connector.
  'with control characters': 'bell\u0007 escape\u001B delete\u007F tab\tline\nend & <b> "q" \\ %',
  'longer than the field': '👩‍💻e\u0301株'.repeat(60),
};
const TEXT_KEYS: readonly string[] = ['name', 'description', 'memo', 'city'];
/** What the configuration says, not a deal. */
const NOT_OF_THE_DEAL: readonly string[] = ['legalEntity', 'tax', 'template', 'rateCard'];
const OF_NO_WIDTH = /[\p{Cc}\p{Cf}\p{Zs}\uFFFD?]/gu;
const CUT_MARK = /^(…|\.\.\.)/u;

/** So many records, each made by a call. */
export function others(count: number, one: () => object): object[] {
  return Array.from({ length: count }, one);
}

/** The content that every record port must carry: any text, any currency, any date, among any number of others. */
export function describeRecordContent<Document>(record: RecordCase<Document>): void {
  for (const [what, text] of Object.entries(TEXTS)) {
    it(`takes texts ${what}, whole or cut where it says so, or refuses them by name`, async () => {
      const mark = `Q${uniqueTag()}`;
      const original = await record.fresh();
      const document = respelled(original, (each, most) => firstOf(`${mark} ${each} ${text}`, most));
      const written = await writtenOrRefused(record, document);
      if ('failure' in written) {
        assert.match(written.failure.message, /character|long|length|limit|\d/i, written.failure.message);
        return;
      }
      assert.equal((await record.port().find(document, callContext()))?.externalId, written.externalId);
      assert.equal(await record.count(document), 1);
      const wanted = textsOf(document).filter((each) => each.startsWith(mark));
      const kept = textsOf(await record.content.stored(), () => true).filter((each) => each.includes(mark));
      assert.equal(kept.length === 0, record.content.textless === true, 'the texts are in the system, or the suite is told that they are not');
      for (const held of kept) {
        assert.ok(held.isWellFormed(), `half a character is left of: ${held}`);
        for (const piece of held.split(mark).slice(1)) assertPieceOf(`${mark}${piece}`, wanted, record.content.runsOn === true);
      }
    });
  }

  it('keeps its dates wherever the process runs', async () => {
    await onBothSidesOfTheDateLine(async () => {
      const document = await record.fresh();
      const { externalId } = await record.port().write(document, null, callContext());
      await record.check(document, externalId);
      assert.equal((await record.port().write(document, await record.port().find(document, callContext()), callContext())).externalId, externalId);
    });
  });

  const { content } = record;
  if (content.money === true) {
    for (const terms of CURRENCIES) {
      it(`has amounts in ${terms.currency} to the smallest coin, or refuses them in words`, async () => {
        let document: Document;
        try {
          document = await record.fresh(terms);
        } catch (error) {
          // What it stands on is refused already.
          assert.ok(isSystemFailure(error), String(error));
          return assertRefusal(error.failure, terms.currency ?? '');
        }
        assert.ok(JSON.stringify(document).includes(`"${terms.currency}"`), 'the document is not in the currency asked for');
        try {
          await record.check(document, (await record.port().write(document, null, callContext())).externalId);
        } catch (error) {
          if (!isSystemFailure(error)) throw error;
          assertRefusal(error.failure, terms.currency ?? '');
          // Where a part was refused only after others were written, those are found and taken back.
          const left = await record.port().find(document, callContext());
          if (left !== null) await record.port().undo({ document, externalId: left.externalId, created: true }, callContext());
          assert.equal(await record.count(document), 0, 'nothing is left of what was refused');
        }
      });
    }
  }

  it(`is found by its key among ${OTHERS} others`, async () => {
    const document = await record.fresh();
    await content.seedOthers(OTHERS);
    assert.equal(await record.port().find(document, callContext()), null);
    const { externalId } = await record.port().write(document, null, callContext());
    assert.equal((await record.port().find(document, callContext()))?.externalId, externalId);
    const again = await record.port().write(document, await record.port().find(document, callContext()), callContext());
    assert.deepEqual([again.externalId, again.created], [externalId, false]);
    await record.check(document, externalId);
  });
}

async function writtenOrRefused<Document>(record: RecordCase<Document>, document: Document): Promise<{ readonly externalId: string } | { readonly failure: Failure }> {
  try {
    return await record.port().write(document, null, callContext());
  } catch (error) {
    if (!isSystemFailure(error)) throw error;
    const { failure } = error;
    assert.deepEqual([failure.kind, failure.written], ['business_rule', 'no'], `${failure.code}: ${failure.message}`);
    assert.equal(await record.count(document), 0, 'nothing is left of what was refused');
    return { failure };
  }
}

/** A currency that the account has not been given is for its administrator; what the vendor cannot keep, for the deal. */
function assertRefusal(failure: Failure, currency: string): void {
  assert.ok(failure.kind === 'business_rule' || failure.kind === 'configuration', `${failure.kind} ${failure.code}: ${failure.message}`);
  assert.match(failure.message, new RegExp(`${currency}|decimal`), failure.message);
}

/** The piece is one of the texts as far as it goes, and says so where that is not to the end. */
function assertPieceOf(piece: string, texts: readonly string[], mayRunOn: boolean): void {
  const seen = plain(piece);
  const kept = texts.map((text) => {
    const wanted = plain(text);
    let length = 0;
    while (length < wanted.length && wanted[length] === seen[length]) length += 1;
    return { whole: length === wanted.length, rest: seen.slice(length) };
  });
  assert.ok(kept.some(({ whole, rest }) => whole || CUT_MARK.test(rest) || (mayRunOn && rest === '')), `${JSON.stringify(piece)} is none of ${JSON.stringify(texts)}`);
}

/** Without what has no width and may be replaced, and in one case: there are fields that are searched by, in capitals. */
function plain(text: string): string {
  return text.replace(OF_NO_WIDTH, '').toLowerCase();
}

/** The same document with other names and descriptions, each within what its schema takes. */
function respelled<Document>(document: Document, spell: (text: string, most: number) => string): Document {
  const within = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(within);
    if (typeof value !== 'object' || value === null) return value;
    const longest = 'parentCode' in value ? 120 : Reflect.get(value, 'schema') === 'customer' ? 255 : 200;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, typeof each === 'string' ? (TEXT_KEYS.includes(key) ? spell(each, longest) : each) : NOT_OF_THE_DEAL.includes(key) ? each : within(each)]));
  };
  return within(document) as Document;
}

function textsOf(value: unknown, takes: (key: string) => boolean = (key) => TEXT_KEYS.includes(key), key = ''): string[] {
  if (typeof value === 'string') return takes(key) ? [value] : [];
  if (Array.isArray(value)) return value.flatMap((each) => textsOf(each, takes, key));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, each]) => textsOf(each, takes, name));
}

/** So much of a text, between whole characters. */
function firstOf(text: string, most: number): string {
  return text.slice(0, most).replace(/[\uD800-\uDBFF]$/, '');
}
