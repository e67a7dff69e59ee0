// The player: one video element, whichever protocol and library feed it, and what is on the screen in numbers.

import { useEffect, useRef, useState } from 'preact/hooks';
import { bitrate, lines } from '../format.js';
import { engineTitle, play, statistics } from '../player/index.js';
import { Problem, Segments } from '../ui/parts.jsx';

const LOOK_MS = 500;

export function Player({ streams, growing, title }) {
  const shown = streams.filter((stream) => !stream.minor);
  const [chosen, setChosen] = useState(shown[0].id);
  const [engine, setEngine] = useState(null);
  const [error, setError] = useState(null);
  const [session, setSession] = useState(null);
  const [numbers, setNumbers] = useState(null);
  const [round, setRound] = useState(0);
  const video = useRef(null);
  const place = useRef({ time: 0, playing: false });
  const stream = shown.find((one) => one.id === chosen) ?? shown[0];
  const name = stream.engines.includes(engine) ? engine : stream.engines[0];

  useEffect(() => {
    const element = video.current;
    let live = true;
    let own;
    setError(null);
    setSession(null);
    setNumbers(null);
    const fail = (why) => live && setError(new Error(why));
    // Changing the protocol goes on at the same place. A title that still grows is a recording to start at its beginning, not a
    // broadcast to join at its edge.
    const { time, playing } = place.current;
    const startAt = time > 0.5 ? time : growing ? 0 : undefined;
    play(name, element, stream.url, { startAt, type: stream.type, onError: fail }).then(
      (started) => {
        own = started;
        if (!live) return started.stop();
        setSession(Object.assign(started, { stream: stream.id }));
        if (playing) element.play().catch(() => {});
        return undefined;
      },
      (failure) => fail(failure.message),
    );
    return () => {
      live = false;
      place.current = { time: element.ended ? 0 : element.currentTime, playing: !element.paused && !element.ended };
      own?.stop();
    };
  }, [stream.url, name, round]);

  useEffect(() => {
    const timer = setInterval(() => setNumbers(statistics(video.current, session)), LOOK_MS);
    return () => clearInterval(timer);
  }, [session]);

  return (
    <section class="player" aria-label="Player" data-stream={session?.stream} data-engine={name}>
      <div class="stage">
        <video ref={video} controls playsInline preload="auto" aria-label={title} />
      </div>
      <div class="line wrap">
        <Segments label="Protocol" name="protocol" options={shown} value={stream.id} onChange={setChosen} />
        {stream.engines.length > 1 && (
          <label class="pair"><span>Player</span>
            <select value={name} onChange={(event) => setEngine(event.target.value)}>
              {stream.engines.map((one) => <option key={one} value={one}>{engineTitle(one)}</option>)}
            </select>
          </label>
        )}
        <Quality session={session} numbers={numbers} />
      </div>
      <Problem error={error} again={() => setRound(round + 1)} />
      <Numbers numbers={numbers} />
    </section>
  );
}

function Quality({ session, numbers }) {
  const levels = session?.levels() ?? [];
  const now = numbers?.level;
  const change = (event) => session.select(event.target.value === 'auto' ? null : levels[Number(event.target.value)].id);
  const value = !numbers || numbers.auto ? 'auto' : String(levels.findIndex((level) => level.id === now?.id));
  return (
    <label class="pair"><span>Quality</span>
      <select value={value} onChange={change} disabled={levels.length === 0}>
        <option value="auto">Automatic</option>
        {levels.map((level, index) => <option key={level.id} value={index}>{lines(level.width, level.height)} · {bitrate(level.bitrate)}</option>)}
      </select>
    </label>
  );
}

/** What is playing, always the same boxes, so that nothing moves when numbers come. */
function Numbers({ numbers }) {
  const level = numbers?.level;
  const size = numbers?.width ? `${numbers.width}×${numbers.height}` : '–';
  const dropped = numbers?.frames ? `${numbers.dropped} of ${numbers.frames}` : '–';
  const facts = [
    ['Picture', size, 'picture'],
    ['Bitrate', level ? bitrate(level.bitrate) : '–', 'bitrate'],
    ['Frames dropped', dropped, 'dropped'],
    ['Buffered ahead', numbers ? `${numbers.ahead.toFixed(1)} s` : '–', 'ahead'],
    ['Line', numbers?.bandwidth ? bitrate(numbers.bandwidth) : '–', 'line'],
  ];
  return (
    <dl class="numbers">
      {facts.map(([term, text, key]) => <div key={key}><dt>{term}</dt><dd data-fact={key}>{text}</dd></div>)}
    </dl>
  );
}
