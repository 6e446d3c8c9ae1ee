import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { CaseView, Resolution, ResolutionAnswer } from '../../domain/process/exception-case.ts';

/** As the Temporal UI sends it: one JSON object like `resolutionSchema`. What is not permitted is refused and shown in the case's details. */
export const resolveSignal = defineSignal<[unknown]>('resolve');
/** Validated before it is accepted; answers at once. */
export const resolveUpdate = defineUpdate<ResolutionAnswer, [Resolution]>('resolveCase');
/** From the process: the reason to wait is gone. */
export const closeCaseSignal = defineSignal<[{ readonly reason: string }]>('closeCase');
export const caseQuery = defineQuery<CaseView>('case');
