// Rollouts and approvals through the official SDK, an edit of one by hand, and the hourly look.

import assert from 'node:assert/strict';

import { where } from 'firebase/firestore';

import { command, editInConsole, tick } from '../callers.mjs';
import { check, refused, until } from '../check.mjs';

const POLICY = 'suite-rollouts';
const REASON = 'the suite';
const START = {
  policy: POLICY, challengers: [{ arm: 'tried', version: `${POLICY}@1.0.1` }], mode: 'canary',
  reason: REASON,
};

export async function rollouts(callers) {
  const rollout = await started(callers);
  await handled(callers, rollout);
  await approved(callers);
}

async function started({ admin, service }) {
  await admin.call('propose_policy', { policy: POLICY, params: { depth: 1 }, reason: REASON });
  await admin.call('activate_policy', { policy: POLICY, version: '1.0.0', reason: REASON });
  await admin.call('propose_policy', { policy: POLICY, params: { depth: 2 }, reason: REASON });

  await check('start_rollout refuses a service, and names a share that is too large', async () => {
    await refused('functions/permission-denied', () => service.call('start_rollout', START));
    const error = await refused('functions/invalid-argument',
      () => admin.call('start_rollout', { ...START, steps: [{ tried: 0.9 }] }));
    assert.equal(error.details.field, 'steps');
  });
  let id;
  await check('start_rollout begins a canary that components get', async () => {
    ({ id } = await admin.call('start_rollout', START));
    const { data } = await service.ask(`resolve?policy=${POLICY}`);
    assert.deepEqual([data.version, data.rollout.id], [`${POLICY}@1.0.0`, id]);
    assert.equal((await admin.read(`ops_policies/${POLICY}@1.0.1`)).status, 'canary');
  });
  return id;
}

async function handled({ admin, service }, id) {
  const read = () => admin.read(`ops_rollouts/${id}`);

  await check('hold_rollout holds it, and an edit by hand does not let it go', async () => {
    assert.equal((await admin.call('hold_rollout', { rollout: id, reason: REASON })).held, true);
    await editInConsole(`ops_rollouts/${id}`, { held: false });
    await until('held again', async () => (await read()).held === true);
    const told = await until('an alert', async () => {
      const found = await admin.list('ops_alerts', where('subject', '==', `ops_rollouts/${id}`));
      return found[0];
    });
    assert.match(told.command, /^ratchet rollout hold .* --release/);
  });
  await check('a status of the version edited by hand is put back', async () => {
    const version = `ops_policies/${POLICY}@1.0.1`;
    await editInConsole(version, { status: 'draft' });
    await until('canary', async () => (await admin.read(version)).status === 'canary');
  });
  await check('evaluate_rollouts looks at it once an hour: HOLD, and what is missing', async () => {
    await tick('evaluate_rollouts');
    await tick('evaluate_rollouts');
    const found = await admin.list('ops_verdicts', where('rollout', '==', id));
    assert.ok(found.length >= 1 && found.length <= 2); // the hour may turn between
    assert.equal(found[0].decision, 'HOLD');
    assert.ok(found[0].judged.reasons.length > 0);
  });
  await check('abort_rollout gives everybody the active version', async () => {
    await admin.call('abort_rollout', { rollout: id, reason: REASON });
    const { data } = await service.ask(`resolve?policy=${POLICY}`);
    assert.deepEqual([data.version, data.rollout ?? null], [`${POLICY}@1.0.0`, null]);
  });
}

async function approved({ admin, leaver }) {
  const waiting = () => admin.list('ops_approvals', where('policy', '==', POLICY));

  await check('approve refuses who made the version: four eyes', async () => {
    await command('approvals', 'ask', POLICY, '1.0.1', '--reason', REASON, '--by', 'suite');
    const [{ id }] = await waiting();
    const error = await refused('functions/failed-precondition',
      () => admin.call('approve', { approval: id, reason: REASON }));
    assert.equal(error.details.field, 'actor');
  });
  await check('approve by another admin makes the version active', async () => {
    await leaver.signIn();
    const [{ id }] = await waiting();
    const given = await leaver.call('approve', { approval: id, reason: REASON });
    assert.equal(given.state, 'approved');
    assert.equal((await admin.read(`ops_policy_heads/${POLICY}`)).active, '1.0.1');
  });
}
