// Every callable: success, and each refusal with its code and details.

import assert from 'node:assert/strict';

import { command } from '../callers.mjs';
import { check, refused } from '../check.mjs';

export const POLICY = 'suite-callables';
const REASON = 'the suite';

const RIGHT = {
  propose_policy: { policy: POLICY, params: { depth: 9 }, reason: REASON },
  activate_policy: { policy: POLICY, version: '1.0.0', reason: REASON },
  rollback_policy: { policy: POLICY, reason: REASON },
  set_flags: { enabled: true, reason: REASON },
};

// What is wrong, and the field that the details must name.
const WRONG = {
  propose_policy: [{ policy: POLICY, params: 'deep', reason: REASON }, 'params'],
  activate_policy: [{ policy: POLICY, version: 1, reason: REASON }, 'version'],
  rollback_policy: [{ policy: POLICY, until: 'monday' }, 'until'],
  set_flags: [{ enabled: 'yes', reason: REASON }, 'enabled'],
};

export async function callables(callers) {
  await refusals(callers);
  await life(callers);
}

async function refusals({ admin, service, stranger, nobody }) {
  for (const [name, data] of Object.entries(RIGHT)) {
    await check(`${name} refuses a caller without a token: unauthenticated`, async () => {
      const error = await refused('functions/unauthenticated', () => nobody.call(name, data));
      assert.equal(error.details.code, 'RATCHET-6001');
    });
    for (const caller of [service, stranger]) {
      await check(`${name} refuses a ${caller.name}: permission-denied`, async () => {
        const error = await refused('functions/permission-denied', () => caller.call(name, data));
        assert.deepEqual([error.details.code, error.details.field], ['RATCHET-3006', 'role']);
      });
    }
    await check(`${name} names the field that is wrong: invalid-argument with details`, async () => {
      const [wrong, field] = WRONG[name];
      const error = await refused('functions/invalid-argument', () => admin.call(name, wrong));
      assert.deepEqual([error.details.code, error.details.field], ['RATCHET-1001', field]);
      assert.ok(error.details.message);
    });
  }
  await check('propose_policy refuses a change without a reason: invalid-argument', async () => {
    const error = await refused('functions/invalid-argument',
      () => admin.call('propose_policy', { ...RIGHT.propose_policy, reason: ' ' }));
    assert.equal(error.details.field, 'reason');
  });
  await check('activate_policy refuses a policy that does not exist: not-found', async () => {
    const error = await refused('functions/not-found',
      () => admin.call('activate_policy', { ...RIGHT.activate_policy, policy: 'no-such-policy' }));
    assert.equal(error.details.code, 'RATCHET-2001');
  });
}

async function life({ admin, service }) {
  const propose = (params) =>
    admin.call('propose_policy', { policy: POLICY, params, reason: REASON });
  const activate = (version) =>
    admin.call('activate_policy', { policy: POLICY, version, reason: REASON });
  const served = async () => (await service.ask(`resolve?policy=${POLICY}`)).data.version;

  await check('propose_policy writes a draft', async () => {
    const draft = await propose({ depth: 1 });
    assert.deepEqual([draft.id, draft.version, draft.status], [POLICY, '1.0.0', 'draft']);
    assert.equal(draft.createdBy, admin.auth.currentUser.uid);
  });
  await check('activate_policy makes it what resolve answers', async () => {
    const head = await activate('1.0.0');
    assert.equal(head.active, '1.0.0');
    assert.equal(await served(), `${POLICY}@1.0.0`);
  });
  await check('rollback_policy without a previous version: failed-precondition', async () => {
    const error = await refused('functions/failed-precondition',
      () => admin.call('rollback_policy', RIGHT.rollback_policy));
    assert.equal(error.details.code, 'RATCHET-3003');
    assert.ok(error.details.mend);
  });
  await check('rollback_policy goes back to the version before', async () => {
    await propose({ depth: 2 });
    await activate('1.0.1');
    assert.equal(await served(), `${POLICY}@1.0.1`);
    const head = await admin.call('rollback_policy', RIGHT.rollback_policy);
    assert.deepEqual([head.active, head.previous], ['1.0.0', '1.0.1']);
    assert.equal(await served(), `${POLICY}@1.0.0`);
  });
  await check('activate_policy refuses a version that was rejected: failed-precondition', async () => {
    await propose({ depth: 3 });
    await command('policy', 'reject', POLICY, '1.0.2', '--reason', REASON, '--by', 'suite');
    const error = await refused('functions/failed-precondition', () => activate('1.0.2'));
    assert.deepEqual([error.details.code, error.details.field], ['RATCHET-3003', 'status']);
    assert.equal(await served(), `${POLICY}@1.0.0`);
  });
  await check('rollback over HTTP goes to the version that it names', async () => {
    const json = { id: POLICY, version: '1.0.1', reason: REASON };
    const { status, data } = await admin.ask('rollback', { method: 'POST', json });
    assert.deepEqual([status, data.active], [200, '1.0.1']);
    assert.equal(await served(), `${POLICY}@1.0.1`);
  });
  await check('set_flags changes the switch that it names and keeps the other', async () => {
    const on = await admin.call('set_flags', { autoActivatePolicies: true, reason: REASON });
    assert.deepEqual(on.learning, { enabled: true, autoActivatePolicies: true });
    const off = await admin.call('set_flags', { autoActivatePolicies: false, reason: REASON });
    assert.deepEqual(off.learning, { enabled: true, autoActivatePolicies: false });
  });
}
