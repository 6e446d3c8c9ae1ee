import { redact } from '../../domain/redact.ts';

const EVIDENCE_LENGTH = 2000;

/** A vendor's answer for the person who mends the case: redacted, at most 2,000 characters. */
export function evidenceOf(text: string): string {
  const clean = redact(text.slice(0, EVIDENCE_LENGTH * 2));
  return clean.length <= EVIDENCE_LENGTH ? clean : `${clean.slice(0, EVIDENCE_LENGTH - 1)}…`;
}
