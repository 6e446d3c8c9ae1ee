import { z } from 'zod';
import { attributePath, type AttributePath } from './attributes.ts';

/** RFC 7643, section 4.3. */
export const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/** Chosen by shape: a bearer token, a name with a password, or an OAuth 2.0 client. */
export const scimCredentialsSchema = z.union([
  z.strictObject({ token: z.string().min(1) }),
  z.strictObject({ username: z.string().min(1), password: z.string().min(1) }),
  z.strictObject({
    tokenUrl: z.url({ protocol: /^https?$/ }),
    clientId: z.string().min(1),
    clientSecret: z.string().min(1),
    scope: z.string().min(1).optional(),
    /** RFC 6749, section 2.3.1: how the client proves itself. */
    clientAuthentication: z.enum(['basic', 'post']).default('basic'),
  }),
]);
export type ScimCredentials = z.infer<typeof scimCredentialsSchema>;

const path = z.string().min(1).transform((text, context): AttributePath => {
  const parsed = attributePath(text);
  if (parsed !== null) return parsed;
  context.issues.push({ code: 'custom', input: text, message: 'an attribute of SCIM: "title", "manager.value" or "<URN of a schema>:legalEntity"' });
  return z.NEVER;
});
const codes = z.record(z.string(), z.string().min(1)).default({});

export const scimOptionsSchema = z.strictObject({
  /** Which attribute carries what; null: HR does not say it. */
  attributes: z.strictObject({
    employeeNumber: path.nullable().prefault(`${ENTERPRISE}:employeeNumber`),
    costCenter: path.nullable().prefault(`${ENTERPRISE}:costCenter`),
    manager: path.nullable().prefault(`${ENTERPRISE}:manager.value`),
    legalEntity: path.nullable().default(null),
    laborCategory: path.nullable().default(null),
    from: path.nullable().default(null),
    to: path.nullable().default(null),
  }).prefault({}),
  /** What HR calls a legal entity, cost center or labor category, where that is not its code: { "Northwind Inc.": "US01" }. */
  legalEntities: codes,
  costCenters: codes,
  laborCategories: codes,
  /** Which of several addresses is the one that time and cases go by. */
  emailType: z.string().min(1).default('work'),
  /** How changes are found: by the provider's filter on meta.lastModified where it offers one, or by reading everybody and comparing. */
  changes: z.enum(['by_capability', 'full_read']).default('by_capability'),
  /** Whether the attributes above are looked up in the provider's /Schemas before they are relied on. */
  schemas: z.enum(['check', 'ignore']).default('check'),
  pageSize: z.int().min(2).max(1000).default(100),
  /** A sweep begins this much before the last change known: clocks and late writes. */
  overlapSeconds: z.int().min(0).max(86_400).default(120),
});
export type ScimOptions = z.infer<typeof scimOptionsSchema>;
