import { z } from 'zod';
import { decimalText } from '../../domain/money.ts';

/** Oracle's own ID: digits, a number or its text. */
export const idValue = z.union([z.int(), z.string().regex(/^\d+$/)]).transform(String);
/** A number that may have come as text. */
export const numberValue = z.union([z.number(), z.string().regex(/^-?\d+(\.\d+)?$/)]).transform(decimalText);
/** For records whose fields do not matter. */
export const anyRow = z.looseObject({});
