import { z } from 'zod';
import { payCodeSchema, regionalRuleSetSchema, timeClosingSchema } from '../model/time/regional-rule-set.ts';

/** Sections about time and pay. A configuration stored before they existed has none of them. */
export const timeSections = {
  payCodes: z.array(payCodeSchema).default([]),
  regionalRules: z.array(regionalRuleSetSchema).default([]),
  timeClosing: z.array(timeClosingSchema).default([]),
};
