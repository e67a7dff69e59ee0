// One asset: play it, its addresses, its publication, its files.

import { useState } from 'preact/hooks';
import { blobUrl, listBlobs } from '../blob.js';
import { useApp, useEvery, useLoad, useTitle } from '../context.js';
import { ago, bytes, duration } from '../format.js';
import { growth } from '../growth.js';
import { locatorsOf, urlsOf } from '../locators.js';
import { useObservable } from '../observe.js';
import { link } from '../route.js';
import { Icon } from '../ui/icons.jsx';
import { Badge, Confirm, Copy, Dialog, Problem, Progress } from '../ui/parts.jsx';
import { ensureTransform, failureOf, outputAssets, submit } from '../work.js';
import { TransformChoice, useChoice } from './choice.jsx';
import { Player } from './player.jsx';
import { Publication } from './publication.jsx';

/** A fresh locator has no paths until its files are indexed, and a growing title gets longer. */
const SOON_MS = 2000;

export function Asset({ name }) {
  const { api, activity } = useApp();
  useObservable(activity);
  const work = activity.of(name);
  const asset = useLoad(() => api.get(`assets/${name}`), [name]);
  const title = asset.value?.properties.description || name;
  const heading = useTitle(title);
  const locators = useLoad(() => locatorsOf(api, name), [name, activity.ended]);
  const open = locators.value?.find((locator) => locator.state === 'open');
  const urls = useLoad(async () => (open ? urlsOf(api, open.name) : null), [open?.name, activity.ended]);
  const hls = urls.value?.streams.find((stream) => stream.id === 'hls-cmaf');
  const grown = useLoad(async () => (hls && (work || growing) ? growth(hls.url) : null), [hls?.url, activity.ended]);
  const growing = grown.value?.growing ?? false;
  const playable = Boolean(urls.value?.streams.length || urls.value?.downloads.length);
  const pending = open && !urls.value?.streams.length && open.policy !== 'Predefined_DownloadOnly';
  const failed = useLoad(async () => (pending && !work ? failureOf(api, name) : null), [name, pending, work === undefined, activity.ended]);
  useEvery(pending || work ? SOON_MS : null, () => {
    if (pending) urls.again();
    if (hls) grown.again();
  });
  if (asset.error?.status === 404) {
    return (
      <>
        <h1 ref={heading} tabIndex={-1}>Not found</h1>
        <p>There is no asset “{name}”. It may have been deleted. <a href="#/">To the library</a></p>
      </>
    );
  }
  return (
    <>
      <a class="back" href="#/"><Icon name="back" />Library</a>
      <div class="head">
        <div class="titles">
          <h1 ref={heading} tabIndex={-1} class="ellipsis">{title}</h1>
          <div class="soft under">
            <span class="named"><span class="mono ellipsis">{name}</span><Copy text={name} label="Copy the asset’s name" /></span>
            {asset.value && <span>made {ago(asset.value.properties.created, Date.now())}</span>}
            {work && <Working work={work} grown={grown.value} />}
          </div>
        </div>
        <Actions name={name} title={title} />
      </div>
      <Problem error={asset.error ?? locators.error ?? urls.error} again={() => { asset.again(); locators.again(); urls.again(); }} />
      <div class="columns">
        <div class="main">
          {urls.value?.streams.length ? (
            <Player streams={urls.value.streams} growing={Boolean(work) && growing} title={title} />
          ) : (
            <NotYet failed={failed.value} open={open} loaded={locators.value !== undefined} work={work} pending={pending && playable === false} />
          )}
        </div>
        <div class="side">
          <Publication asset={name} locators={locators.value} again={locators.again} />
          {playable && <Addresses urls={urls.value} />}
          <Files name={name} ended={activity.ended} />
        </div>
      </div>
    </>
  );
}

function Working({ work, grown }) {
  const { name, transform } = work.job;
  return (
    <span class="working">
      <a href={link('jobs', transform, name)}>
        <Badge kind="busy">Encoding {work.percent} %{grown?.growing && grown.seconds > 0 && `, plays up to ${duration(grown.seconds)}`}</Badge>
      </a>
      <Progress value={work.percent} label="Encoding" />
    </span>
  );
}

