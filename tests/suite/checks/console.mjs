// Documents edited as a person does in the Firebase console, and what the guards make of it.

import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';

import { doc, serverTimestamp, setDoc, where, writeBatch } from 'firebase/firestore';

import { editInConsole, removeInConsole } from '../callers.mjs';
import { check, until } from '../check.mjs';

const POLICY = 'suite-console';
const REASON = 'the suite';
const key = (version) => `ops_policies/${POLICY}@${version}`;

export async function consoleEdits(callers) {
  await prepared(callers);
  await configuration(callers);
  await versions(callers);
  await drafts(callers);
  await rollbacks(callers);
}

async function prepared({ admin }) {
  await check('a policy is there with two versions that were active and a draft', async () => {
    for (const [depth, version] of [[1, '1.0.0'], [2, '1.0.1'], [3, '1.0.2']]) {
      await admin.call('propose_policy', { policy: POLICY, params: { depth }, reason: REASON });
      if (depth === 3) break;
      await admin.call('activate_policy', { policy: POLICY, version, reason: REASON });
    }
    const head = await admin.read(`ops_policy_heads/${POLICY}`);
    assert.deepEqual([head.active, head.previous, head.drafts], ['1.0.1', '1.0.0', ['1.0.2']]);
  });
}

async function configuration({ admin }) {
  const learning = async () => (await admin.read('config/flags')).learning;

  await check('a valid edit of config/flags is written on the audit chain', async () => {
    await editInConsole('config/flags', {
      learning: { enabled: true, autoActivatePolicies: true },
    });
    await until('an audit entry', async () => {
      const entries = await admin.list('ops_audit', where('id', '==', 'config/flags'));
      return entries.some((e) => e.actor === 'console' && e.action === 'edit');
    });
    assert.deepEqual(await learning(), { enabled: true, autoActivatePolicies: true });
    await admin.call('set_flags', { autoActivatePolicies: false, reason: REASON });
  });
  await check('a broken edit of config/reward_config is put back with an alert', async () => {
    const weights = async () => (await admin.read('config/reward_config')).weights;
    const before = await weights();
    await editInConsole('config/reward_config', { weights: 'more of everything' });
    await until('the weights', async () => isDeepStrictEqual(await weights(), before));
    const alert = await alerted(admin, 'config~reward_config');
    assert.match(alert.command, /^ratchet config set reward_config/);
  });
  await check('a broken edit of config/flags means off, until a person turns it on', async () => {
    await editInConsole('config/flags', { learning: { enabled: 'perhaps' } });
    await until('off', async () => (await learning()).enabled === false);
    await alerted(admin, 'config~flags');
    const on = await admin.call('set_flags', { enabled: true, reason: REASON });
    assert.deepEqual(on.learning, { enabled: true, autoActivatePolicies: false });
  });
}

async function versions({ admin, service }) {
  await check('params edited by hand are put back with an alert', async () => {
    await editInConsole(key('1.0.1'), { params: { depth: 99 } });
    await until('the params', async () => (await admin.read(key('1.0.1'))).params.depth === 2);
    await alerted(admin, `${POLICY}@1.0.1`);
    const { data } = await service.ask(`resolve?policy=${POLICY}`);
    assert.deepEqual([data.version, data.params.depth], [`${POLICY}@1.0.1`, 2]);
  });
  await check('a version that was never active is put back, and the alert names the command',
    async () => {
      await editInConsole(key('1.0.2'), { status: 'active' });
      await until('the draft', async () => (await admin.read(key('1.0.2'))).status === 'draft');
      const alert = await alerted(admin, `${POLICY}@1.0.2`);
      assert.equal(alert.command, `ratchet policy activate ${POLICY} 1.0.2 --reason ...`);
      assert.equal((await admin.read(`ops_policy_heads/${POLICY}`)).active, '1.0.1');
    });
  await check('a version that was deleted by hand is put back', async () => {
    await removeInConsole(key('1.0.0'));
    await until('the version', async () => (await admin.read(key('1.0.0')))?.params.depth === 1);
  });
}

async function drafts({ admin, service }) {
  const of = (version, more = {}) => ({
    id: POLICY, version, params: { depth: 4 }, status: 'draft', ...more,
  });

  await check('a version that an admin writes under the rules is taken as a signed draft',
    async () => {
      await setDoc(doc(admin.db, key('1.0.3')), of('1.0.3', { notes: 'by hand' }));
      const draft = await until('a signature', async () => {
        const found = await admin.read(key('1.0.3'));
        return found?.signature && found;
      });
      assert.deepEqual([draft.status, draft.notes, draft.parent],
        ['draft', 'by hand', `${POLICY}@1.0.1`]);
      const head = await admin.call('activate_policy', {
        policy: POLICY, version: '1.0.3', reason: REASON,
      });
      assert.equal(head.active, '1.0.3');
      await admin.call('rollback_policy', { policy: POLICY, reason: REASON });
      const { data } = await service.ask(`resolve?policy=${POLICY}`);
      assert.equal(data.version, `${POLICY}@1.0.1`);
    });
  await check('a version that does not parse is removed, and the alert says why', async () => {
    await editInConsole(key('1.0.4'), of('1.0.4', { params: 'deep' }));
    const alert = await alerted(admin, `${POLICY}@1.0.4`);
    assert.match(alert.text, /params/);
    assert.equal(await admin.read(key('1.0.4')), undefined);
  });
}

async function rollbacks({ admin, service }) {
  const sequence = async () => (await admin.read(`ops_policy_heads/${POLICY}`)).auditSequence;

  await check('a rollback in the console, the old version first, is carried through', async () => {
    const before = await sequence();
    await editInConsole(key('1.0.0'), { status: 'active' });
    await editInConsole(key('1.0.1'), { status: 'archived' });
    await settled(admin, service, '1.0.0', '1.0.1', before);
  });
  await check('a rollback in the console, the new version first, is carried through', async () => {
    const before = await sequence();
    await editInConsole(key('1.0.0'), { status: 'archived' });
    await editInConsole(key('1.0.1'), { status: 'active' });
    await settled(admin, service, '1.0.1', '1.0.0', before);
  });
  await check('an admin rolls back under the rules with one batch of statuses', async () => {
    const before = await sequence();
    const edit = writeBatch(admin.db);
    for (const [version, status] of [['1.0.0', 'active'], ['1.0.1', 'archived']]) {
      edit.update(doc(admin.db, key(version)), { status, updatedAt: serverTimestamp() });
    }
    await edit.commit();
    await settled(admin, service, '1.0.0', '1.0.1', before);
  });
}

// Wait until head and statuses agree on the active version; the audit says so, and it is served.
async function settled(admin, service, active, archived, before) {
  await until(`${active} is active`, async () => {
    const head = await admin.read(`ops_policy_heads/${POLICY}`);
    const [now, was] = [await admin.read(key(active)), await admin.read(key(archived))];
    return head.active === active && now.status === 'active' && was.status === 'archived';
  });
  const entries = await admin.list('ops_audit', where('stream', '==', POLICY));
  const decided = entries.filter((e) => e.sequence > before && e.action === 'rollback');
  assert.deepEqual(decided.map((e) => [e.to, e.actor]), [[active, 'console']]);
  const { data } = await service.ask(`resolve?policy=${POLICY}`);
  assert.equal(data.version, `${POLICY}@${active}`);
}

async function alerted(admin, subject) {
  return until(`an alert about ${subject}`, async () => {
    const alerts = await admin.list('ops_alerts', where('subject', '==', subject));
    return alerts.find((a) => a.what === 'hand-edit-put-back');
  });
}
