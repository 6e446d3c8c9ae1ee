import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { AbortRequest, ConfigActivated, DealEvent, DealProgress } from '../../domain/process/deal-process.ts';
import type { CaseAnswer } from '../../domain/process/exception-case.ts';

/** The deal changed in its CRM (or is told of again). */
export const dealChangedSignal = defineSignal<[DealEvent]>('dealChanged');
export const configActivatedSignal = defineSignal<[ConfigActivated]>('configActivated');
export const caseAnsweredSignal = defineSignal<[CaseAnswer]>('caseAnswered');
export const abortUpdate = defineUpdate<string, [AbortRequest]>('abort');
export const progressQuery = defineQuery<DealProgress>('progress');
