// The service's API as the console calls it: the same Azure Media Services calls that everyone makes.

import { query } from './odata.js';
import * as sessions from './session.js';

/** The versions of the two halves of the API, as the last official SDKs send them. */
const VERSION = '2022-08-01';
const ENCODING_VERSION = '2022-07-01';
/** A token is renewed this long before it ends. */
const TOKEN_MARGIN_MS = 120_000;

/** What the server refused, in its own words: `message` is a sentence for people, `code` the API's stable word. */
export class ApiError extends Error {
  constructor(status, code, message) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
  }
}

/** A caller of one account. Nothing here keeps state but the token. */
export class Api {
  /** @param {{subscriptionId: string, resourceGroup: string, accountName: string}} place @param {object} session */
  constructor(place, session) {
    this.session = session;
    this.root =
      `/subscriptions/${place.subscriptionId}/resourceGroups/${place.resourceGroup}` +
      `/providers/Microsoft.Media/mediaServices/${place.accountName}`;
    /** Called once when the server no longer accepts the sign-in. */
    this.onSignedOut = () => {};
  }

  get(path, parameters) {
    return this.call('GET', path, undefined, parameters);
  }
  put(path, properties = {}) {
    return this.call('PUT', path, { properties });
  }
  post(path, body = {}) {
    return this.call('POST', path, body);
  }
  delete(path) {
    return this.call('DELETE', path);
  }

  /** The resource, or null where there is none. */
  async find(path) {
    try {
      return await this.get(path);
    } catch (error) {
      if (error.status === 404) return null;
      throw error;
    }
  }

  /** One page: {items, next}; `next` continues it. */
  async page(path, parameters, next) {
    const answer = next ? await this.request('GET', relative(next)) : await this.get(path, parameters);
    return { items: answer.value ?? [], next: answer['@odata.nextLink'] };
  }

  call(method, path, body, parameters = {}) {
    const version = path.startsWith('transforms') ? ENCODING_VERSION : VERSION;
    const encoded = path ? `/${path.split('/').map(encodeURIComponent).join('/')}` : '';
    return this.request(method, `${this.root}${encoded}?${query({ 'api-version': version, ...parameters })}`, body);
  }

  async request(method, url, body) {
    const headers = { authorization: `Bearer ${await this.bearer()}` };
    if (body !== undefined) headers['content-type'] = 'application/json';
    const response = await reach(url, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return answer;
    if (response.status === 401) this.onSignedOut();
    throw refusal(response, answer);
  }

  async bearer() {
    const { session } = this;
    if (session.kind === 'key') return session.key;
    if (!session.token || session.until < Date.now() + TOKEN_MARGIN_MS) {
      // Calls that come together share one renewal.
      this.renewal ??= token(session).finally(() => (this.renewal = undefined));
      Object.assign(session, await this.renewal);
      sessions.update(session);
    }
    return session.token;
  }
}

/** Where the account is; public, and all that a console needs before someone signs in. */
export async function whereabouts() {
  const response = await reach('config.json', { headers: { accept: 'application/json' } });
  if (!response.ok) throw refusal(response, {});
  return response.json();
}

/** A token by the client credentials grant (RFC 6749 §4.4). */
export async function token({ tenant, client, secret }) {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: client,
    client_secret: secret,
    scope: 'https://management.azure.com/.default',
  });
  const response = await reach(`/${encodeURIComponent(tenant)}/oauth2/v2.0/token`, { method: 'POST', body: form });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new ApiError(response.status, answer.error, (answer.error_description ?? '').replace(/^AADSTS\d+: /, '') || 'No token was given.');
  return { token: answer.access_token, until: Date.now() + answer.expires_in * 1000 };
}

async function reach(url, init) {
  try {
    return await fetch(url, { cache: 'no-store', ...init });
  } catch {
    throw new ApiError(0, 'Unreachable', 'The server cannot be reached. Check that it runs and that the network is up; this page tries again by itself.');
  }
}

function refusal(response, answer) {
  const { code, message } = answer.error ?? {};
  const fallback = `The server answered ${response.status} ${response.statusText}`.trim() + '. Its log says why.';
  return new ApiError(response.status, code ?? String(response.status), message ?? fallback);
}

/** Links come back with the host that the server believes it has; the console stays on its own origin. */
function relative(link) {
  const url = new URL(link, location.href);
  return url.pathname + url.search;
}
