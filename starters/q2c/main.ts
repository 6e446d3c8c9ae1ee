import { Command } from 'commander';
import { z } from 'zod';
import { auditCommands } from './audit.ts';
import { caseCommands } from './cases.ts';
import { configCommands } from './config.ts';
import { connectorCommands } from './connector.ts';
import { dealCommands } from './deals.ts';
import { doctorCommand } from './doctor.ts';
import { inboxCommands } from './inbox.ts';
import { notificationCommands } from './notifications.ts';
import { referenceCommands } from './reference.ts';
import { timesheetCommands } from './timesheets.ts';

const program = new Command('q2c')
  .description('Looks at and steers the line from closed-won deal to cash.')
  .option('--json', 'print JSON for programs instead of text for people')
  .showHelpAfterError();

for (const register of [doctorCommand, dealCommands, timesheetCommands, caseCommands, inboxCommands, notificationCommands, configCommands, referenceCommands, auditCommands, connectorCommands]) register(program);

try {
  await program.parseAsync();
} catch (error) {
  const message = error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : String(error);
  process.stderr.write(`q2c: ${message}\n`);
  process.exitCode = 1;
}
