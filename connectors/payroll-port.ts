import type { PayrollExport } from '../domain/model/time/payroll-export.ts';
import type { CallContext } from './ports.ts';

/** Where the hours of an export went. */
export interface SentPayroll {
  /** Names under which the bureau finds them. */
  readonly files: readonly string[];
  /** SHA-256 of the hours as they were written, in lower-case hexadecimal: the acknowledgement echoes it. */
  readonly checksum: string;
}

export interface SentReference {
  readonly exportId: string;
  readonly checksum: string;
  /** Lines of the export: an acknowledgement that names others is refused. */
  readonly lines: number;
  /** The names that `send` gave. */
  readonly files?: readonly string[];
}

export interface PayrollAcknowledgement {
  readonly exportId: string;
  readonly checksum: string;
  /** refused: the export as a whole, before its lines were looked at. */
  readonly outcome: 'accepted' | 'lines_rejected' | 'refused';
  readonly accepted: number;
  readonly rejected: readonly { readonly line: number; readonly reason: string }[];
  /** Of a refusal. */
  readonly reason: string | null;
  /** The bureau's own, where it gives one. */
  readonly reference: string | null;
}

/**
 * The payroll bureau. Both calls throw SystemFailure (domain/failure.ts) and nothing else for what the system does.
 * An export is never written twice: `send` looks for it by its ID and checksum first, so that it may be called again after a lost answer.
 * Another content under the same ID is a contract failure.
 */
export interface PayrollPort {
  readonly kind: 'payroll';
  readonly system: string;
  send(document: PayrollExport, context: CallContext): Promise<SentPayroll>;
  /** Null as long as there is none. @throws SystemFailure of kind contract for one that is not understood or not of this export */
  acknowledgement(sent: SentReference, context: CallContext): Promise<PayrollAcknowledgement | null>;
}
