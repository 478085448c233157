// The HTTP doors, with the ID tokens of the SDK's users.

import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';

import { check } from '../check.mjs';

function observation(arm, outcome, more = {}) {
  return {
    ts: Date.now(), component: `router:${arm}`, outcome, durationMs: 800, costUsd: 0.01, arm,
    policyVersion: 'router-core@1.0.0', ...more,
  };
}

function answers({ status, data }, wanted, code, field) {
  assert.equal(status, wanted, JSON.stringify(data));
  assert.equal(data.error.code, code);
  if (field) assert.equal(data.error.field, field);
  assert.ok(data.error.message);
}

export async function httpDoors({ admin, service, stranger, nobody }) {
  const one = observation('claude', 'success');

  await check('health answers anybody', async () => {
    assert.equal((await nobody.ask('health')).status, 200);
  });
  await check('the OpenAPI document is served to anybody', async () => {
    const { status, data } = await nobody.ask('openapi');
    assert.deepEqual([status, data.openapi], [200, '3.1.0']);
  });
  await check('record refuses a caller without a token: 401', async () => {
    const answer = await nobody.ask('record', { method: 'POST', json: one });
    answers(answer, 401, 'RATCHET-6001');
    assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
  });
  await check('record refuses a user without a role: 403', async () => {
    answers(await stranger.ask('record', { method: 'POST', json: one }), 403, 'RATCHET-3006');
  });
  await check('record takes one observation of a service', async () => {
    const { status, data } = await service.ask('record', {
      method: 'POST', json: { id: 'one', ...one },
    });
    assert.deepEqual([status, data.id, data.accepted], [200, 'one', 1]);
  });
  await check('record stores the good items of a batch and names the bad one', async () => {
    const observations = [one, { ...one, outcome: 'splendid' }, one];
    const { status, data } = await service.ask('record', {
      method: 'POST', json: { id: 'two-of-three', observations },
    });
    assert.deepEqual([status, data.accepted, data.rejected.length], [200, 2, 1]);
    assert.deepEqual([data.rejected[0].index, data.rejected[0].field], [1, 'outcome']);
  });
  await check('record takes a batch of 100', async () => {
    const observations = Array.from({ length: 100 }, () => observation('gpt-5', 'failure'));
    const { status, data } = await service.ask('record', {
      method: 'POST', json: { id: 'failures-of-gpt-5', observations },
    });
    assert.deepEqual([status, data.accepted, data.rejected], [200, 100, []]);
  });
  await check('the same batch sent again is a success and is stored once', async () => {
    const json = { id: 'again', observations: [one, one] };
    const first = await service.ask('record', { method: 'POST', json });
    const second = await service.ask('record', { method: 'POST', json });
    assert.deepEqual([first.status, first.data.duplicate], [200, false]);
    assert.deepEqual([second.status, second.data.duplicate, second.data.accepted], [200, true, 2]);
  });
  await check('an id that is sent again with other content is refused: 409', async () => {
    const json = { id: 'again', observations: [{ ...one, outcome: 'failure' }] };
    answers(await service.ask('record', { method: 'POST', json }), 409, 'RATCHET-4001', 'id');
  });
  await check('record takes lines of JSON, compressed', async () => {
    const { status, data } = await service.ask('record?id=lines', {
      method: 'POST',
      body: gzipSync([one, one].map((line) => JSON.stringify(line)).join('\n')),
      headers: { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' },
    });
    assert.deepEqual([status, data.id, data.accepted], [200, 'lines', 2]);
  });
  await check('a body that is no JSON is refused: 400', async () => {
    const answer = await service.ask('record', {
      method: 'POST', body: '{"component":', headers: { 'content-type': 'application/json' },
    });
    answers(answer, 400, 'RATCHET-1001');
  });
  await check('record refuses a GET: 405', async () => {
    answers(await service.ask('record'), 405, 'RATCHET-1007');
  });
  await check('feedback takes a late grade of a service', async () => {
    const { status, data } = await service.ask('feedback', {
      method: 'POST', json: { obsId: 'one', source: 'judge', grade: 0.9 },
    });
    assert.deepEqual([status, data.accepted], [200, 1]);
  });
  await check('resolve answers a service with the active version, and 304 while it is', async () => {
    const { status, data, headers } = await service.ask('resolve?policy=router-core');
    assert.deepEqual([status, data.version], [200, 'router-core@1.0.0']);
    assert.equal(data.params.modelWeights['gpt-5'], 0.6);
    const again = await service.ask('resolve?policy=router-core', {
      headers: { 'if-none-match': headers.get('etag') },
    });
    assert.deepEqual([again.status, again.data], [304, null]);
  });
  await check('resolve refuses a policy that does not exist: 404', async () => {
    answers(await service.ask('resolve?policy=no-such-policy'), 404, 'RATCHET-2001');
  });
  await check('rollback refuses a service: 403', async () => {
    const json = { id: 'router-core' };
    answers(await service.ask('rollback', { method: 'POST', json }), 403, 'RATCHET-3006');
  });
  await check('rollback refuses a policy without a previous version: 403', async () => {
    const json = { id: 'router-core', reason: 'a try' };
    answers(await admin.ask('rollback', { method: 'POST', json }), 403, 'RATCHET-3003');
  });
  await check('api lists the versions of an agent, below its name', async () => {
    const { status, data } = await admin.ask('api/v1/bundles?agent=router-core');
    assert.deepEqual([status, data.items.map((one) => one.version)], [200, ['1.0.0']]);
    const { data: active } = await admin.ask('api/v1/bundles/router-core/active');
    assert.equal(active.params.modelWeights['gpt-5'], 0.6);
  });
  await check('api takes labels of an admin once, and answers again as first', async () => {
    const label = {
      agent: 'planner', subject: 'a/b', thumbs: 'up', source: 'panel', sourceId: 'a/b 1',
    };
    const sent = {
      method: 'POST', json: { labels: [label] }, headers: { 'idempotency-key': 'labels-1' },
    };
    const first = await admin.ask('api/v1/labels', sent);
    assert.deepEqual([first.status, first.data.accepted], [200, 1]);
    const again = await admin.ask('api/v1/labels', sent);
    assert.deepEqual([again.status, again.data], [200, first.data]);
    assert.equal(again.headers.get('idempotent-replay'), 'true');
  });
  await check('api withdraws a label by its id, percent-encoded', async () => {
    const { data } = await admin.ask('api/v1/labels?agent=planner');
    const path = `api/v1/labels/${encodeURIComponent(data.items[0].id)}/withdraw`;
    const gone = await admin.ask(path, { method: 'POST', json: { reason: 'a mistake' } });
    assert.deepEqual([gone.status, gone.data.withdrawnReason], [200, 'a mistake']);
  });
  await check('api refuses a service: 403, and a path that is none: 404', async () => {
    answers(await service.ask('api/v1/labels'), 403, 'RATCHET-3006');
    answers(await admin.ask('api/v2/labels'), 404, 'RATCHET-2001', 'path');
  });
}
