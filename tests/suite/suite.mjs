// The end-to-end checks, group by group; `python -m tests.suite` runs this with what is in SUITE.

import { failed } from './check.mjs';
import { openCallers } from './callers.mjs';
import { callables } from './checks/callables.mjs';
import { consoleEdits } from './checks/console.mjs';
import { httpDoors } from './checks/http.mjs';
import { evidence, killSwitch } from './checks/kill_switch.mjs';
import { rollouts } from './checks/rollouts.mjs';
import { rules } from './checks/rules.mjs';
import { schedules } from './checks/schedules.mjs';
import { signIn } from './checks/sign_in.mjs';
import { takenAway } from './checks/taken_away.mjs';

const GROUPS = [
  signIn, httpDoors, callables, rollouts, rules, schedules, evidence, consoleEdits, killSwitch,
  takenAway,
];

const callers = await openCallers();
for (const group of GROUPS) {
  const start = Date.now();
  await group(callers);
  console.log(`   ${group.name}: ${((Date.now() - start) / 1000).toFixed(1)} s`);
}
await Promise.all(Object.values(callers).map((caller) => caller.close()));
process.exit(failed() ? 1 : 0);
