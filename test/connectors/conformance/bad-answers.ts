import assert from 'node:assert/strict';
import { isSystemFailure, type Failure } from '../../../domain/failure.ts';
import type { FaultBoard } from './records.ts';

/** What vendors answer on bad days (sandbox/kit/spoilt-answers.ts, sandbox/kit/faults.ts). */
export const BAD_ANSWERS = ['html', 'redirect', 'empty', 'truncated', 'huge', 'wrong-schema', 'numbers-as-text', 'unknown-values', 'wrong-type', 'clock-off'] as const;
export type BadAnswer = (typeof BAD_ANSWERS)[number];

/** 'taken': used as it stands. Else kind, code and whether it may have been written, the product's name left out of the code: "configuration HTTP_302 no". */
export type Outcome = 'taken' | `${Failure['kind']} ${string} ${Failure['written']}`;
export type Outcomes = Readonly<Record<BadAnswer, Outcome>>;

const HARMLESS = { 'numbers-as-text': 'taken', 'unknown-values': 'taken', 'wrong-type': 'taken', 'clock-off': 'taken' } as const;
/** What is not what was asked for is a contract failure, with evidence; a redirect is a matter of the configured address; the rest is read by what it is. */
export const OF_READS: Outcomes = {
  html: 'contract HTTP_HTML no', redirect: 'configuration HTTP_302 no', empty: 'contract ANSWER_SCHEMA no', truncated: 'contract ANSWER_SCHEMA no', huge: 'contract ANSWER_TOO_LARGE no', 'wrong-schema': 'contract ANSWER_SCHEMA no', ...HARMLESS,
};
/** The same after a write, which may have taken effect: it is looked up before anything else. A redirect was no write. */
export const OF_WRITES: Outcomes = {
  html: 'contract HTTP_HTML unknown', redirect: 'configuration HTTP_302 no', empty: 'contract ANSWER_SCHEMA unknown', truncated: 'contract ANSWER_SCHEMA unknown', huge: 'contract ANSWER_TOO_LARGE unknown', 'wrong-schema': 'contract ANSWER_SCHEMA unknown', ...HARMLESS,
};

/** What an operation makes of bad answers where that is not the rule. 'refused': as an answer of another shape. */
export type Exceptions = Readonly<Partial<Record<BadAnswer, Outcome | 'refused'>>>;

/** All but the way to a token, which has its own tests. */
const BUSINESS = '^(?!.*(/oauth|/token|authn)).*$';

export interface Operation {
  readonly name: string;
  readonly writes: boolean;
  /** Of the request whose answer is spoilt; the first one unless told. */
  readonly spoils?: { readonly method?: string; readonly path?: string };
  /** Prepares all it needs, and answers the operation itself; null where the system offers no such operation. */
  readonly arrange: () => Promise<(() => Promise<unknown>) | null>;
  /** What must hold afterwards, whatever was answered. */
  readonly afterwards?: (answer: BadAnswer) => Promise<void>;
}

/** Of the operations of a port: of each, and of all of them. */
export type ExceptionsOf<Name extends string> = Readonly<Partial<Record<Name | 'every', Exceptions>>>;

/** The same for several operations of a port, each known by its name. */
export function theyTakeBadAnswers<Name extends string>(operations: readonly (Operation & { readonly name: Name })[], faults: FaultBoard, exceptions?: ExceptionsOf<Name>): void {
  for (const operation of operations) itTakesBadAnswers(operation, faults, { ...exceptions?.every, ...exceptions?.[operation.name] });
}

/** States what an operation makes of each bad answer: exactly one failure, told in words, or none. */
export function itTakesBadAnswers(operation: Operation, faults: FaultBoard, exceptions: Exceptions = {}): void {
  it(`${operation.name}: each bad answer has its one road`, async function () {
    const rule = operation.writes ? OF_WRITES : OF_READS;
    const expected = { ...rule, ...Object.fromEntries(Object.entries(exceptions).map(([answer, outcome]) => [answer, outcome === 'refused' ? rule['wrong-schema'] : outcome])) };
    const seen: Record<string, Outcome> = {};
    for (const answer of BAD_ANSWERS) {
      const act = await operation.arrange();
      if (act === null) return this.skip();
      await faults.next({ path: BUSINESS, ...operation.spoils, kind: answer });
      seen[answer] = await outcomeOf(act, answer);
      await faults.clear();
      await operation.afterwards?.(answer);
    }
    assert.deepEqual(seen, expected);
  });
}

/** @throws what is no SystemFailure: a worker would not know what to do with it */
export async function outcomeOf(act: () => Promise<unknown>, answer: string): Promise<Outcome> {
  try {
    await act();
    return 'taken';
  } catch (error) {
    if (!isSystemFailure(error)) throw new Error(`${answer}: no SystemFailure`, { cause: error });
    const { failure } = error;
    assert.ok(failure.message.length > 10 && failure.mend.length > 5 && failure.object !== '', `${answer} says what happened to what, and what to do: ${JSON.stringify(failure)}`);
    assert.ok((failure.evidence ?? '').length <= 4000, 'no more evidence than a case can hold');
    return `${failure.kind} ${failure.code.replace(/^[A-Z0-9_]+_(HTTP_\d{3})$/, '$1')} ${failure.written}`;
  }
}
