import { CancellationScope, condition, getExternalWorkflowHandle, ParentClosePolicy, setHandler, startChild, workflowInfo } from '@temporalio/workflow';
import { exceptionCaseId, type CaseAnswer, type CaseInput } from '../domain/process/exception-case.ts';
import { SearchAttribute } from './contracts/search-attributes.ts';
import { caseAnsweredSignal } from './contracts/deal-process.ts';
import { closeCaseSignal } from './contracts/exception-case.ts';
import type { exceptionCase } from './exception-case.ts';

export interface OpenCase {
  readonly caseId: string;
  readonly input: CaseInput;
}

/**
 * The exception cases of one process. A case is a child workflow with parent-close policy ABANDON that answers by a signal,
 * so that it outlives a continue-as-new of its process.
 */
export function createCases({ openedBefore, onChange, onLateAnswer }: { readonly openedBefore: number; readonly onChange: (open: number) => void; readonly onLateAnswer: (answer: CaseAnswer) => void }) {
  const open = new Map<string, OpenCase>();
  const answers = new Map<string, CaseAnswer>();
  const closed = new Set<string>();
  let opened = openedBefore;

  setHandler(caseAnsweredSignal, (answer) => {
    answers.set(answer.caseId, answer);
    if (!open.has(answer.caseId) && closed.has(answer.caseId)) onLateAnswer(answer);
  });

  async function raise(input: CaseInput): Promise<OpenCase> {
    opened += 1;
    const caseId = exceptionCaseId(workflowInfo().workflowId, workflowInfo().firstExecutionRunId, opened);
    // Not cancelled with the branch that raises it: a cancelled case would end without a word to anybody.
    await CancellationScope.nonCancellable(() => startChild<typeof exceptionCase>('exceptionCase', {
      workflowId: caseId,
      args: [{ ...input, registersItself: true }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: `${input.code}: ${input.message}`.slice(0, 190),
      typedSearchAttributes: [
        { key: SearchAttribute.process, value: 'exceptionCase' },
        { key: SearchAttribute.deal, value: input.deal },
        { key: SearchAttribute.exceptionCode, value: input.code },
        ...(input.legalEntity === null ? [] : [{ key: SearchAttribute.legalEntity, value: input.legalEntity }]),
        ...(input.system === null ? [] : [{ key: SearchAttribute.system, value: input.system }]),
      ],
    }));
    const raised = { caseId, input };
    open.set(caseId, raised);
    onChange(open.size);
    return raised;
  }

  /**
   * Waits for the case's answer. When `obsolete` gives a reason first, the case is closed with it; when `news` does, the case stays open
   * for the caller to look again. Both answer undefined.
   */
  async function answerOf(raised: OpenCase, obsolete: () => string | undefined, news: () => string | undefined = () => undefined): Promise<CaseAnswer | undefined> {
    await condition(() => answers.has(raised.caseId) || obsolete() !== undefined || news() !== undefined);
    const answer = answers.get(raised.caseId);
    if (answer !== undefined) {
      open.delete(raised.caseId);
      onChange(open.size);
      return answer;
    }
    const reason = obsolete();
    if (reason !== undefined) await close(raised, reason);
    return undefined;
  }

  async function close(raised: OpenCase, reason: string): Promise<void> {
    open.delete(raised.caseId);
    closed.add(raised.caseId);
    onChange(open.size);
    try {
      await CancellationScope.nonCancellable(() => getExternalWorkflowHandle(raised.caseId).signal(closeCaseSignal, { reason }));
    } catch {
      // The case has ended by itself in the meantime.
    }
  }

  return {
    raise,
    answerOf,
    close,
    opened: (): number => opened,
    list: (): readonly OpenCase[] => [...open.values()],
    async closeAll(reason: string): Promise<void> {
      for (const raised of [...open.values()]) await close(raised, reason);
    },
  };
}

export type Cases = ReturnType<typeof createCases>;
