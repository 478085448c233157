// The callers: one app of the official SDK for each account, and the doors that it has no part in.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { deleteApp, initializeApp, setLogLevel } from 'firebase/app';
import { connectAuthEmulator, getAuth, signInWithEmailAndPassword } from 'firebase/auth';
import {
  collection, connectFirestoreEmulator, doc, getDocFromServer, getDocsFromServer, getFirestore,
  limit, query, terminate,
} from 'firebase/firestore';
import { connectFunctionsEmulator, getFunctions, httpsCallable } from 'firebase/functions';

const REGION = 'us-central1';

const { project, host, ports, accounts, ratchet, operator } = JSON.parse(process.env.SUITE);

const functionsUrl = `http://${host}:${ports.functions}/${project}/${REGION}`;
const database = `projects/${project}/databases/(default)/documents`;
const documentsUrl = `http://${host}:${ports.firestore}/v1/${database}`;
const accountsUrl =
  `http://${host}:${ports.auth}/identitytoolkit.googleapis.com/v1/projects/${project}/accounts`;
const OWNER = { authorization: 'Bearer owner', 'content-type': 'application/json' };

setLogLevel('silent'); // a refusal that a check wants is no news

export class Caller {
  constructor(name) {
    this.name = name;
    this.email = accounts[name]?.email;
    this.app = initializeApp({ projectId: project, apiKey: 'any' }, name);
    this.auth = getAuth(this.app);
    this.db = getFirestore(this.app);
    this.functions = getFunctions(this.app, REGION);
    connectAuthEmulator(this.auth, `http://${host}:${ports.auth}`, { disableWarnings: true });
    connectFirestoreEmulator(this.db, host, ports.firestore);
    connectFunctionsEmulator(this.functions, host, ports.functions);
  }

  async signIn(password = accounts[this.name].password) {
    return signInWithEmailAndPassword(this.auth, this.email, password);
  }

  // Call a callable function; returns what it answers.
  async call(name, data) {
    return (await httpsCallable(this.functions, name)(data)).data;
  }

  // Ask an HTTP function, with this caller's ID token where it has one.
  async ask(path, { method = 'GET', json, body, headers = {} } = {}) {
    const token = await this.auth.currentUser?.getIdToken();
    const answer = await fetch(`${functionsUrl}/${path}`, {
      method,
      body: json === undefined ? body : JSON.stringify(json),
      headers: {
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, data: text ? JSON.parse(text) : null };
  }

  // Read a document under the rules; undefined where there is none.
  async read(path) {
    return (await getDocFromServer(doc(this.db, path))).data();
  }

  // Read a collection's documents under the rules, at most 100.
  async list(path, ...conditions) {
    const asked = query(collection(this.db, path), ...conditions, limit(100));
    return (await getDocsFromServer(asked)).docs.map((found) => found.data());
  }

  async close() {
    await terminate(this.db);
    await deleteApp(this.app);
  }
}

// A caller of each role, signed in, and one who is not.
export async function openCallers() {
  const names = [...Object.keys(accounts), 'nobody'];
  return Object.fromEntries(names.map((name) => [name, new Caller(name)]));
}

// Trigger a scheduled function, as Cloud Scheduler does.
export async function tick(name) {
  const answer = await fetch(`${functionsUrl}/${name}-0`, { method: 'POST' });
  if (!answer.ok) throw new Error(`${name} answered ${answer.status}: ${await answer.text()}`);
}

// Set fields of a document as the Firebase console does, past the rules; the others stay.
export async function editInConsole(path, fields) {
  const names = Object.keys(fields).map((name) => `updateMask.fieldPaths=${name}`);
  await inConsole(`${path}?${names.join('&')}`, {
    method: 'PATCH',
    body: JSON.stringify({ fields: typed(fields).mapValue.fields }),
  });
}

export async function removeInConsole(path) {
  await inConsole(path, { method: 'DELETE' });
}

async function inConsole(path, options) {
  const answer = await fetch(`${documentsUrl}/${path}`, { headers: OWNER, ...options });
  if (!answer.ok) throw new Error(`the console got ${answer.status}: ${await answer.text()}`);
}

// A value in the form of Firestore's REST interface.
function typed(value) {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { booleanValue: value };
  if (Number.isInteger(value)) return { integerValue: String(value) };
  if (typeof value === 'number') return { doubleValue: value };
  if (value instanceof Date) return { timestampValue: value.toISOString() };
  const fields = Object.entries(value).map(([name, inner]) => [name, typed(inner)]);
  return { mapValue: { fields: Object.fromEntries(fields) } };
}

// Run a command of the project's command line, as an operator does.
export async function command(...words) {
  await promisify(execFile)(ratchet, words, { env: operator, timeout: 60_000 });
}

// Change an account as the Firebase console or the Admin SDK does.
export async function changeAccount(name, changes) {
  const answer = await fetch(`${accountsUrl}:update`, {
    method: 'POST',
    headers: OWNER,
    body: JSON.stringify({ localId: accounts[name].uid, ...changes }),
  });
  if (!answer.ok) throw new Error(`the auth emulator answered ${answer.status}`);
}
