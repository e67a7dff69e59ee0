// Choosing what to do with a title: a built-in preset, one of the account's own transforms, or settings typed as JSON.

import { useState } from 'preact/hooks';
import { useApp, useLoad } from '../context.js';
import { describe, PRESETS, transforms } from '../work.js';

/** Shown at once; the rest is behind "More". */
const FIRST = 1;

const CUSTOM = ' custom';
const AS_IT_IS = ' as it is';

const EXAMPLE = `[
  {
    "preset": {
      "@odata.type": "#Microsoft.Media.BuiltInStandardEncoderPreset",
      "presetName": "AdaptiveStreaming"
    }
  }
]`;

/** The state of a choice. `resolve()` gives the name of a transform that exists or is built in, null for "as it is". */
export function useChoice({ asItIs }) {
  const { api } = useApp();
  const [value, setValue] = useState(PRESETS[0].name);
  const [custom, setCustom] = useState({ name: '', json: EXAMPLE });
  const resolve = async () => {
    if (value === AS_IT_IS) return null;
    if (value !== CUSTOM) return value;
    return makeTransform(api, custom);
  };
  return { value, setValue, custom, setCustom, resolve, asItIs };
}

/** Makes a transform of JSON: the list of its outputs, one output, or one preset. */
export async function makeTransform(api, { name, json, description }) {
  if (!name.trim()) throw new Error('Give the transform a name.');
  const transform = await api.put(`transforms/${name.trim()}`, { outputs: outputsOf(json), ...(description ? { description } : {}) });
  return transform.name;
}

/** @throws a sentence that says where the JSON is wrong */
export function outputsOf(json) {
  let value;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new Error(`This is not JSON: ${error.message}.`);
  }
  const list = Array.isArray(value) ? value : value?.properties?.outputs ?? value?.outputs ?? [value];
  return list.map((one) => (one?.preset ? one : { preset: one }));
}

export function TransformChoice({ choice }) {
  const { api } = useApp();
  const { value: own = [] } = useLoad(() => transforms(api), []);
  const others = own.filter(({ name }) => !PRESETS.some((preset) => preset.name === name));
  const option = (id, title, hint) => <Option key={id} id={id} title={title} hint={hint} choice={choice} />;
  const preset = ({ name, title, hint }) => option(name, title, hint);
  return (
    <fieldset class="choice">
      <legend>What to do with it</legend>
      {PRESETS.slice(0, FIRST).map(preset)}
      {choice.asItIs && option(AS_IT_IS, 'As it is', 'No encoding. MP4 files with H.264 and AAC stream as they were uploaded.')}
      {others.map((transform) => option(transform.name, transform.name, describe(transform)))}
      <details>
        <summary>More</summary>
        {PRESETS.slice(FIRST).map(preset)}
        {option(CUSTOM, 'Own settings', 'A transform in the API’s JSON, kept under a name for the next time.')}
        {choice.value === CUSTOM && <CustomTransform value={choice.custom} onChange={choice.setCustom} />}
      </details>
    </fieldset>
  );
}

function Option({ id, title, hint, choice }) {
  return (
    <label class="option">
      <input type="radio" name="transform" value={id} checked={choice.value === id} onChange={() => choice.setValue(id)} />
      <span><b>{title}</b><small>{hint}</small></span>
    </label>
  );
}

export function CustomTransform({ value, onChange }) {
  return (
    <div class="custom">
      <label class="field"><span>Name</span><input value={value.name} maxLength={260} onInput={(event) => onChange({ ...value, name: event.target.value })} /></label>
      <label class="field"><span>Outputs</span><textarea rows={9} spellcheck={false} value={value.json} onInput={(event) => onChange({ ...value, json: event.target.value })} /></label>
    </div>
  );
}

export const CUSTOM_EXAMPLE = EXAMPLE;
