// Bundles the workflows (`--traced`: with what carries a trace through them) and writes the bundle to standard output as JSON.
import { bundleWorkflows } from './bundle.ts';

process.stdout.write(JSON.stringify(await bundleWorkflows({ traced: process.argv.includes('--traced') })));
