import { startTryton } from './tryton/tryton.ts';
import { ensureCredentials } from '../sandbox/credentials.ts';
ensureCredentials('/tmp/rt/trydata');
for (let i=0;i<2;i++){ const t0=Date.now(); const t = await startTryton({dataDir:'/tmp/rt/trydata'}); console.log(t, Date.now()-t0); await t.stop(); }
