// Sign-in with the official SDK, and the role that the token carries.

import assert from 'node:assert/strict';

import { check, refused } from '../check.mjs';

export async function signIn(callers) {
  for (const [name, role] of [['admin', 'admin'], ['service', 'service'], ['stranger', undefined]]) {
    await check(`signing in as ${name} gives a token with ${role ? `the role ${role}` : 'no role'}`,
      async () => {
        const { user } = await callers[name].signIn();
        assert.equal((await user.getIdTokenResult()).claims.role, role);
      });
  }
  await check('a wrong password signs nobody in', async () => {
    await refused('auth/wrong-password', () => callers.leaver.signIn('not the password'));
    assert.equal(callers.leaver.auth.currentUser, null);
  });
}
