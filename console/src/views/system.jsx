// The server itself: its streaming endpoint, its account, and where other clients find what they need.

import { useState } from 'preact/hooks';
import { useApp, useEvery, useLoad, useTitle } from '../context.js';
import { Confirm, Copy, Problem, State } from '../ui/parts.jsx';

const LOOK_MS = 5000;

export function System() {
  const { api, place } = useApp();
  const heading = useTitle('System');
  const account = useLoad(() => api.get(''), []);
  const storage = account.value?.properties.storageAccounts?.map(({ id }) => id.split('/').pop()).join(', ');
  const facts = [
    ['Version', place.version],
    ['Account', place.accountName],
    ['Resource group', place.resourceGroup],
    ['Subscription', place.subscriptionId],
    ['Tenant', place.tenantId],
    ['Storage', storage],
    ['API', location.origin],
  ];
  return (
    <>
      <div class="head"><h1 ref={heading} tabIndex={-1}>System</h1></div>
      <Problem error={account.error} again={account.again} />
      <div class="pair-cards">
        <Endpoint />
        <section class="card">
          <h2>Account</h2>
          <dl class="facts">
            {facts.map(([term, text]) => (
              <div key={term}><dt>{term}</dt><dd><span class="ellipsis">{text ?? '–'}</span>{text && <Copy text={text} label={`Copy: ${term}`} />}</dd></div>
            ))}
          </dl>
        </section>
        <section class="card">
          <h2>Other clients</h2>
          <p>The Azure SDKs, the command line and this page use the same API. All they need stands in <code>credentials.json</code> in the server’s data directory, which only its owner can read.</p>
          <ul class="plain">
            <li><a href="/openapi.json" target="_blank" rel="noopener">OpenAPI document of this server</a></li>
            <li>The README and docs/guides/ams.md of Millrace show the SDKs at work</li>
            <li><code>millrace upload FILE --publish</code> does from a shell what this page does</li>
          </ul>
        </section>
      </div>
    </>
  );
}

function Endpoint() {
  const { api, say } = useApp();
  const [asking, setAsking] = useState(false);
  const [error, setError] = useState(null);
  const { value, error: failed, again } = useLoad(() => api.get('streamingEndpoints/default'), []);
  useEvery(LOOK_MS, again);
  const running = value?.properties.resourceState === 'Running';
  const turn = async (verb) => {
    setError(null);
    try {
      await api.post(`streamingEndpoints/default/${verb}`);
      say(verb === 'start' ? 'The streaming endpoint runs.' : 'The streaming endpoint is stopped.');
    } finally {
      again();
    }
  };
  return (
    <section class="card" aria-busy={!value}>
      <div class="line">
        <h2>Streaming endpoint</h2>
        {value && <State state={value.properties.resourceState} />}
      </div>
      <p>{running ? 'Every open locator plays.' : value ? 'Nothing plays until it is started.' : ' '}</p>
      <Problem error={error ?? failed} again={again} />
      {value && (running
        ? <button class="button" onClick={() => setAsking(true)}>Stop…</button>
        : <button class="button primary" onClick={() => turn('start').catch(setError)}>Start</button>)}
      {asking && (
        <Confirm title="Stop streaming?" verb="Stop" act={() => turn('stop')} onClose={() => setAsking(false)}>
          <p>Everyone who is watching is cut off, and no URL plays until it is started again.</p>
        </Confirm>
      )}
    </section>
  );
}
