/** Where each stand-in listens, counted from the first one's port; Tryton's own server has the fifth. A new sandbox gets a line here and one in all.ts. */
export const SANDBOX_PORT_OFFSETS = {
  salesforce: 0,
  hubspot: 1,
  netsuite: 2,
  harvest: 3,
  clockify: 5,
  payroll: 6,
  dynamics: 7,
  snowflake: 16,
  scim: 13,
  jira: 15,
  oracle: 9,
  sap: 8,
  kantata: 10,
  legacy: 17,
  'project-operations': 18,
  stripe: 11,
  lago: 12,
  gusto: 14,
} as const;

export type SandboxName = keyof typeof SANDBOX_PORT_OFFSETS;
export const FIRST_SANDBOX_PORT = 9101;

export function isSandboxName(text: string): text is SandboxName {
  return Object.hasOwn(SANDBOX_PORT_OFFSETS, text);
}

export const SANDBOX_NAMES: readonly SandboxName[] = Object.keys(SANDBOX_PORT_OFFSETS).filter(isSandboxName);

/** The stand-ins behind configured addresses: "endpoint:sandbox.netsuite", or the folder that payroll files are put into for the bureau. */
export function sandboxesBehind(addresses: readonly string[]): readonly SandboxName[] {
  const named = new Set(addresses.map((address) => /^(?:endpoint:sandbox\.|folder:)(.+)$/.exec(address)?.[1]));
  return SANDBOX_NAMES.filter((name) => named.has(name));
}
