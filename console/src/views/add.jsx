// Adding titles: files dropped anywhere or chosen, and what is to become of them.

import { useEffect, useRef, useState } from 'preact/hooks';
import { useApp } from '../context.js';
import { bytes, plural } from '../format.js';
import { Icon } from '../ui/icons.jsx';
import { Dialog, Problem } from '../ui/parts.jsx';
import { TransformChoice, useChoice } from './choice.jsx';

/** Files of a drop, with the handles that let an upload go on after a reload, where the browser gives them. */
async function dropped(transfer) {
  const items = [...transfer.items].filter((item) => item.kind === 'file');
  // Both must be asked for before the event ends; handles come later.
  const pairs = items.map((item) => ({ file: item.getAsFile(), handle: item.getAsFileSystemHandle?.().catch(() => undefined) }));
  const found = await Promise.all(pairs.map(async ({ file, handle }) => ({ file, handle: await handle })));
  return found.filter(({ file, handle }) => file && handle?.kind !== 'directory');
}

/** Lets files be dropped on the whole window. */
export function DropZone({ onFiles }) {
  const [over, setOver] = useState(false);
  useEffect(() => {
    let depth = 0;
    const files = (event) => event.dataTransfer?.types.includes('Files');
    const enter = (event) => files(event) && (event.preventDefault(), setOver((depth += 1) > 0));
    const leave = (event) => files(event) && setOver((depth = Math.max(0, depth - 1)) > 0);
    const hover = (event) => files(event) && event.preventDefault();
    const drop = async (event) => {
      if (!files(event)) return;
      event.preventDefault();
      depth = 0;
      setOver(false);
      const list = await dropped(event.dataTransfer);
      if (list.length) onFiles(list);
    };
    const all = { dragenter: enter, dragleave: leave, dragover: hover, drop };
    for (const [name, listener] of Object.entries(all)) addEventListener(name, listener);
    return () => {
      for (const [name, listener] of Object.entries(all)) removeEventListener(name, listener);
    };
  }, []);
  return over ? <div class="drop" aria-hidden="true"><div><Icon name="upload" /><b>Drop to upload</b></div></div> : null;
}

export function AddFiles({ files: first, onClose }) {
  const { uploads, say } = useApp();
  const [files, setFiles] = useState(first);
  const [publish, setPublish] = useState(true);
  const choice = useChoice({ asItIs: true });
  const [error, setError] = useState(null);
  const input = useRef(null);
  const choose = (event) => {
    const list = [...event.target.files].map((file) => ({ file }));
    event.target.value = '';
    setFiles((before) => [...before, ...list]);
  };
  const start = async (event) => {
    event.preventDefault();
    try {
      uploads.add(files, { transform: await choice.resolve(), publish });
      say(`${plural(files.length, 'upload')} started.`);
      onClose();
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <Dialog title="Upload" onClose={onClose} wide>
      <form onSubmit={start}>
        <div class="body">
          <input ref={input} id="files" class="unseen" type="file" multiple accept="video/*,audio/*,.mkv,.mxf,.ts,.m2ts,.mov" onChange={choose} />
          <label for="files" class="pick" tabIndex={0} onKeyDown={(event) => ['Enter', ' '].includes(event.key) && (event.preventDefault(), input.current.click())}>
            <Icon name="upload" />
            <span><b>{files.length ? 'Add more files' : 'Choose files'}</b> or drop them anywhere on the page</span>
          </label>
          {files.length > 0 && (
            <ul class="files">
              {files.map(({ file }, index) => (
                <li key={index}>
                  <Icon name="file" /><span class="ellipsis">{file.name}</span><span class="soft">{bytes(file.size)}</span>
                  <button type="button" class="button quiet small" aria-label={`Leave out ${file.name}`} onClick={() => setFiles(files.filter((_, other) => other !== index))}><Icon name="close" /></button>
                </li>
              ))}
            </ul>
          )}
          <TransformChoice choice={choice} />
          <label class="check"><input type="checkbox" checked={publish} onChange={(event) => setPublish(event.target.checked)} /><span>Publish: make the URLs at once; a title plays while it is still being encoded</span></label>
          <Problem error={error} />
        </div>
        <footer>
          <button type="button" class="button" onClick={onClose}>Cancel</button>
          <button class="button primary" disabled={files.length === 0}>{files.length > 1 ? `Upload ${files.length} files` : 'Upload'}</button>
        </footer>
      </form>
    </Dialog>
  );
}
