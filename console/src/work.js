// Transforms and jobs: what can be done with an asset, and its doing.

/** Built-in presets that a newcomer chooses from, best first, with one line of what each is for. */
export const PRESETS = [
  { name: 'AdaptiveStreaming', title: 'Adaptive streaming', hint: 'H.264 in several sizes up to the source’s own. Right for almost everything.' },
  { name: 'H265AdaptiveStreaming', title: 'Adaptive streaming, H.265', hint: 'Smaller files of the same quality; slower to encode, and not every browser plays it.' },
  { name: 'ContentAwareEncoding', title: 'Content-aware', hint: 'A ladder of sizes and rates chosen for this title.' },
  { name: 'H264MultipleBitrate1080p', title: 'Fixed ladder to 1080p', hint: 'Eight H.264 sizes, 400 to 6000 kbit/s, whatever the source is.' },
  { name: 'H264MultipleBitrate720p', title: 'Fixed ladder to 720p', hint: 'Six H.264 sizes, 400 to 3400 kbit/s.' },
  { name: 'H264MultipleBitrateSD', title: 'Fixed ladder, standard definition', hint: 'Five H.264 sizes, 400 to 1900 kbit/s.' },
  { name: 'H264SingleBitrate1080p', title: 'One 1080p file', hint: 'A single H.264 rendition at 6750 kbit/s.' },
  { name: 'H264SingleBitrate720p', title: 'One 720p file', hint: 'A single H.264 rendition at 4500 kbit/s.' },
  { name: 'H264SingleBitrateSD', title: 'One SD file', hint: 'A single H.264 rendition at 2200 kbit/s.' },
  { name: 'H265SingleBitrate1080p', title: 'One 1080p file, H.265', hint: 'A single H.265 rendition at 3500 kbit/s.' },
  { name: 'H265SingleBitrate720p', title: 'One 720p file, H.265', hint: 'A single H.265 rendition at 1800 kbit/s.' },
  { name: 'AACGoodQualityAudio', title: 'Sound only', hint: 'AAC stereo at 192 kbit/s, no picture.' },
  { name: 'CopyAllBitrateNonInterleaved', title: 'Copy', hint: 'Repackages H.264 and AAC as they are, without encoding.' },
];

const FINAL = new Set(['Finished', 'Error', 'Canceled']);
export const isFinal = (state) => FINAL.has(state);

const BUILT_IN = '#Microsoft.Media.BuiltInStandardEncoderPreset';

/** The transform of that name; a built-in preset's is made on first use, under the preset's name. */
export async function ensureTransform(api, name) {
  const found = await api.find(`transforms/${name}`);
  if (found) return found;
  if (!PRESETS.some((preset) => preset.name === name)) throw new Error(`There is no transform “${name}” any more. Choose another one.`);
  return api.put(`transforms/${name}`, { outputs: [{ preset: { '@odata.type': BUILT_IN, presetName: name } }] });
}

/** All transforms that exist, newest first. */
export async function transforms(api) {
  const found = await everything(api, 'transforms', { $orderby: 'properties/created desc' });
  return found;
}

/** One line that says what a transform does. */
export function describe(transform) {
  const outputs = transform.properties.outputs ?? [];
  const known = outputs.map(({ preset }) => PRESETS.find((entry) => entry.name === preset?.presetName)?.hint).find(Boolean);
  return transform.properties.description || known || `${outputs.length} output${outputs.length === 1 ? '' : 's'} of its own settings.`;
}

/** Makes (or finds) the assets that a job on `asset` writes to: one for each output of the transform. */
export async function outputAssets(api, asset, transform, description) {
  const names = (transform.properties.outputs ?? []).map((_, index) => (index === 0 ? `${asset}-out` : `${asset}-out-${index + 1}`));
  for (const name of names) {
    if (!(await api.find(`assets/${name}`))) await api.put(`assets/${name}`, { description });
  }
  return names;
}

/** Submits a job; one of that name which exists already is the same one, submitted before a crash. */
export async function submit(api, { transform, name, input, outputs }) {
  const path = `transforms/${transform}/jobs/${name}`;
  const existing = await api.find(path);
  if (existing) return existing;
  return api.put(path, {
    input: { '@odata.type': '#Microsoft.Media.JobInputAsset', assetName: input },
    outputs: outputs.map((assetName) => ({ '@odata.type': '#Microsoft.Media.JobOutputAsset', assetName })),
  });
}

/** The newest jobs of every transform, newest first. The API lists jobs by transform only. */
export async function jobs(api, filter) {
  const all = await transforms(api);
  const lists = await Promise.all(
    all.map(({ name }) => api.page(`transforms/${name}/jobs`, { $filter: filter, $orderby: 'properties/created desc' })),
  );
  const found = lists.flatMap((list, index) => list.items.map((job) => ({ ...job, transform: all[index].name })));
  return found.sort((a, b) => Date.parse(b.properties.created) - Date.parse(a.properties.created));
}

/** Jobs that are not at their end. */
export function unfinished(api) {
  const states = ['Queued', 'Scheduled', 'Processing', 'Canceling'];
  return jobs(api, states.map((state) => `properties/state eq '${state}'`).join(' or '));
}

/** The sentence of a failed output: the finest one that the service gives. */
export function reason(output) {
  const { error } = output;
  if (!error) return null;
  return error.details?.[0]?.message && error.details[0].message !== error.message ? `${error.message} ${error.details[0].message}` : error.message;
}

/** Why the newest job that writes to an asset failed, if it did; null otherwise. */
export async function failureOf(api, asset) {
  const failed = await jobs(api, "properties/state eq 'Error'");
  const outputs = failed.flatMap((job) => job.properties.outputs);
  return reason(outputs.find((output) => output.error && output.assetName.toLowerCase() === asset.toLowerCase()) ?? {});
}

/** Progress of a whole job, 0-100. */
export function progress(job) {
  const outputs = job.properties.outputs ?? [];
  return outputs.length ? Math.round(outputs.reduce((sum, output) => sum + (output.progress ?? 0), 0) / outputs.length) : 0;
}

/** Pages of a list to its end; accounts have few transforms, and a bound keeps a broken link from looping. */
async function everything(api, path, parameters) {
  const items = [];
  let next;
  for (let pages = 0; pages < 20; pages += 1) {
    const page = await api.page(path, parameters, next);
    items.push(...page.items);
    next = page.next;
    if (!next) break;
  }
  return items;
}
