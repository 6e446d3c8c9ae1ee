/** A payroll bureau that exchanges files: it stands in for the bureau, its folder for what would be an SFTP server. */
import type { SandboxDefinition } from '../kit/sandbox.ts';
import { createBureau } from './bureau.ts';
import { PayrollOptions } from './options.ts';

export const payroll: SandboxDefinition = {
  name: 'payroll',
  title: 'Payroll bureau (sandbox)',
  /**
   * late: takes its time · silent: takes exports and never answers · closed: takes nothing · reject-lines: has no master data of the first line's
   * person · refuse: refuses whole exports · half-file, wrong-checksum, unknown-lines: spoils its answer, and writes it anew in another mode · csv:
   * answers in CSV. People it shall not know are records of the collection `unknown_employees` (POST /__admin/seed).
   */
  modes: ['late', 'silent', 'closed', 'reject-lines', 'refuse', 'half-file', 'wrong-checksum', 'unknown-lines', 'csv'],

  register(context) {
    const bureau = createBureau(context, PayrollOptions.parse(context.options));
    context.app.addHook('onReady', async () => {
      bureau.start();
    });
    context.app.addHook('onClose', async () => {
      await bureau.stop();
    });
  },
};
