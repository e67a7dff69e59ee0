// Transforms: what the account can do to a title.

import { useState } from 'preact/hooks';
import { useApp, useLoad, useTitle } from '../context.js';
import { Icon } from '../ui/icons.jsx';
import { Confirm, Dialog, Empty, Problem } from '../ui/parts.jsx';
import { describe, transforms } from '../work.js';
import { CUSTOM_EXAMPLE, CustomTransform, makeTransform } from './choice.jsx';

export function Transforms() {
  const { api } = useApp();
  const heading = useTitle('Transforms');
  const [making, setMaking] = useState(null);
  const { value, error, again } = useLoad(() => transforms(api), []);
  return (
    <>
      <div class="head">
        <h1 ref={heading} tabIndex={-1}>Transforms</h1>
        <button class="button" onClick={() => setMaking({ name: '', json: CUSTOM_EXAMPLE })}><Icon name="plus" /><span>New transform</span></button>
      </div>
      <Problem error={error} again={again} />
      {value?.length === 0 && <Empty icon="recipe" title="No transforms yet"><p>Built-in presets become transforms when they are first used. Settings of your own are made here.</p></Empty>}
      <ul class="rows">{value?.map((transform) => <Transform key={transform.name} transform={transform} again={again} edit={setMaking} />)}</ul>
      {making && <Make value={making} onClose={() => setMaking(null)} again={again} />}
    </>
  );
}

function Transform({ transform, again, edit }) {
  const { api } = useApp();
  const [asking, setAsking] = useState(false);
  const { outputs, description } = transform.properties;
  const json = JSON.stringify(outputs, null, 2);
  return (
    <li class="card">
      <div class="line">
        <b class="ellipsis">{transform.name}</b>
        <span class="acts">
          <button class="button small" onClick={() => edit({ name: transform.name, json, description, exists: true })}>Edit</button>
          <button class="button quiet small" aria-label={`Delete the transform ${transform.name}`} title="Delete the transform" onClick={() => setAsking(true)}><Icon name="bin" /></button>
        </span>
      </div>
      <p class="soft">{describe(transform)}</p>
      <details><summary>Settings</summary><pre tabIndex={0}>{json}</pre></details>
      {asking && (
        <Confirm title={`Delete “${transform.name}”?`} verb="Delete" act={async () => { await api.delete(`transforms/${transform.name}`); again(); }} onClose={() => setAsking(false)}>
          <p>Its jobs are deleted from the list with it; the assets they made stay.</p>
        </Confirm>
      )}
    </li>
  );
}

function Make({ value: first, onClose, again }) {
  const { api } = useApp();
  const [value, setValue] = useState(first);
  const [error, setError] = useState(null);
  const go = async (event) => {
    event.preventDefault();
    try {
      await makeTransform(api, value);
      again();
      onClose();
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <Dialog title={first.exists ? 'Edit the transform' : 'New transform'} onClose={onClose} wide>
      <form onSubmit={go}>
        <div class="body">
          <CustomTransform value={value} onChange={setValue} />
          <Problem error={error} />
        </div>
        <footer>
          <button type="button" class="button" onClick={onClose}>Cancel</button>
          <button class="button primary">Save</button>
        </footer>
      </form>
    </Dialog>
  );
}