function NotYet({ failed, open, loaded, work, pending }) {
  if (failed) return <div class="stage empty-stage"><Icon name="warning" /><p>The encoding failed: {failed}</p></div>;
  let text = '';
  if (pending && work) text = 'The first seconds are being encoded. The player opens by itself.';
  else if (pending) text = 'The files are being indexed for streaming. If there is nothing here that streams, encode it.';
  else if (open) text = 'This publication is for downloads only.';
  else if (loaded) text = 'Not published. Publish it to play it here and anywhere.';
  return <div class="stage empty-stage">{text && <><Icon name="film" /><p>{text}</p></>}</div>;
}

function Actions({ name, title }) {
  const { api, say } = useApp();
  const [asking, setAsking] = useState(null);
  const close = () => setAsking(null);
  const remove = async () => {
    await api.delete(`assets/${name}`);
    say(`“${title}” was deleted.`);
    location.hash = '#/';
  };
  return (
    <div class="actions">
      <button class="button" onClick={() => setAsking('encode')}><Icon name="recipe" /><span>Encode…</span></button>
      <button class="button danger-quiet" onClick={() => setAsking('delete')}><Icon name="bin" /><span>Delete…</span></button>
      {asking === 'encode' && <Encode name={name} title={title} onClose={close} />}
      {asking === 'delete' && (
        <Confirm title={`Delete “${title}”?`} verb="Delete" act={remove} onClose={close}>
          <p>Its files, locators and filters are deleted, and its URLs stop at once. This cannot be undone.</p>
        </Confirm>
      )}
    </div>
  );
}

function Encode({ name, title, onClose }) {
  const { api, activity, say } = useApp();
  const choice = useChoice({ asItIs: false });
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const go = async (event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const transform = await ensureTransform(api, await choice.resolve());
      // A second encoding of the same asset goes into assets of its own.
      const job = `${name}-${Date.now().toString(36).slice(-5)}`;
      const outputs = await outputAssets(api, job, transform, title);
      await submit(api, { transform: transform.name, name: job, input: name, outputs });
      say('The job was submitted.');
      activity.look();
      location.hash = link('assets', outputs[0]);
      onClose();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <Dialog title={`Encode “${title}”`} onClose={onClose} wide>
      <form onSubmit={go}>
        <div class="body">
          <TransformChoice choice={choice} />
          <p class="soft">The result is a new asset; this one stays as it is.</p>
          <Problem error={error} />
        </div>
        <footer>
          <button type="button" class="button" onClick={onClose}>Cancel</button>
          <button class="button primary" disabled={busy}>Submit the job</button>
        </footer>
      </form>
    </Dialog>
  );
}

function Addresses({ urls }) {
  return (
    <section class="card">
      <h2>Addresses</h2>
      <ul class="urls">
        {urls.streams.map(({ id, title, detail, url }) => (
          <li key={id}>
            <span class="kind">{title} <small>{detail}</small></span>
            <code class="ellipsis" title={url}>{url}</code>
            <Copy text={url} label={`Copy the ${title} ${detail} URL`} />
          </li>
        ))}
      </ul>
      {urls.downloads.length > 0 && (
        <details>
          <summary>Downloads ({urls.downloads.length})</summary>
          <ul class="urls">
            {urls.downloads.map(({ name, url }) => (
              <li key={url}>
                <a class="ellipsis" href={url} download={name}>{name}</a>
                <Copy text={url} label={`Copy the URL of ${name}`} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function Files({ name, ended }) {
  const { api } = useApp();
  const files = useLoad(async () => {
    const { assetContainerSasUrls } = await api.post(`assets/${name}/listContainerSas`, { permissions: 'Read', expiryTime: new Date(Date.now() + 3_600_000).toISOString() });
    const sas = assetContainerSasUrls[0];
    return (await listBlobs(sas)).map((blob) => ({ ...blob, url: blobUrl(sas, blob.name) }));
  }, [name, ended]);
  const total = files.value?.reduce((sum, { size }) => sum + size, 0);
  return (
    <section class="card">
      <details>
        <summary><h2>Files</h2>{files.value && <span class="soft">{files.value.length} · {bytes(total)}</span>}</summary>
        {files.error && <Problem error={files.error} again={files.again} />}
        {files.value?.length === 0 && <p class="soft">The container is empty.</p>}
        <ul class="files">
          {files.value?.map(({ name: file, size, url }) => (
            <li key={file}><Icon name="file" /><a class="ellipsis" href={url} download={file}>{file}</a><span class="soft">{bytes(size)}</span></li>
          ))}
        </ul>
      </details>
    </section>
  );
}
