// The scheduled functions, triggered as Cloud Scheduler does, and what each leaves behind.

import assert from 'node:assert/strict';

import { where } from 'firebase/firestore';

import { editInConsole, tick } from '../callers.mjs';
import { check, until } from '../check.mjs';
import { POLICY } from './callables.mjs';
import { DIRECT } from './rules.mjs';

const HOUR = 3_600_000;

export async function schedules(callers) {
  await scoring(callers);
  await tuning(callers);
  await keeping(callers);
}

// Run a scheduled function until what it does is there: it stays some seconds behind the clock.
export async function ticked(name, what, look) {
  return until(what, async () => {
    await tick(name);
    return look();
  });
}

async function scoring({ admin }) {
  await check('score_observations scores what was recorded over HTTP', async () => {
    const reward = await ticked('score_observations', 'a reward',
      () => admin.read('ops_rewards/one'));
    assert.equal(reward.obsId, 'one');
    assert.ok(reward.score > 0 && reward.score <= 1);
  });
  await check('it scores what a service wrote under the rules, as any other', async () => {
    const reward = await ticked('score_observations', 'a reward',
      () => admin.read(`ops_rewards/${DIRECT}`));
    assert.equal(reward.component, 'suite:direct');
  });
  await check('it folds a late grade into the reward', async () => {
    const reward = await ticked('score_observations', 'the grade', async () => {
      const found = await admin.read('ops_rewards/one');
      return found.feedback && found;
    });
    assert.equal(reward.feedback.judge.grade, 0.9);
  });
  await check('roll_stats rolls the window of 24 hours', async () => {
    const stats = await ticked('roll_stats', '100 observations', async () => {
      const found = await admin.read('ops_stats/router:gpt-5~all~24h');
      return found?.n === 100 && found;
    });
    assert.deepEqual([stats.successRate, stats.outcomes.failure], [0, 1]);
  });
  await check('roll_long_windows rolls the window of 7 days', async () => {
    await tick('roll_long_windows');
    assert.equal((await admin.read('ops_stats/router:gpt-5~all~7d')).n, 100);
  });
}

async function tuning({ admin, service }) {
  await check('auto_tune_policies drafts a version with less of the model that fails', async () => {
    const draft = await ticked('auto_tune_policies', 'a draft',
      () => admin.read('ops_policies/router-core@1.0.1'));
    assert.deepEqual([draft.status, draft.createdBy], ['draft', 'auto_tune_policies']);
    assert.equal(draft.changeClass, 'allocation');
    assert.ok(draft.params.modelWeights['gpt-5'] < 0.6);
  });
  await check('the draft waits for a person while autoActivatePolicies is off', async () => {
    const { data } = await service.ask('resolve?policy=router-core');
    assert.equal(data.version, 'router-core@1.0.0');
  });
}

async function keeping({ admin }) {
  await check('sweep scores what the cursors passed by, and says so', async () => {
    const { shard } = await admin.read('ops_observations/one');
    const then = new Date(Date.now() - HOUR);
    await editInConsole('ops_observations/late', {
      v: 1, ts: then, component: 'suite:late', outcome: 'success', shard, ingestedAt: then,
      expireAt: new Date(Date.now() + 24 * HOUR),
    });
    await tick('score_observations');
    assert.equal(await admin.read('ops_rewards/late'), undefined);
    await tick('sweep');
    assert.equal((await admin.read('ops_rewards/late')).component, 'suite:late');
    assert.equal((await admin.read('ops_alerts/observations-missed~sweep')).count, 1);
  });
  await check('verify_audit finds chains that are whole', async () => {
    await tick('verify_audit');
    const broken = await admin.list('ops_alerts', where('what', '==', 'audit-broken'));
    assert.deepEqual(broken, []);
  });
  await check('verify_audit names an entry that was changed', async () => {
    const entry = `${POLICY}~000000002`;
    await editInConsole(`ops_audit/${entry}`, { actor: 'somebody else' });
    await tick('verify_audit');
    const alert = await admin.read(`ops_alerts/audit-broken~${POLICY}`);
    assert.deepEqual([alert.severity, alert.evidence.entry], ['critical', entry]);
  });
}
