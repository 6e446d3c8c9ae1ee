import { z } from 'zod';

/** An ID of another system: no control characters and no broken Unicode, which stores and files could not carry unchanged. */
export const recordIdSchema = z.string().min(1).max(100).regex(/^[^\p{Cc}\p{Cs}]+$/u, 'an ID of printable characters');
/** Counts from 1, within the 32 bits that the store's columns hold. */
export const versionSchema = z.int32().positive();

/** One version of a record of the time system. */
export const recordRefSchema = z.strictObject({ id: recordIdSchema, version: versionSchema });
export type RecordRef = z.infer<typeof recordRefSchema>;
