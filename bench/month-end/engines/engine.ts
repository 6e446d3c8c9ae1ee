import type { Month, MonthSheet } from '../month.ts';
import type { ErpSettings } from '../work.ts';

export type EngineName = 'ours' | 'temporal' | 'dbos' | 'restate';

/** What all engines of a run have in common. */
export interface Ground {
  readonly tell: (line: string) => void;
  readonly erp: ErpSettings;
  readonly month: Month;
  /** Holds the sandbox's data and its credentials. */
  readonly sandboxDir: string;
  readonly sandboxPid: number;
  readonly portOffset: number;
  /** Where our processes leave CPU profiles when they end. */
  readonly profileDir: string | undefined;
}

/** An engine with its application, every part a process of its own, in a temporary folder. */
export interface RunningEngine {
  readonly storeUrl: string;
  /** By part: server, store, worker …; the ERP sandbox is none of them. */
  pids(): Readonly<Record<string, number>>;
  /** Hands timesheets to the engine's application and returns once it has accepted them all. @throws Error where it does not answer so: send them again */
  send(batch: string, sheets: readonly MonthSheet[]): Promise<void>;
  /** Of our own engine: hands over one timesheet as an event of its own. */
  sendOne?(sheet: MonthSheet): Promise<void>;
  /** How many timesheets have come to their end. */
  finished(): Promise<number>;
  /** What it keeps on disk now, bytes. */
  storedBytes(): Promise<number>;
  /** Kills the application and the engine's server with SIGKILL and starts them again with the same data. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

export interface Engine {
  readonly name: EngineName;
  readonly title: string;
  /** How it stores and what limits it, for the report. */
  readonly settings: string;
  start(ground: Ground): Promise<RunningEngine>;
}
