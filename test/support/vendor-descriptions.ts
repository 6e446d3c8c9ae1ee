import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A vendor's published description that is not kept in this repository, from the folder that the environment variable Q2C_VENDOR_DESCRIPTIONS names:
 * "sap/API_BUSINESS_PARTNER.edmx". Undefined where it is not at hand. Which files, and where they are published: test/fixtures/vendors/<product>/README.md.
 */
export function vendorDescription(file: string): string | undefined {
  const folder = process.env['Q2C_VENDOR_DESCRIPTIONS'];
  const path = folder === undefined ? undefined : join(folder, file);
  return path === undefined || !existsSync(path) ? undefined : readFileSync(path, 'utf8');
}
