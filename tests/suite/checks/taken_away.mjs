// A role or a session that was taken away counts at once, though the token lives for an hour.

import assert from 'node:assert/strict';

import { changeAccount, command } from '../callers.mjs';
import { check, refused } from '../check.mjs';

const CHANGE = { enabled: true, reason: 'the suite' };

export async function takenAway({ leaver }) {
  await check('an admin whose role was taken away is refused with the token he has', async () => {
    await leaver.signIn();
    await leaver.call('set_flags', CHANGE);
    await changeAccount('leaver', { customAttributes: '{}' });
    const error = await refused('functions/permission-denied',
      () => leaver.call('set_flags', CHANGE));
    assert.equal(error.details.field, 'role');
  });
  await check('an admin whose sessions were ended is refused with the token he has', async () => {
    await changeAccount('leaver', {
      customAttributes: JSON.stringify({ role: 'admin' }),
      validSince: String(Math.floor(Date.now() / 1000) + 60),
    });
    await refused('functions/unauthenticated', () => leaver.call('set_flags', CHANGE));
  });
  await check('ratchet admin revoke refuses an admin with the token he has', async () => {
    await changeAccount('leaver', { validSince: '1' });
    await leaver.call('set_flags', CHANGE);
    await command('admin', 'revoke', leaver.email, '--reason', 'the suite', '--by', 'suite');
    // A session that began in the second of its end lives on, without its role.
    await refused(['functions/unauthenticated', 'functions/permission-denied'],
      () => leaver.call('set_flags', CHANGE));
    await leaver.signIn();
    await refused('functions/permission-denied', () => leaver.call('set_flags', CHANGE));
  });
}
