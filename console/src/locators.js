// Publication: locators of an asset, and the URLs they open.

/** What a locator may open, in the words of a person. */
export const POLICIES = [
  { name: 'Predefined_ClearStreamingOnly', title: 'Streaming', hint: 'HLS, DASH and Smooth' },
  { name: 'Predefined_DownloadAndClearStreaming', title: 'Streaming and downloads', hint: 'also the files themselves' },
  { name: 'Predefined_DownloadOnly', title: 'Downloads only', hint: 'the files, no streams' },
];

/** The API's "never ends". */
const NEVER = /^9999-/;

/** Makes a locator. Without a name it gets the asset's, and one that exists under it is taken as it is. */
export async function publish(api, asset, { name, policy, start, end }) {
  const path = `streamingLocators/${name ?? asset}`;
  if (!name) {
    const existing = await api.find(path);
    if (existing) return existing;
  }
  return api.put(path, {
    assetName: asset,
    streamingPolicyName: policy ?? 'Predefined_DownloadAndClearStreaming',
    ...(start ? { startTime: start } : {}),
    ...(end ? { endTime: end } : {}),
  });
}

/** The locators of an asset: [{name, id, policy, start, end, state}], state one of open, early, over at `now`. */
export async function locatorsOf(api, asset, now = Date.now()) {
  const answer = await api.post(`assets/${asset}/listStreamingLocators`);
  return (answer.streamingLocators ?? []).map((locator) => {
    const start = locator.startTime ? Date.parse(locator.startTime) : -Infinity;
    const end = !locator.endTime || NEVER.test(locator.endTime) ? Infinity : Date.parse(locator.endTime);
    const state = now < start ? 'early' : now >= end ? 'over' : 'open';
    return { name: locator.name, id: locator.streamingLocatorId, policy: locator.streamingPolicyName, start, end, state };
  });
}

const HLS = 'application/x-mpegurl';
const DASH = 'application/dash+xml';

/** What each URL of a locator is, in the order in which they are shown. `engines`: which players can play it, first choice first. */
const FORMS = [
  { id: 'hls-cmaf', title: 'HLS', detail: 'CMAF', match: /format=m3u8-cmaf/, type: HLS, engines: ['shaka', 'hls'] },
  { id: 'hls-ts', title: 'HLS', detail: 'TS', match: /format=m3u8-aapl/, type: HLS, engines: ['hls'] },
  { id: 'dash', title: 'DASH', detail: 'CMAF', match: /format=mpd-time-cmaf/, type: DASH, engines: ['shaka', 'dash'] },
  { id: 'dash-csf', title: 'DASH', detail: 'CSF', match: /format=mpd-time-csf/, type: DASH, engines: ['dash', 'shaka'], minor: true },
  { id: 'smooth', title: 'Smooth', detail: '', match: /\/manifest$/, engines: ['smooth'] },
];

/** The streams and downloads of a locator, as absolute URLs: {streams: [{id, title, detail, url, type, engines}], downloads: [{name, url}]}. */
export async function urlsOf(api, locator) {
  const answer = await api.post(`streamingLocators/${locator}/listPaths`);
  const paths = (answer.streamingPaths ?? []).flatMap((protocol) => protocol.paths ?? []);
  const absolute = (path) => new URL(path, location.origin).href;
  const streams = FORMS.flatMap((form) => {
    const path = paths.find((candidate) => form.match.test(candidate));
    return path ? [{ ...form, url: absolute(path) }] : [];
  });
  const downloads = (answer.downloadPaths ?? []).map((path) => ({ name: decodeURIComponent(path.split('/').pop()), url: absolute(path) }));
  return { streams, downloads };
}
