import type { CaseAnswer, CaseInput } from '../domain/process/exception-case.ts';
import type { Cases, OpenCase } from './cases.ts';

interface Standing {
  readonly key: string;
  readonly open: OpenCase;
  over: string | undefined;
  answer: CaseAnswer | undefined;
  done: Promise<void>;
}

/** A case of something that is looked at again and again: open as long as it is so, once, while the process goes on looking. */
export function createStandingCase(cases: Cases) {
  let current: Standing | undefined;

  async function clear(reason: string): Promise<void> {
    const standing = current;
    current = undefined;
    if (standing === undefined) return;
    standing.over = reason;
    await standing.done;
  }

  return {
    /** Opens the case, unless one of this key is open or answered; one of another key is closed. */
    async show(key: string, input: CaseInput): Promise<void> {
      if (current?.key === key) return;
      await clear('it is another thing now; a new case names it');
      const open = await cases.raise(input);
      const standing: Standing = { key, open, over: undefined, answer: undefined, done: Promise.resolve() };
      standing.done = (async () => {
        standing.answer = await cases.answerOf(open, () => standing.over);
      })();
      current = standing;
    },
    /** The reason for it is gone. */
    clear,
    /** What a person said, once; the case can be opened again after `clear`. */
    answer(): CaseAnswer | undefined {
      const answer = current?.answer;
      if (current !== undefined) current.answer = undefined;
      return answer;
    },
    answered: (): boolean => current?.answer !== undefined,
  };
}

export type StandingCase = ReturnType<typeof createStandingCase>;
