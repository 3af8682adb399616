/** The microphone page: a caller of the gateway's binary dialect (docs/gateway-protocol.md). */
import { Resampler, toPcm16 } from "./resampler.js";

const OUT_HZ = 16000;
const CHUNK_SAMPLES = 1600;
const BYTES_PER_MS = (OUT_HZ * 2) / 1000;
/** Frames that may wait in the browser before a file is held back. */
const BUFFERED_BYTES = 65536;

const byId = (id) => document.getElementById(id);
const ui = Object.fromEntries(
  "toggle state state-text level meter delay length problem transcript placeholder finals interim device language key file session"
    .split(" ")
    .map((id) => [id, byId(id)]),
);

/** Problems in words, by the gateway's error code. */
const WORDS = {
  no_upstream: "No speech recogniser can be reached right now. Try again in a few seconds.",
  upstream_failed:
    "The speech recogniser failed in the middle. What was said since the last finished sentence is lost.",
  upstream_timeout: "The speech recogniser did not answer in time.",
  unauthenticated: "The gateway needs an API key: see Settings.",
  origin_forbidden: "This page may not use the gateway.",
  idle: "Nothing was said for a while, so the session ended.",
  session_too_long: "The session reached its longest time. Press Start to go on.",
  too_much: "Too much is going on at the gateway. Try again later.",
  going_away: "The gateway is being restarted. Press Start to connect again.",
  slow_reader: "This browser did not keep up with the results.",
};

/** What is going on: undefined when nothing is. */
let running;

function show(state, text) {
  ui.state.dataset.state = state;
  ui["state-text"].textContent = text;
}

function problem(text) {
  ui.problem.textContent = text;
  ui.problem.hidden = text === "";
}

function showLevel(db) {
  ui.level.style.width = `${Math.max(0, Math.min(100, ((db + 60) / 60) * 100))}%`;
  ui.meter.setAttribute("aria-valuenow", String(Math.round(db)));
}

async function protocols() {
  if (ui.key.value === "") return [];
  const response = await fetch("/v1/realtime/transcription_sessions", {
    method: "POST",
    headers: { "x-api-key": ui.key.value },
  });
  if (response.status === 401) throw new Error("The gateway does not know this API key.");
  if (!response.ok) throw new Error(`The gateway refused the session (HTTP ${response.status}).`);
  const { client_secret: secret } = await response.json();
  return secret === null ? [] : ["realtime", `realtime-token.${secret.value}`];
}

/** Opens a session; resolves when the recogniser is ready. */
async function connect(session) {
  show("connecting", "Connecting…");
  const offered = await protocols();
  const { promise, resolve, reject } = withResolvers();
  const socket = new WebSocket(
    `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/v1/stream`,
    offered,
  );
  socket.binaryType = "arraybuffer";
  session.socket = socket;
  socket.onopen = () =>
    socket.send(
      JSON.stringify({
        type: "start",
        sample_rate_hz: OUT_HZ,
        language: ui.language.value || "en-US",
        interim: true,
      }),
    );
  socket.onmessage = ({ data }) => {
    const event = JSON.parse(data);
    if (event.mock === true) ui.transcript.classList.add("mock");
    if (event.type === "ready") {
      ui.session.textContent = `Session ${event.session_id} on ${event.upstream}${event.mock === true ? " (MOCK: these words are made up)" : ""}`;
      resolve();
    } else onResult(session, event);
  };
  socket.onclose = ({ code }) => {
    session.closed = true;
    reject(new Error("closed"));
    if (running === session) void whyClosed(session, code).then(finish);
  };
  await promise;
}

function onResult(session, event) {
  if (event.type === "error") {
    session.failed = WORDS[event.code] ?? event.message;
    return;
  }
  if (event.type !== "interim" && event.type !== "final") return;
  if (event.audio_processed_ms !== undefined && session.startedMs !== undefined) {
    const delayMs = performance.now() - session.startedMs - event.audio_processed_ms;
    ui.delay.textContent = `${Math.round(delayMs)} ms`;
  }
  if (event.type === "final") {
    ui.finals.textContent += event.text;
    ui.interim.textContent = "";
  } else if (event.text !== "") ui.interim.textContent = event.text;
  ui.placeholder.hidden = ui.finals.textContent !== "" || ui.interim.textContent !== "";
  ui.transcript.scrollTop = ui.transcript.scrollHeight;
}

/** In words; "" when it ended well. A refused connection tells a page nothing, so then the gateway is asked how it is. */
async function whyClosed(session, code) {
  if (session.failed !== undefined) return session.failed;
  if (code === 1000) return "";
  if (code !== 1006) return `The gateway ended the session (${code}).`;
  const health = await fetch("/health/ready").then(
    (response) => response.json(),
    () => undefined,
  );
  if (health === undefined) return "The gateway can't be reached.";
  if (health.status === "draining") return WORDS.going_away;
  if (!health.ready) return WORDS.no_upstream;
  return "The connection was refused or lost: the gateway may be full, or need an API key (see Settings).";
}

function begin() {
  problem("");
  ui.finals.textContent = ui.interim.textContent = ui.session.textContent = "";
  ui.placeholder.hidden = false;
  ui.transcript.classList.remove("mock");
  ui.delay.textContent = "–";
  ui.length.textContent = "0.0 s";
  ui.toggle.textContent = "Stop";
  ui.toggle.setAttribute("aria-pressed", "true");
  running = { sentBytes: 0 };
  return running;
}

function send(session, pcm) {
  if (session.socket.readyState !== WebSocket.OPEN || session.stopping) return;
  session.startedMs ??= performance.now() - pcm.byteLength / BYTES_PER_MS;
  session.socket.send(pcm);
  session.sentBytes += pcm.byteLength;
  ui.length.textContent = `${(session.sentBytes / BYTES_PER_MS / 1000).toFixed(1)} s`;
}

