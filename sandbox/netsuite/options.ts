import { z } from 'zod';

/** What `startSandbox` may be told about the NetSuite account. */
export const NetSuiteOptions = z.object({
  accountId: z.string().min(1),
  clientId: z.string().min(1),
  certificateId: z.string().min(1),
  /** SPKI PEM of the key whose certificate was uploaded to the integration record. */
  publicKeyPem: z.string().includes('BEGIN PUBLIC KEY'),
  /** Requests in flight that the whole account may have; one more is refused with 429. */
  concurrencyLimit: z.int().min(1).default(15),
  /** Added to every request, in milliseconds: a real account answers in some 300 ms. */
  latencyMs: z.int().min(0).default(0),
  /** An asynchronous job waits this long before it is worked on. */
  asyncDelayMs: z.int().min(0).default(20),
  /** And is worked on for so long for each of its records. */
  asyncRecordMs: z.number().min(0).default(0),
  /** Jobs worked on at the same time: a real account has as many as its SuiteCloud Plus licenses give. */
  asyncProcessors: z.int().min(1).default(5),
  /** Invoices need approval before they are posted. */
  approvalRouting: z.boolean().default(false),
  accessTokenLifetimeSeconds: z.int().min(1).default(3600),
});
export type NetSuiteOptions = z.infer<typeof NetSuiteOptions>;
