// The uploads of this browser, in a corner of every view.

import { useEffect, useRef, useState } from 'preact/hooks';
import { useApp } from '../context.js';
import { bytes, plural, remaining } from '../format.js';
import { useObservable } from '../observe.js';
import { link } from '../route.js';
import { Icon } from '../ui/icons.jsx';
import { Confirm, Progress } from '../ui/parts.jsx';

export function Tray() {
  const { uploads } = useApp();
  useObservable(uploads);
  const [open, setOpen] = useState(true);
  if (uploads.list.length === 0) return null;
  const active = uploads.list.filter(({ state }) => state !== 'done').length;
  const title = active ? `${plural(active, 'upload')} under way` : 'Uploads finished';
  const clear = () => [...uploads.list].filter(({ state }) => state === 'done').forEach((upload) => uploads.forget(upload));
  return (
    <section class="tray" aria-label="Uploads">
      <header>
        <button class="bare" aria-expanded={open} onClick={() => setOpen(!open)}><Icon name="down" /><h2>{title}</h2></button>
        {active === 0 && <button class="button small" onClick={clear}>Clear</button>}
      </header>
      {open && <ul>{uploads.list.map((upload) => <Row key={upload.id} upload={upload} />)}</ul>}
    </section>
  );
}

function Row({ upload }) {
  const { uploads, activity } = useApp();
  const [asking, setAsking] = useState(false);
  const input = useRef(null);
  const { state } = upload;
  useEffect(() => {
    if (state === 'done') activity.look();
  }, [state]);
  const choose = (event) => {
    const [file] = event.target.files;
    event.target.value = '';
    if (file) uploads.resume(upload, file);
  };
  // A kept handle spares the user the search for the file; without one the picker opens at once.
  const again = () => (upload.handle || upload.stage === 'submit' || upload.file ? uploads.resume(upload).then(() => upload.state === 'needs-file' && input.current?.click()) : input.current.click());
  return (
    <li class={`upload ${state}`} data-state={state}>
      <div class="line">
        <b class="ellipsis" title={upload.fileName}>{upload.fileName}</b>
        <span class="acts">
          {['sending', 'waiting'].includes(state) && <Act icon="pause" label={`Pause ${upload.fileName}`} act={() => uploads.pause(upload)} />}
          {['paused', 'failed', 'needs-file'].includes(state) && upload.size > 0 && <Act icon="play" label={`Continue ${upload.fileName}`} act={again} />}
          {state === 'done' ? <Act icon="close" label={`Dismiss ${upload.fileName}`} act={() => uploads.forget(upload)} /> : state !== 'working' && <Act icon="close" label={`Cancel ${upload.fileName}`} act={() => setAsking(true)} />}
        </span>
      </div>
      <Progress value={upload.sent} max={upload.size} label={`Upload of ${upload.fileName}`} />
      <Status upload={upload} />
      <input ref={input} class="unseen" type="file" tabIndex={-1} aria-hidden="true" data-resume={upload.asset} onChange={choose} />
      {asking && (
        <Confirm title="Cancel this upload?" verb="Cancel the upload" act={() => uploads.cancel(upload)} onClose={() => setAsking(false)}>
          <p>What was sent of “{upload.fileName}” is deleted from the server.</p>
        </Confirm>
      )}
    </li>
  );
}

function Act({ icon, label, act }) {
  return <button class="button quiet small" onClick={act} aria-label={label} title={label}><Icon name={icon} /></button>;
}

function Status({ upload }) {
  const { state, sent, size, meter, error, trouble } = upload;
  const amount = `${bytes(sent)} of ${bytes(size)}`;
  if (error) return <p class="status bad" role="alert">{error}</p>;
  if (state === 'sending' && trouble) return <p class="status bad">{trouble} Trying again…</p>;
  if (state === 'sending') {
    const speed = meter.speed();
    return <p class="status">{[amount, speed > 0 && `${bytes(speed)}/s`, remaining(meter.left(size))].filter(Boolean).join(' · ')}</p>;
  }
  if (state === 'working') return <p class="status">{upload.transform ? 'Starting the encoding…' : 'Publishing…'}</p>;
  if (state === 'done') return <p class="status good">Uploaded. <a href={link('assets', upload.result[0])}>Open {upload.transform ? 'the title' : 'it'}</a></p>;
  if (state === 'needs-file') return <p class="status">{amount} are on the server. Choose the same file to continue.</p>;
  if (state === 'paused') return <p class="status">Paused at {amount}.</p>;
  return <p class="status">{sent > 0 ? `Waiting, ${amount}.` : `Waiting, ${bytes(size)}.`}</p>;
}
