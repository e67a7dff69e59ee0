// Who may see an asset, and when: its locators.

import { useState } from 'preact/hooks';
import { useApp } from '../context.js';
import { POLICIES, publish } from '../locators.js';
import { Icon } from '../ui/icons.jsx';
import { Badge, Confirm, Dialog, Problem } from '../ui/parts.jsx';

const STATES = { open: ['good', 'Open'], early: ['plain', 'Not yet'], over: ['bad', 'Over'] };

export function Publication({ asset, locators, again }) {
  const [asking, setAsking] = useState(false);
  return (
    <section class="card" aria-busy={locators === undefined}>
      <div class="line">
        <h2>Publication</h2>
        <button class="button small" onClick={() => setAsking(true)}><Icon name="globe" /><span>Publish…</span></button>
      </div>
      {locators?.length === 0 && <p class="soft">Nobody can play this yet.</p>}
      <ul class="locators">{locators?.map((locator) => <Locator key={locator.name} locator={locator} again={again} />)}</ul>
      {asking && <Publish asset={asset} first={locators?.length === 0} onClose={() => setAsking(false)} again={again} />}
    </section>
  );
}

function Locator({ locator, again }) {
  const { api, say } = useApp();
  const [asking, setAsking] = useState(false);
  const [kind, word] = STATES[locator.state];
  const policy = POLICIES.find(({ name }) => name === locator.policy)?.title ?? locator.policy;
  const remove = async () => {
    await api.delete(`streamingLocators/${locator.name}`);
    say('The locator was deleted; its URLs no longer work.');
    again();
  };
  return (
    <li>
      <div class="line">
        <span class="ellipsis"><Badge kind={kind}>{word}</Badge> <small class="soft">{when(locator)}</small></span>
        <button class="button small" onClick={() => setAsking(true)}>Unpublish</button>
      </div>
      <p>{policy}</p>
      {asking && (
        <Confirm title="Unpublish?" verb="Unpublish" act={remove} onClose={() => setAsking(false)}>
          <p>The URLs that begin with <code>{locator.id}</code> stop working for everyone, and a later publication has other ones.</p>
        </Confirm>
      )}
    </li>
  );
}

function when({ start, end }) {
  const text = (time) => new Date(time).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
  const from = start > -Infinity ? `from ${text(start)} ` : '';
  const to = end < Infinity ? `until ${text(end)}` : '';
  return from || to ? from + to : 'without an end';
}

function Publish({ asset, first, onClose, again }) {
  const { api, say } = useApp();
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const go = async (event) => {
    event.preventDefault();
    const form = Object.fromEntries(new FormData(event.target));
    const time = (text) => (text ? new Date(text).toISOString() : undefined);
    // The first one has the asset's name, as the command line makes it; further ones need their own.
    const name = first ? undefined : `${asset}-${Date.now().toString(36).slice(-5)}`;
    setBusy(true);
    try {
      if (form.start && form.end && form.end <= form.start) throw new Error('The end must be after the start.');
      await publish(api, asset, { name, policy: form.policy, start: time(form.start), end: time(form.end) });
      say('Published.', 'good');
      again();
      onClose();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <Dialog title="Publish" onClose={onClose}>
      <form onSubmit={go}>
        <div class="body">
          <fieldset class="choice">
            <legend>What is opened</legend>
            {POLICIES.map(({ name, title, hint }, index) => (
              <label class="option" key={name}>
                <input type="radio" name="policy" value={name} defaultChecked={index === 1} />
                <span><b>{title}</b><small>{hint}</small></span>
              </label>
            ))}
          </fieldset>
          <div class="two">
            <label class="field"><span>From <small>at once if empty</small></span><input type="datetime-local" name="start" /></label>
            <label class="field"><span>Until <small>for ever if empty</small></span><input type="datetime-local" name="end" /></label>
          </div>
          <Problem error={error} />
        </div>
        <footer>
          <button type="button" class="button" onClick={onClose}>Cancel</button>
          <button class="button primary" disabled={busy}>Publish</button>
        </footer>
      </form>
    </Dialog>
  );
}