async function startMicrophone() {
  const session = begin();
  try {
    const deviceId = ui.device.value === "" ? undefined : { exact: ui.device.value };
    session.stream = await navigator.mediaDevices.getUserMedia({
      audio: {
        deviceId,
        channelCount: 1,
        echoCancellation: true,
        noiseSuppression: false,
        autoGainControl: true,
      },
    });
    void listDevices();
    await connect(session);
    session.context = new AudioContext();
    await session.context.audioWorklet.addModule("/recorder-worklet.js");
    const recorder = new AudioWorkletNode(session.context, "recorder", { numberOfOutputs: 0 });
    recorder.port.onmessage = ({ data }) => {
      showLevel(data.levelDb);
      send(session, data.pcm);
    };
    session.context.createMediaStreamSource(session.stream).connect(recorder);
    show("live", "Listening");
  } catch (error) {
    // A session that was closed says why by itself.
    if (running === session && !session.closed) finish(microphoneProblem(error));
  }
}

function microphoneProblem(error) {
  if (error.name === "NotAllowedError")
    return "The browser did not allow the microphone. Allow it for this page and try again.";
  if (error.name === "NotFoundError") return "No microphone was found. Connect one, or drop a WAV file.";
  if (error.name === "NotReadableError") return "The microphone is in use by another program.";
  if (navigator.mediaDevices === undefined) return "A microphone needs a page over https (or on localhost).";
  return error.message || "The session could not be started.";
}

/** Streams a file at the pace of speech, as it would come from a microphone. */
async function startFile(file) {
  const session = begin();
  try {
    const decoded = await new OfflineAudioContext(1, 1, OUT_HZ * 3).decodeAudioData(await file.arrayBuffer());
    const resampler = new Resampler(decoded.sampleRate, OUT_HZ);
    const mono = resampler.process(mixDown(decoded));
    const pcm = toPcm16(mono);
    await connect(session);
    show("live", `Playing ${file.name}`);
    for (let at = 0; at < pcm.length && !session.closed && !session.stopping; at += CHUNK_SAMPLES) {
      const chunk = pcm.slice(at, at + CHUNK_SAMPLES);
      session.startedMs ??= performance.now();
      const dueMs = session.startedMs + ((at + chunk.length) / OUT_HZ) * 1000;
      while (performance.now() < dueMs || session.socket.bufferedAmount > BUFFERED_BYTES)
        await new Promise((done) => setTimeout(done, Math.max(1, dueMs - performance.now())));
      showLevel(levelOf(chunk));
      send(session, chunk.buffer);
    }
    stop(session);
  } catch (error) {
    if (running === session && !session.closed)
      finish(
        error.name === "EncodingError"
          ? `${file.name} is not an audio file that this browser can read.`
          : error.message,
      );
  }
}

function mixDown(decoded) {
  const mono = new Float32Array(decoded.length);
  for (let channel = 0; channel < decoded.numberOfChannels; channel++) {
    const samples = decoded.getChannelData(channel);
    for (let i = 0; i < mono.length; i++) mono[i] += samples[i] / decoded.numberOfChannels;
  }
  return mono;
}

function levelOf(pcm) {
  const rms =
    Math.sqrt(pcm.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, pcm.length)) / 32768;
  return 20 * Math.log10(Math.max(rms, 1e-3));
}

/** No more audio; the rest of the text still comes. */
function stop(session) {
  if (session.stopping) return;
  session.stopping = true;
  release(session);
  if (session.socket?.readyState === WebSocket.OPEN) {
    show("finishing", "Finishing…");
    session.socket.send(JSON.stringify({ type: "finish" }));
  } else {
    session.socket?.close();
    finish();
  }
}

function release(session) {
  for (const track of session.stream?.getTracks() ?? []) track.stop();
  void session.context?.close();
  session.stream = session.context = undefined;
  showLevel(-60);
}

function finish(why = "") {
  if (running !== undefined) {
    release(running);
    running.socket?.close();
  }
  running = undefined;
  ui.toggle.textContent = "Start";
  ui.toggle.setAttribute("aria-pressed", "false");
  problem(why);
  show(why === "" ? "idle" : "failed", why === "" ? "Done" : "Failed");
}

async function listDevices() {
  const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  const chosen = ui.device.value;
  const inputs = devices.filter(
    ({ kind, deviceId }) => kind === "audioinput" && deviceId !== "" && deviceId !== "default",
  );
  ui.device.replaceChildren(
    new Option("Default", ""),
    ...inputs.map(({ label, deviceId }, i) => new Option(label || `Microphone ${i + 1}`, deviceId)),
  );
  ui.device.value = chosen;
}

function withResolvers() {
  const deferred = {};
  deferred.promise = new Promise((resolve, reject) => Object.assign(deferred, { resolve, reject }));
  return deferred;
}

ui.toggle.addEventListener("click", () => {
  if (running === undefined) void startMicrophone();
  else stop(running);
});
ui.file.addEventListener("change", () => {
  const [file] = ui.file.files;
  // So that the same file can be chosen again.
  ui.file.value = "";
  if (file !== undefined && running === undefined) void startFile(file);
});
// Anywhere on the page: a browser leaves the page for a file that is dropped beside the place that takes it.
for (const type of ["dragover", "dragleave", "drop"]) {
  addEventListener(type, (event) => {
    event.preventDefault();
    ui.transcript.classList.toggle("over", type === "dragover");
    const file = type === "drop" ? event.dataTransfer.files[0] : undefined;
    if (file === undefined) return;
    if (running === undefined) void startFile(file);
    else problem("Press Stop first, then drop the file again.");
  });
}
void listDevices();
