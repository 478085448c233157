// A check has a name and prints one line; what it awaits has a deadline, never a fixed sleep.

import assert from 'node:assert/strict';

const PATIENCE = 30_000; // milliseconds until a condition must hold
const PACE = 150; // milliseconds between looks

let failures = 0;

export async function check(name, act) {
  try {
    await act();
    console.log(`ok ${name}`);
  } catch (error) {
    failures += 1;
    const why = `${error?.code ?? error?.name ?? 'error'}: ${error?.message ?? error}`;
    console.log(`FAIL ${name}: ${why.replace(/\s+/g, ' ').slice(0, 600)}`);
  }
}

export function failed() {
  return failures > 0;
}

// Look until something true comes back, and return it.
export async function until(what, look, { within = PATIENCE, pace = PACE } = {}) {
  const deadline = Date.now() + within;
  let last;
  for (;;) {
    try {
      const found = await look();
      if (found) return found;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      const after = last ? `; at the end: ${last.message}` : '';
      throw new Error(`not within ${within / 1000} s: ${what}${after}`);
    }
    await new Promise((resolve) => setTimeout(resolve, pace));
  }
}

// Expect a call of the SDK to be refused with one of some codes; returns the error.
export async function refused(codes, call) {
  let answer;
  try {
    answer = await call();
  } catch (error) {
    assert.ok([codes].flat().includes(error.code), `wanted ${codes}: ${error.code} ${error.message}`);
    return error;
  }
  throw new Error(`wanted ${codes}, but it was taken: ${JSON.stringify(answer?.data ?? null)}`);
}
