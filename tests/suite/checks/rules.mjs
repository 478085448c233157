// Reads and writes of documents with the official SDK, under `firestore.rules`.

import assert from 'node:assert/strict';

import {
  collection, deleteDoc, doc, getDocsFromServer, serverTimestamp, setDoc, updateDoc,
} from 'firebase/firestore';

import { check, refused } from '../check.mjs';

const DENIED = 'permission-denied';
const MONTH = 30 * 86_400_000;
export const DIRECT = 'direct';

function flat(more = {}) {
  return {
    v: 1, ts: new Date(), component: 'suite:direct', outcome: 'success', durationMs: 120,
    shard: 0, ingestedAt: serverTimestamp(), expireAt: new Date(Date.now() + MONTH), ...more,
  };
}

export async function rules(callers) {
  await reads(callers);
  await observations(callers);
  await derived(callers);
}

async function reads({ admin, service, stranger, nobody }) {
  await check('a service reads the head of a policy', async () => {
    assert.equal((await service.read('ops_policy_heads/router-core')).active, '1.0.0');
  });
  await check('a service lists policies, at most 100', async () => {
    const found = await service.list('ops_policies');
    assert.ok(found.some(({ id, version }) => id === 'router-core' && version === '1.0.0'));
  });
  await check('a service reads the switches', async () => {
    assert.equal(typeof (await service.read('config/flags')).learning.enabled, 'boolean');
  });
  await check('a list without a limit is refused', async () => {
    await refused(DENIED, () => getDocsFromServer(collection(service.db, 'ops_policies')));
  });
  await check('an admin reads the audit chain', async () => {
    const found = await admin.list('ops_audit');
    assert.ok(found.some(({ action, actor }) => action === 'activate' && actor === 'seed'));
  });
  for (const [caller, path] of [
    [service, 'ops_audit/config~000000001'], [service, 'ops_observations/one'],
    [service, 'ops_checkpoints/key'], [admin, 'ops_checkpoints/key'],
    [stranger, 'ops_policy_heads/router-core'], [nobody, 'ops_policy_heads/router-core'],
    [nobody, 'config/flags'], [service, 'config/access'],
  ]) {
    await check(`${path} is not read by ${caller.name}`, async () => {
      await refused(DENIED, () => caller.read(path));
    });
  }
}

async function observations({ service, stranger }) {
  const at = (caller, id) => doc(caller.db, 'ops_observations', id);

  await check('a service creates a flat observation', async () => {
    await setDoc(at(service, DIRECT), flat());
  });
  await check('it is neither changed nor deleted', async () => {
    await refused(DENIED, () => updateDoc(at(service, DIRECT), { outcome: 'failure' }));
    await refused(DENIED, () => deleteDoc(at(service, DIRECT)));
  });
  for (const [what, more] of [
    ['an outcome that there is not', { outcome: 'splendid' }],
    ['a quality above 1', { quality: 1.5 }],
    ['a time of arrival of its own', { ingestedAt: new Date() }],
    ['a shard that is not read', { shard: 64 }],
    ['items', { items: [] }],
    ['a raw unit', { unit: 'somebody' }],
  ]) {
    await check(`an observation with ${what} is refused`, async () => {
      await refused(DENIED, () => setDoc(at(service, 'wrong'), flat(more)));
    });
  }
  await check('a user without a role creates no observation', async () => {
    await refused(DENIED, () => setDoc(at(stranger, 'strange'), flat()));
  });
}

async function derived({ admin, service }) {
  for (const name of ['ops_rewards', 'ops_stats', 'ops_buckets', 'ops_policy_heads', 'config']) {
    await check(`a service does not write ${name}`, async () => {
      await refused(DENIED, () => setDoc(doc(service.db, name, 'forged'), { v: 1 }));
    });
  }
  await check('an admin changes no configuration, whatever his token was', async () => {
    const flags = doc(admin.db, 'config', 'flags');
    await refused(DENIED, () => updateDoc(flags, { 'learning.enabled': true }));
    await refused(DENIED, () => deleteDoc(flags));
    const access = doc(admin.db, 'config', 'access');
    await refused(DENIED, () => setDoc(access, { serviceAccounts: { 'eve@example.com': 'admin' } }));
  });
  await check('an admin does not write the audit chain', async () => {
    await refused(DENIED, () => setDoc(doc(admin.db, 'ops_audit', 'forged'), { v: 1 }));
    await refused(DENIED, () => deleteDoc(doc(admin.db, 'ops_audit', 'config~000000001')));
  });
  await check('an admin does not change what a version holds', async () => {
    const active = doc(admin.db, 'ops_policies', 'router-core@1.0.0');
    await refused(DENIED, () => updateDoc(active, { params: { modelWeights: {} } }));
  });
}
