// The frame around the views: sign-in, navigation, the tray of uploads, announcements.

import { useEffect, useMemo, useState } from 'preact/hooks';
import { Activity } from './activity.js';
import { Api } from './api.js';
import { Context } from './context.js';
import { link, useRoute } from './route.js';
import * as sessions from './session.js';
import { applyTheme, theme, THEMES } from './theme.js';
import { Uploads } from './upload/queue.js';
import { Icon, Mark } from './ui/icons.jsx';
import { AddFiles, DropZone } from './views/add.jsx';
import { Asset } from './views/asset.jsx';
import { Jobs } from './views/jobs.jsx';
import { Library } from './views/library.jsx';
import { SignIn } from './views/signin.jsx';
import { System } from './views/system.jsx';
import { Transforms } from './views/transforms.jsx';
import { Tray } from './views/tray.jsx';

/** How long an announcement stays; failures stay until they are closed. */
const SAID_MS = 6000;
/** Announcements on the screen at a time. */
const MAX_SAID = 4;

const VIEWS = [
  { id: '', title: 'Library', icon: 'film' },
  { id: 'jobs', title: 'Jobs', icon: 'jobs' },
  { id: 'transforms', title: 'Transforms', icon: 'recipe' },
  { id: 'system', title: 'System', icon: 'gear' },
];

export function App({ place }) {
  const [session, setSession] = useState(sessions.load);
  const [note, setNote] = useState(null);
  if (!session) return <SignIn place={place} note={note} onSignedIn={setSession} />;
  const signOut = (why) => {
    sessions.clear();
    setNote(why ?? null);
    setSession(null);
  };
  return <Signed key={session.key ?? session.client} place={place} session={session} signOut={signOut} />;
}

function Signed({ place, session, signOut }) {
  const [said, setSaid] = useState([]);
  const [adding, setAdding] = useState(null);
  const say = (text, kind = 'plain') => setSaid((list) => [...list, { text, kind, id: Math.random() }].slice(-MAX_SAID));
  const app = useMemo(() => {
    const api = new Api(place, session);
    api.onSignedOut = () => signOut('The server no longer accepts this sign-in. Sign in again.');
    return { api, place, say, signOut, uploads: new Uploads(api, place.subscriptionId), activity: new Activity(api, say), add: setAdding };
  }, []);
  useEffect(() => {
    app.uploads.restore();
    const leaving = (event) => app.uploads.busy && event.preventDefault();
    addEventListener('beforeunload', leaving);
    const stop = app.activity.start();
    return () => {
      stop();
      removeEventListener('beforeunload', leaving);
    };
  }, []);
  return (
    <Context.Provider value={app}>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); document.getElementById('main').focus(); }}>Skip to the content</a>
      <Header signOut={signOut} onAdd={() => setAdding([])} />
      <DropZone onFiles={setAdding} />
      <View />
      {adding && <AddFiles files={adding} onClose={() => setAdding(null)} />}
      <div class="corner">
        <Said list={said} drop={(id) => setSaid((list) => list.filter((one) => one.id !== id))} />
        <Tray />
      </div>
    </Context.Provider>
  );
}

function View() {
  const [view, name] = useRoute();
  useEffect(() => scrollTo(0, 0), [view, name]);
  let shown = <Library />;
  if (view === 'assets' && name) shown = <Asset key={name} name={name} />;
  else if (view === 'jobs') shown = <Jobs />;
  else if (view === 'transforms') shown = <Transforms />;
  else if (view === 'system') shown = <System />;
  return <main id="main" tabIndex={-1}>{shown}</main>;
}

function Header({ signOut, onAdd }) {
  const [view = ''] = useRoute();
  const here = view === 'assets' ? '' : view;
  return (
    <header class="top">
      <a class="brand" href="#/" aria-label="Millrace, to the library"><Mark /><span>Millrace</span></a>
      <nav aria-label="Main">
        {VIEWS.map(({ id, title, icon }) => (
          <a key={id} href={id ? link(id) : '#/'} aria-current={here === id ? 'page' : undefined}><Icon name={icon} /><span>{title}</span></a>
        ))}
      </nav>
      <div class="tools">
        <button class="button primary" onClick={onAdd}><Icon name="upload" /><span>Upload</span></button>
        <Theme />
        <button class="button quiet" onClick={() => signOut()} aria-label="Sign out" title="Sign out"><Icon name="leave" /></button>
      </div>
    </header>
  );
}

function Theme() {
  const [now, setNow] = useState(theme);
  const next = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
  const change = () => {
    applyTheme(next);
    setNow(next);
  };
  const words = { system: 'as the system', light: 'light', dark: 'dark' };
  return (
    <button class="button quiet" onClick={change} aria-label={`Colours: ${words[now]}. Change to ${words[next]}.`} title={`Colours: ${words[now]}`}>
      <Icon name={now} />
    </button>
  );
}

/** Announcements: a live region that is always there, so that screen readers follow it. */
function Said({ list, drop }) {
  useEffect(() => {
    const last = list[list.length - 1];
    if (!last || last.kind === 'bad') return undefined;
    const timer = setTimeout(() => drop(last.id), SAID_MS);
    return () => clearTimeout(timer);
  }, [list]);
  return (
    <div class="said" role="status" aria-live="polite">
      {list.map(({ id, text, kind }) => (
        <div key={id} class={`saying ${kind}`}>
          <Icon name={kind === 'bad' ? 'warning' : 'check'} />
          <p>{text}</p>
          <button class="button quiet small" onClick={() => drop(id)} aria-label="Close"><Icon name="close" /></button>
        </div>
      ))}
    </div>
  );
}
