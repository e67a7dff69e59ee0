// Sign-in: by the API key, or by the client credentials that the SDKs use.

import { useState } from 'preact/hooks';
import { Api, token } from '../api.js';
import { useTitle } from '../context.js';
import * as sessions from '../session.js';
import { Mark } from '../ui/icons.jsx';
import { Problem, Segments } from '../ui/parts.jsx';

const WAYS = [
  { id: 'key', title: 'API key' },
  { id: 'client', title: 'Client secret' },
];

export function SignIn({ place, note, onSignedIn }) {
  const [way, setWay] = useState('key');
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const heading = useTitle('Sign in', false);
  const submit = async (event) => {
    event.preventDefault();
    const form = Object.fromEntries([...new FormData(event.target)].map(([key, value]) => [key, value.trim()]));
    setBusy(true);
    setError(null);
    try {
      const session = way === 'key' ? { kind: 'key', key: form.key } : { kind: 'client', tenant: form.tenant, client: form.client, secret: form.secret };
      if (way === 'client') Object.assign(session, await token(session));
      // The account itself is the smallest thing that only someone who is let in can read.
      await new Api(place, session).get('');
      sessions.save(session, form.remember === 'on');
      onSignedIn(session);
    } catch (failure) {
      setError(explain(failure, way));
      setBusy(false);
    }
  };
  return (
    <main class="alone">
      <form class="card signin" onSubmit={submit}>
        <div class="brand"><Mark /><span>Millrace</span></div>
        <h1 ref={heading}>Sign in</h1>
        <p class="soft">Everything asked for here stands in <code>credentials.json</code> in the server’s data directory.</p>
        {note && !error && <Problem error={note} />}
        <Segments label="Sign in with" name="way" options={WAYS} value={way} onChange={(id) => { setWay(id); setError(null); }} />
        {way === 'key' ? (
          <Field label="API key" hint="apiKey" name="key" secret focus />
        ) : (
          <>
            <Field label="Tenant" hint="tenantId" name="tenant" value={place.tenantId} />
            <Field label="Client" hint="clientId" name="client" focus />
            <Field label="Secret" hint="clientSecret" name="secret" secret />
          </>
        )}
        <label class="check"><input type="checkbox" name="remember" /><span>Remember on this computer</span></label>
        <Problem error={error} />
        <button class="button primary" disabled={busy}>{busy ? 'Signing in…' : 'Sign in'}</button>
      </form>
    </main>
  );
}

function Field({ label, hint, name, value, secret, focus }) {
  return (
    <label class="field">
      <span>{label} <code>{hint}</code></span>
      <input key={name} name={name} type={secret ? 'password' : 'text'} defaultValue={value} autocomplete="off" spellcheck={false} required autofocus={focus} />
    </label>
  );
}

function explain(error, way) {
  if (error.status !== 401) return error;
  const what = way === 'key' ? 'This API key was not accepted. Copy apiKey from credentials.json once more; it is one long word without quotes.' : `${error.message} Compare with clientId and clientSecret in credentials.json.`;
  return new Error(what);
}
