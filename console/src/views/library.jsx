// The library: every asset as a card, newest first, found by the beginning of its name.

import { useEffect, useRef, useState } from 'preact/hooks';
import { useApp, useEvery, useLoad, useTitle } from '../context.js';
import { ago } from '../format.js';
import { locatorsOf } from '../locators.js';
import { assetFilter } from '../odata.js';
import { useObservable } from '../observe.js';
import { poster } from '../poster.js';
import { link } from '../route.js';
import { Icon } from '../ui/icons.jsx';
import { Badge, Empty, Problem } from '../ui/parts.jsx';

const NEWEST = { $orderby: 'properties/created desc' };
/** Typing pauses for this long before it is asked for. */
const TYPING_MS = 250;
/** Uploads by other people appear by themselves. */
const REFRESH_MS = 15_000;

export function Library() {
  const { api, add, activity, uploads } = useApp();
  useObservable(activity);
  const heading = useTitle('Library');
  const [typed, setTyped] = useState('');
  const [search, setSearch] = useState('');
  const [more, setMore] = useState({ items: [], next: undefined });
  const [error, setError] = useState(null);
  useEffect(() => {
    const timer = setTimeout(() => setSearch(typed), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const finished = uploads.list.filter(({ state }) => state === 'done').length;
  const first = useLoad(() => api.page('assets', search.trim() ? { $filter: assetFilter(search) } : NEWEST), [search, activity.ended, activity.jobs.length, finished]);
  useEffect(() => setMore({ items: [], next: undefined }), [search]);
  useEvery(REFRESH_MS, first.again);
  const { value } = first;
  const next = more.items.length ? more.next : value?.next;
  const page = async () => {
    try {
      const found = await api.page('assets', {}, next);
      setMore({ items: [...more.items, ...found.items], next: found.next });
      setError(null);
    } catch (failure) {
      setError(failure);
    }
  };
  const assets = [...new Map([...(value?.items ?? []), ...more.items].map((asset) => [asset.name, asset])).values()];
  return (
    <>
      <div class="head">
        <h1 ref={heading} tabIndex={-1}>Library</h1>
        <label class="search">
          <span class="unseen">Find by the beginning of the name, or by asset id</span>
          <Icon name="search" />
          <input type="search" placeholder="Name begins with…" value={typed} onInput={(event) => setTyped(event.target.value)} />
        </label>
      </div>
      <Problem error={first.error ?? error} again={first.again} />
      {value === undefined && !first.error && <div class="grid" aria-busy="true">{Array.from({ length: 8 }, (_, index) => <div key={index} class="asset ghost"><div class="poster" /><div class="about" /></div>)}</div>}
      {value && assets.length === 0 && (search.trim() ? (
        <Empty icon="search" title="Nothing begins with that"><p>Names are searched from their beginning. Clear the field to see everything.</p></Empty>
      ) : (
        <Empty icon="film" title="The library is empty">
          <p>Drop a video anywhere on this page, or choose one. It is encoded, published and ready to play in every protocol.</p>
          <button class="button primary" onClick={() => add([])}><Icon name="upload" /><span>Upload a video</span></button>
        </Empty>
      ))}
      <ul class="grid">{assets.map((asset) => <Card key={asset.name} asset={asset} />)}</ul>
      {next && <p class="centre"><button class="button" onClick={page}>Show more</button></p>}
    </>
  );
}

function Card({ asset }) {
  const { activity } = useApp();
  const { name, properties } = asset;
  const work = activity.of(name);
  const card = useRef(null);
  const seen = useSeen(card);
  const { picture, open } = useFacts(asset, seen, work);
  return (
    <li ref={card}>
      <a class="asset" href={link('assets', name)}>
        <div class="poster">
          {picture ? <img src={picture} alt="" /> : <Icon name="film" />}
          {work && <div class="bar" style={{ width: `${work.percent}%` }} />}
        </div>
        <div class="about">
          <b class="ellipsis" title={properties.description || name}>{properties.description || name}</b>
          <small class="ellipsis">{properties.description ? name : ""}</small>
          <span class="foot">
            {work ? <Badge kind="busy">Encoding {work.percent} %</Badge> : open ? <Badge kind="good">Published</Badge> : open === false ? <Badge>Not published</Badge> : <span class="badge wait" />}
            <small>{ago(properties.created, Date.now())}</small>
          </span>
        </div>
      </a>
    </li>
  );
}

/** Whether the element has been near the screen: what is never looked at costs nothing. */
function useSeen(element) {
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const watch = new IntersectionObserver(([entry]) => entry.isIntersecting && (setSeen(true), watch.disconnect()), { rootMargin: '200px' });
    watch.observe(element.current);
    return () => watch.disconnect();
  }, []);
  return seen;
}

function useFacts(asset, seen, work) {
  const { api } = useApp();
  const [facts, setFacts] = useState({ picture: null, open: undefined });
  useEffect(() => {
    if (!seen) return undefined;
    const stop = new AbortController();
    let url;
    const put = (more) => !stop.signal.aborted && setFacts((before) => ({ ...before, ...more }));
    locatorsOf(api, asset.name).then((list) => put({ open: list.some(({ state }) => state === 'open') }), () => {});
    poster(api, asset, stop.signal).then((found) => {
      url = found;
      put({ picture: found });
    });
    return () => {
      stop.abort();
      if (url) URL.revokeObjectURL(url);
    };
    // Once more when its encoding ends: then there is more to see.
  }, [seen, asset.name, work === undefined]);
  return facts;
}
