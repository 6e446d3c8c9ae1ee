import { z } from 'zod';

/** An amount as NetSuite writes it, exact: a number in records, text in SuiteQL, where a leading zero may be missing. */
export const wireDecimal = z.union([z.string().regex(/^-?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i, 'a decimal number'), z.number()]).transform(String);
