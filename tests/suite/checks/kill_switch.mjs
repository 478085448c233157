// The kill switch: a tick sees it within its bound, and what is not learning goes on.

import assert from 'node:assert/strict';

import { tick } from '../callers.mjs';
import { check, until } from '../check.mjs';
import { ticked } from './schedules.mjs';

const POLICY = 'suite-switch';
const BOUND = 15_000; // milliseconds until every process has seen the switch
const REASON = 'the suite';
const SPACE = {
  weights: {
    kind: 'simplex', floor: 0.05, cap: 0.95, maxStep: 0.2,
    components: { red: 'suite:red', blue: 'suite:blue' },
  },
};

// Before the console's checks: the scorer stays some seconds behind what is recorded.
export async function evidence({ admin, service }) {
  await check('a policy is there whose one arm fails', async () => {
    await admin.call('propose_policy', {
      policy: POLICY, params: { weights: { red: 0.5, blue: 0.5 } }, tuningSpace: SPACE,
      reason: REASON,
    });
    await admin.call('activate_policy', { policy: POLICY, version: '1.0.0', reason: REASON });
    const { status, data } = await record(service, 'failures-of-red', 100);
    assert.deepEqual([status, data.accepted], [200, 100]);
  });
}

export async function killSwitch({ admin, service }) {
  const draft = () => admin.read(`ops_policies/${POLICY}@1.0.1`);

  await check('the tick has seen the switch on, and what it needs is there', async () => {
    await tick('auto_tune_policies');
    assert.equal(await draft(), undefined);
    await ticked('score_observations', 'the failures have rewards',
      () => admin.read('ops_rewards/failures-of-red'));
    await tick('roll_stats');
    assert.equal((await admin.read('ops_stats/suite:red~all~24h')).n, 100);
  });
  await check('switched off, ticks propose nothing until every process has seen it, nor then',
    async () => {
      const { learning } = await admin.call('set_flags', { enabled: false, reason: REASON });
      assert.equal(learning.enabled, false);
      const seen = Date.now() + BOUND;
      await until('the bound is over, and nothing was proposed', async () => {
        const over = Date.now() > seen;
        await tick('auto_tune_policies');
        assert.equal(await draft(), undefined);
        return over;
      }, { within: 2 * BOUND, pace: 1_000 });
    });
  await check('switched off, recording, scoring and resolving go on', async () => {
    assert.equal((await record(service, 'while-off', 3)).status, 200);
    await ticked('score_observations', 'a reward', () => admin.read('ops_rewards/while-off'));
    assert.equal((await service.ask(`resolve?policy=${POLICY}`)).status, 200);
  });
  await check('switched off, a person may still propose, activate and roll back', async () => {
    const policy = 'suite-console';
    const { version } = await admin.call('propose_policy', {
      policy, params: { depth: 7 }, reason: REASON,
    });
    const { active } = await admin.call('activate_policy', { policy, version, reason: REASON });
    assert.equal(active, version);
    const head = await admin.call('rollback_policy', { policy, reason: REASON });
    assert.equal(head.previous, version);
  });
  await check('switched on again, a tick proposes within 15 seconds', async () => {
    await admin.call('set_flags', { enabled: true, reason: REASON });
    const made = await until('a draft', async () => {
      await tick('auto_tune_policies');
      return draft();
    }, { within: BOUND });
    assert.ok(made.params.weights.red < 0.5);
  });
}

async function record(service, id, n) {
  const one = {
    ts: Date.now(), component: 'suite:red', arm: 'red', outcome: 'failure', durationMs: 500,
    costUsd: 0.01, policyVersion: `${POLICY}@1.0.0`,
  };
  const json = { id, observations: Array.from({ length: n }, () => one) };
  return service.ask('record', { method: 'POST', json });
}
