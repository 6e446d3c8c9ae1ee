import { z } from 'zod';

const instant = z.string().refine((value) => !Number.isNaN(Date.parse(value)), 'a date and time');

/** A record as HubSpot shows it; property values are text, whatever their type. */
export const crmObject = z.object({ id: z.string().min(1), properties: z.record(z.string(), z.string().nullable()), createdAt: instant, updatedAt: instant, archived: z.boolean().default(false) });
export type CrmObject = z.infer<typeof crmObject>;

/** One whose time of change can be read. */
export const changedObject = crmObject.refine(({ properties, updatedAt }) => !Number.isNaN(Date.parse(properties['hs_lastmodifieddate'] ?? updatedAt)), { path: ['properties', 'hs_lastmodifieddate'], message: 'a date and time' });
