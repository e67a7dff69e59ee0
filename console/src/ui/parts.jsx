// Small pieces that views are made of.

import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from './icons.jsx';

/** A state in a word; colour never tells it alone. */
export function Badge({ kind = 'plain', children }) {
  return <span class={`badge ${kind}`}>{children}</span>;
}

const STATES = {
  Queued: ['plain', 'Queued'], Scheduled: ['plain', 'Scheduled'], Processing: ['busy', 'Encoding'], Finished: ['good', 'Finished'],
  Error: ['bad', 'Failed'], Canceling: ['plain', 'Cancelling'], Canceled: ['plain', 'Cancelled'],
  Running: ['good', 'Running'], Stopped: ['plain', 'Stopped'], Starting: ['busy', 'Starting'], Stopping: ['busy', 'Stopping'],
};

/** A state of the API as a badge. */
export function State({ state }) {
  const [kind, text] = STATES[state] ?? ['plain', state];
  return <Badge kind={kind}>{text}</Badge>;
}

export function Progress({ value, max = 100, label }) {
  const percent = max > 0 ? Math.min(100, (100 * value) / max) : 0;
  return (
    <div class="progress" role="progressbar" aria-label={label} aria-valuemin="0" aria-valuemax="100" aria-valuenow={Math.floor(percent)}>
      <div style={{ width: `${percent}%` }} />
    </div>
  );
}

/** Something went wrong, with what to do about it. */
export function Problem({ error, again }) {
  if (!error) return null;
  return (
    <div class="problem" role="alert">
      <Icon name="warning" />
      <p>{error.message ?? error}</p>
      {again && <button class="button small" onClick={again}>Try again</button>}
    </div>
  );
}

export function Empty({ icon, title, children }) {
  return (
    <div class="empty">
      <Icon name={icon} />
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** Copies `text`; says so in place, and to screen readers. */
export function Copy({ text, label = 'Copy' }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    await write(text);
    setDone(true);
    setTimeout(() => setDone(false), 1600);
  };
  return (
    <button class="button small quiet" onClick={copy} aria-label={done ? 'Copied' : label} title={label} aria-live="polite">
      <Icon name={done ? 'check' : 'copy'} />
    </button>
  );
}

async function write(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Plain http off loopback has no clipboard API; the old way needs a selection.
    const area = Object.assign(document.createElement('textarea'), { value: text });
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
}

/** A modal dialog. The element itself traps the focus, gives it back, and closes at Escape. */
export function Dialog({ title, onClose, children, wide }) {
  const element = useRef(null);
  useEffect(() => {
    element.current.showModal();
    return () => element.current?.close();
  }, []);
  const backdrop = (event) => event.target === element.current && onClose();
  return (
    <dialog ref={element} class={wide ? 'wide' : ''} aria-label={title} onClose={onClose} onMouseDown={backdrop}>
      <div class="sheet">
        <header>
          <h2>{title}</h2>
          <button class="button quiet small" onClick={onClose} aria-label="Close"><Icon name="close" /></button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

/** Asks before something that cannot be undone. `act` does it; its error stays in the dialog. */
export function Confirm({ title, children, verb, act, onClose }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const go = async () => {
    setBusy(true);
    try {
      await act();
      onClose();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <div class="body">{children}</div>
      <Problem error={error} />
      <footer>
        <button class="button" onClick={onClose}>Keep it</button>
        <button class="button danger" onClick={go} disabled={busy}>{verb}</button>
      </footer>
    </Dialog>
  );
}

/** One of a few, side by side; radio buttons underneath, so keyboards and screen readers know them. */
export function Segments({ label, name, options, value, onChange }) {
  return (
    <fieldset class="segments">
      <legend class="unseen">{label}</legend>
      {options.map((option) => (
        <label key={option.id} class={option.id === value ? 'on' : ''}>
          <input type="radio" name={name} value={option.id} checked={option.id === value} onChange={() => onChange(option.id)} />
          <span>{option.title}{option.detail && <small>{option.detail}</small>}</span>
        </label>
      ))}
    </fieldset>
  );
}
