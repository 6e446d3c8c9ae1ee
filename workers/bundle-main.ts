// Bundles the workflows and writes the bundle to standard output as JSON.
import { bundleWorkflows } from './bundle.ts';

process.stdout.write(JSON.stringify(await bundleWorkflows()));
