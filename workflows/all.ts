export { closedWon } from './closed-won.ts';
export { changeOrder } from './change-order.ts';
export { exceptionCase } from './exception-case.ts';
export { missedEventSweep } from './missed-event-sweep.ts';
