import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { TimeProgress } from '../../domain/process/time-process.ts';

/** superseded: a later version, or the withdrawal of the approval, has taken the place of what was refused · released: what it waited for has come */
export const lookAgainSignal = defineSignal<[{ readonly reason: 'superseded' | 'released' }]>('lookAgain');
export const timeProgressQuery = defineQuery<TimeProgress>('timeProgress');
